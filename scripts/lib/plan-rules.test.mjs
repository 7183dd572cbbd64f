import assert from "node:assert/strict";
import { test } from "node:test";
import { breaches } from "./plan-rules.mjs";

const resource = (type, after, more = {}) => ({
  address: `${type}.x`,
  type,
  mode: "managed",
  provider_name: "registry.terraform.io/hashicorp/aws",
  change: { after, after_unknown: {} },
  ...more,
});
const check = (...changes) => breaches({ resource_changes: changes });
const tags = { "dataloaf:stack": "loaf" };

test("a plan within the rules has no breaches", () => {
  assert.deepEqual(
    check(
      resource("aws_sqs_queue", { name: "loaf", tags }),
      resource("aws_iam_role_policy", { name: "work" }),
      resource("aws_launch_template", { tags: null }),
      resource("aws_autoscaling_group", { tag: [{ key: "dataloaf:stack", value: "loaf" }] }),
      resource("aws_secretsmanager_secret_version", {
        secret_string: null,
        secret_string_wo: null,
        secret_string_wo_version: 1,
      }),
      resource("aws_redshiftserverless_workgroup", { publicly_accessible: false, tags }),
      resource("aws_redshift_cluster", { manage_master_password: true, master_password: null, tags }),
      resource("aws_vpc_security_group_ingress_rule", { cidr_ipv4: "203.0.113.0/24", cidr_ipv6: null, tags }),
      resource("aws_vpc_security_group_egress_rule", { cidr_ipv4: "0.0.0.0/0", tags }),
      resource("aws_security_group", { tags }),
      resource("aws_sqs_queue", null),
      resource("aws_region", { name: "eu-central-1" }, { mode: "data", provider_name: "another" }),
    ),
    [],
  );
});

for (const [name, change, breach] of [
  ["a missing tag", resource("aws_sqs_queue", { tags: { team: "product" } }), /lacks the tag dataloaf:stack/],
  ["no tags at all", resource("aws_sqs_queue", { tags: null }), /lacks the tag/],
  ["tags that are not known", resource("aws_sqs_queue", {}, { change: { after: {}, after_unknown: { tags: true } } }), /lacks the tag/],
  ["a group without the tag", resource("aws_autoscaling_group", { tag: [{ key: "Name", value: "loaf" }] }), /lacks the tag/],
  [
    "another provider",
    resource("random_password", {}, { provider_name: "registry.terraform.io/hashicorp/random" }),
    /is of the provider .*random/,
  ],
  ["a secret's content", resource("aws_secretsmanager_secret_version", { secret_string: "{}" }), /secret_string is in the plan/],
  ["a password deep inside", resource("aws_x", { a: [{ password: "pw" }] }), /a\.0\.password is in the plan/],
  ["an admin's password", resource("aws_redshift_cluster", { master_password: "pw", tags }), /master_password is in the plan/],
  ["a public warehouse", resource("aws_redshift_cluster", { publicly_accessible: true, tags }), /is public/],
  [
    "everybody let in",
    resource("aws_vpc_security_group_ingress_rule", { cidr_ipv4: "0.0.0.0/0", tags }),
    /lets everybody in \(0\.0\.0\.0\/0\)/,
  ],
  ["everybody let in by IPv6", resource("aws_vpc_security_group_ingress_rule", { cidr_ipv6: "::/0", tags }), /lets everybody in \(::\/0\)/],
  ["rules inside of a group", resource("aws_security_group", { ingress: [{}], tags }), /has ingress rules of its own/],
  ["a user", resource("aws_iam_user", { tags }), /is of a kind that no stack has/],
]) {
  test(`a breach: ${name}`, () => {
    const found = check(change);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0], breach);
  });
}
