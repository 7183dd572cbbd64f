// What moto does otherwise than AWS, where a plan right after an apply would see it:
// of every fault, the calls it is in and what sets them right. A stack has no such
// differences in AWS, and the modules are not bent for an emulator.

import { ACCOUNT } from "./answers.mjs";

const text = (body) => body.toString("utf8");

/** The mends of one emulator, and what they remember of it. */
export class Mends {
  #descriptions = new Map();
  #secrets = new Map();

  /**
   * What has to change in a call.
   *
   * @param {ReturnType<typeof import("./calls.mjs").identify>} call
   * @returns {{request?: (body: Buffer, ask: Function) => Promise<Buffer>,
   *   answer?: (body: string, ask: Function) => Promise<string> | string} | undefined}
   *   `request` gives the body to send instead, `answer` that of an answer; `ask` makes
   *   another call with the same headers, except those that are given
   */
  of(call) {
    switch (call.service) {
      case "apigateway":
        return call.method === "POST" && /^\/restapis\/?$/.test(call.path) ? this.#newApi() : undefined;
      case "sqs":
        return this.#queue(call);
      case "ec2":
        return this.#ec2(call);
      case "redshift":
        return this.#cluster(call);
      default:
        return undefined;
    }
  }

  // CreateRestApi takes binaryMediaTypes and forgets them; an update does not.
  #newApi() {
    let wanted = [];
    return {
      request: async (body) => {
        wanted = JSON.parse(text(body)).binaryMediaTypes ?? [];
        return body;
      },
      answer: async (body, ask) => {
        const api = JSON.parse(body);
        const patchOperations = wanted.map((type) => ({
          op: "add",
          path: `/binaryMediaTypes/${type.replaceAll("/", "~1")}`,
          value: type,
        }));
        if (wanted.length > 0) {
          await ask("PATCH", `/restapis/${api.id}`, Buffer.from(JSON.stringify({ patchOperations })));
        }
        return JSON.stringify({ ...api, binaryMediaTypes: wanted });
      },
    };
  }

  #queue(call) {
    switch (call.action) {
      // Policies are JSON in JSON. AWS gives back what it got, moto writes it anew.
      case "GetQueueAttributes":
        return {
          answer: (body) => {
            const answer = JSON.parse(body);
            for (const name of ["Policy", "RedrivePolicy", "RedriveAllowPolicy"]) {
              const policy = answer.Attributes?.[name];
              if (policy) answer.Attributes[name] = JSON.stringify(JSON.parse(policy));
            }
            return JSON.stringify(answer);
          },
        };
      // To set any attribute without the policy deletes the policy.
      case "SetQueueAttributes":
        if (call.json.Attributes?.Policy !== undefined) return undefined;
        return {
          request: async (body, ask) => {
            const { QueueUrl } = call.json;
            const question = Buffer.from(JSON.stringify({ QueueUrl, AttributeNames: ["Policy"] }));
            const answer = await ask("POST", call.path, question, { "x-amz-target": "AmazonSQS.GetQueueAttributes" });
            const policy = JSON.parse(text(answer.body)).Attributes?.Policy;
            if (!policy) return body;
            return Buffer.from(JSON.stringify({ ...call.json, Attributes: { ...call.json.Attributes, Policy: policy } }));
          },
        };
      default:
        return undefined;
    }
  }

  // Of a cluster much is missing that the provider waits for or compares.
  #cluster(call) {
    if (call.action === "CreateCluster" && call.form.get("ManageMasterPassword") === "true") {
      const name = call.form.get("ClusterIdentifier");
      this.#secrets.set(
        name,
        `arn:aws:secretsmanager:${call.region}:${ACCOUNT}:secret:redshift!${name}-${call.form.get("MasterUsername")}-AbCdEf`,
      );
    }
    if (call.action !== "DescribeClusters") return undefined;
    const missing = [
      "<ClusterAvailabilityStatus>Available</ClusterAvailabilityStatus>",
      "<AvailabilityZoneRelocationStatus>disabled</AvailabilityZoneRelocationStatus>",
      "<MultiAZ>disabled</MultiAZ>",
      "<MaintenanceTrackName>current</MaintenanceTrackName>",
      "<ManualSnapshotRetentionPeriod>-1</ManualSnapshotRetentionPeriod>",
    ].join("");
    return {
      answer: (body) =>
        body
          .replace(/<ManualSnapshotRetentionPeriod>[^<]*<\/ManualSnapshotRetentionPeriod>/g, "")
          .replace(/(<PreferredMaintenanceWindow>)([^<]*)/g, (match, tag, window) => tag + window.toLowerCase())
          .replace(/<ClusterIdentifier>([^<]+)<\/ClusterIdentifier>/g, (match, name) => {
            const secret = this.#secrets.get(name);
            const arn = secret ? `<MasterPasswordSecretArn>${secret}</MasterPasswordSecretArn>` : "";
            return match + missing + arn;
          }),
    };
  }

  #ec2(call) {
    switch (call.action) {
      // A rule that names a group or a prefix list loses its description.
      case "AuthorizeSecurityGroupIngress":
      case "AuthorizeSecurityGroupEgress": {
        const description = described(call.form);
        if (!description) return undefined;
        return {
          answer: (body) => {
            for (const [, id] of body.matchAll(/<securityGroupRuleId>([^<]+)</g)) this.#descriptions.set(id, description);
            return body;
          },
        };
      }
      case "DescribeSecurityGroupRules":
        return {
          answer: (body) =>
            body.replace(/<securityGroupRuleId>([^<]+)<\/securityGroupRuleId>(?!<description>)/g, (match, id) => {
              const description = this.#descriptions.get(id);
              return description ? `${match}<description>${escaped(description)}</description>` : match;
            }),
        };
      // The template's own tags come back as if its instances were to have them.
      case "DescribeLaunchTemplateVersions":
        return {
          answer: (body) =>
            body.replace(
              /<item>\s*<resourceType>launch-template<\/resourceType>\s*<tagSet>.*?<\/tagSet>\s*<\/item>/gs,
              "",
            ),
        };
      default:
        return undefined;
    }
  }
}

function described(form) {
  for (const list of ["Groups", "PrefixListIds", "UserIdGroupPairs"]) {
    const description = form.get(`IpPermissions.1.${list}.1.Description`);
    if (description) return description;
  }
  return undefined;
}

const escaped = (value) => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
