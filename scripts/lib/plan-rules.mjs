// Says what in a plan breaks a rule of all stacks, for what `terraform test` cannot see:
// whatever resources there are, in whatever modules.
//
//   terraform show -json PLAN | node scripts/lib/plan-rules.mjs
//
// Prints a line for each breach, and fails if there is one.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const PROVIDER = "registry.terraform.io/hashicorp/aws";
const TAG = "dataloaf:stack";

// What takes tags and carries the stack's in another way.
const TAGGED_OTHERWISE = {
  aws_launch_template: "aws_ec2_tag gives them, see modules/insights",
};

// Members whose value is secret, and must be neither in the plan nor in the state. The
// values of API keys are: API Gateway makes them, and there is no other way.
const SECRET = /^(secret_string|secret_binary|password|.*_password|.*_password_wo|secret_string_wo|private_key|session_key)$/;

/**
 * @param {object} plan what `terraform show -json` prints of a plan
 * @returns {string[]} a line for each breach
 */
export function breaches(plan) {
  const found = [];
  for (const { address, type, mode, provider_name: provider, change } of plan.resource_changes ?? []) {
    const { after, after_unknown: unknown = {} } = change;
    if (mode !== "managed" || !after) continue;
    const say = (what) => found.push(`${address}: ${what}`);

    if (provider !== PROVIDER) say(`is of the provider ${provider}; there is only ${PROVIDER}`);

    const taggable = "tags" in after || "tags" in unknown || "tag" in after;
    // An auto-scaling group has blocks.
    const tags = after.tags ?? Object.fromEntries((after.tag ?? []).map(({ key, value }) => [key, value]));
    if (taggable && !TAGGED_OTHERWISE[type] && !tags[TAG]) say(`lacks the tag ${TAG}`);

    for (const [path, value] of members(after)) {
      const name = path.at(-1);
      if (SECRET.test(name) && typeof value === "string" && value !== "") say(`${path.join(".")} is in the plan`);
      if (name === "publicly_accessible" && value === true) say("is public");
    }

    // Ingress stands in rules of its own; the door's are the only ones with ranges that a
    // caller gives, and their tests say what these may be.
    if (type === "aws_vpc_security_group_ingress_rule") {
      for (const range of [after.cidr_ipv4, after.cidr_ipv6]) {
        if (/^(0\.0\.0\.0|::)\/0$/.test(range ?? "")) say(`lets everybody in (${range})`);
      }
    }
    if (type === "aws_security_group" && after.ingress?.length > 0) say("has ingress rules of its own: make them resources");
    if (/^aws_(security_group_rule|iam_(user|access_key|policy_attachment))$/.test(type)) say("is of a kind that no stack has");
  }
  return found;
}

// Every member of a value, however deep, with the way to it.
function* members(value, path = []) {
  if (value === null || typeof value !== "object") return;
  for (const [name, member] of Object.entries(value)) {
    yield [[...path, name], member];
    yield* members(member, [...path, name]);
  }
}

function main() {
  const found = breaches(JSON.parse(readFileSync(0, "utf8")));
  for (const line of found) console.log(line);
  process.exitCode = found.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) main();
