// Redshift Serverless with the state and the refusals of the real service, as far as
// Terraform's provider sees them: namespaces, workgroups, usage limits and tags.

import { createHash } from "node:crypto";
import { ACCOUNT, failure, json } from "./answers.mjs";

// What AWS sets in every workgroup; its answers have all of them, whoever set which.
const defaults = {
  auto_mv: "true",
  datestyle: "ISO, MDY",
  enable_case_sensitive_identifier: "false",
  enable_user_activity_logging: "true",
  max_query_execution_time: "14400",
  query_group: "default",
  require_ssl: "true",
  search_path: "$user, public",
  use_fips_ssl: "false",
};

class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const notFound = (what, name) => new Refusal("ResourceNotFoundException", `The ${what} ${name} was not found.`);
const conflict = (message) => new Refusal("ConflictException", message);
const invalid = (message) => new Refusal("ValidationException", message);

// Ids that are the same in every run, so that logs of two runs can be compared.
function identity(kind, name) {
  const hex = createHash("sha256").update(`${kind}/${name}`).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

/** The service's state in one account, all regions taken as one. */
export class RedshiftServerless {
  #now;
  #namespaces = new Map();
  #workgroups = new Map();
  #limits = new Map();
  #tags = new Map();

  /** @param {{now: () => Date}} options the clock */
  constructor({ now }) {
    this.#now = now;
  }

  /** Answers a call of this service. */
  answer(call) {
    const action = this.#actions[call.action];
    if (!action) return failure(call, "NotInStandIn", `The stand-in for AWS does not know redshift-serverless ${call.action}.`);
    try {
      return json(action(call.json ?? {}, call.region));
    } catch (error) {
      if (error instanceof Refusal) return failure(call, error.code, error.message);
      throw error;
    }
  }

  #actions = {
    CreateNamespace: (input, region) => {
      const name = input.namespaceName;
      if (!/^[a-z0-9-]{3,64}$/.test(name ?? "")) throw invalid(`The namespace name ${name} is not valid.`);
      if (this.#namespaces.has(name)) throw conflict(`The namespace ${name} already exists.`);
      const id = identity("namespace", name);
      const namespace = {
        namespaceName: name,
        namespaceId: id,
        namespaceArn: `arn:aws:redshift-serverless:${region}:${ACCOUNT}:namespace/${id}`,
        adminUsername: input.adminUsername ?? "admin",
        dbName: input.dbName ?? "dev",
        kmsKeyId: input.kmsKeyId ?? "AWS_OWNED_KMS_KEY",
        defaultIamRoleArn: input.defaultIamRoleArn ?? "",
        iamRoles: input.iamRoles ?? [],
        logExports: input.logExports ?? [],
        status: "AVAILABLE",
        creationDate: this.#now().toISOString(),
      };
      this.#password(namespace, input, region);
      this.#namespaces.set(name, { value: namespace, coming: [] });
      this.#tag(namespace.namespaceArn, input.tags ?? []);
      return { namespace: shown(namespace) };
    },

    GetNamespace: (input) => ({ namespace: shown(this.#next(this.#namespaces, "namespace", input.namespaceName)) }),
    ListNamespaces: () => ({ namespaces: [...this.#namespaces.values()].map((entry) => shown(entry.value)) }),

    UpdateNamespace: (input, region) => {
      const entry = this.#entry(this.#namespaces, "namespace", input.namespaceName);
      for (const key of ["adminUsername", "kmsKeyId", "defaultIamRoleArn", "iamRoles", "logExports"]) {
        if (input[key] !== undefined) entry.value[key] = input[key];
      }
      this.#password(entry.value, input, region);
      entry.coming = ["MODIFYING", "AVAILABLE"];
      return { namespace: shown(entry.value) };
    },

    DeleteNamespace: (input) => {
      const entry = this.#entry(this.#namespaces, "namespace", input.namespaceName);
      const used = [...this.#workgroups.values()].some((group) => group.value.namespaceName === input.namespaceName);
      if (used) throw conflict(`The namespace ${input.namespaceName} has a workgroup; that must be deleted first.`);
      entry.coming = ["DELETING", undefined];
      return { namespace: shown({ ...entry.value, status: "DELETING" }) };
    },

    CreateWorkgroup: (input, region) => {
      const name = input.workgroupName;
      if (!/^[a-z0-9-]{3,64}$/.test(name ?? "")) throw invalid(`The workgroup name ${name} is not valid.`);
      if (this.#workgroups.has(name)) throw conflict(`The workgroup ${name} already exists.`);
      this.#entry(this.#namespaces, "namespace", input.namespaceName);
      const id = identity("workgroup", name);
      const port = input.port ?? 5439;
      const workgroup = {
        workgroupName: name,
        workgroupId: id,
        workgroupArn: `arn:aws:redshift-serverless:${region}:${ACCOUNT}:workgroup/${id}`,
        namespaceName: input.namespaceName,
        baseCapacity: input.baseCapacity ?? 128,
        maxCapacity: input.maxCapacity,
        configParameters: parameters({}, input.configParameters),
        enhancedVpcRouting: input.enhancedVpcRouting ?? false,
        publiclyAccessible: input.publiclyAccessible ?? false,
        pricePerformanceTarget: input.pricePerformanceTarget ?? { status: "DISABLED" },
        ipAddressType: input.ipAddressType ?? "ipv4",
        securityGroupIds: input.securityGroupIds ?? [],
        subnetIds: input.subnetIds ?? [],
        trackName: input.trackName ?? "current",
        workgroupVersion: "1.0",
        patchVersion: "1.0.0",
        port,
        endpoint: {
          address: `${name}.${ACCOUNT}.${region}.redshift-serverless.amazonaws.com`,
          port,
          vpcEndpoints: [{ vpcEndpointId: `vpce-${id.slice(0, 8)}`, vpcId: "vpc-0123456789abcdef0", networkInterfaces: [] }],
        },
        status: "CREATING",
        creationDate: this.#now().toISOString(),
      };
      check(workgroup);
      this.#workgroups.set(name, { value: workgroup, coming: ["CREATING", "AVAILABLE"] });
      this.#tag(workgroup.workgroupArn, input.tags ?? []);
      return { workgroup };
    },

    GetWorkgroup: (input) => ({ workgroup: this.#next(this.#workgroups, "workgroup", input.workgroupName) }),
    ListWorkgroups: () => ({ workgroups: [...this.#workgroups.values()].map((entry) => entry.value) }),

    UpdateWorkgroup: (input) => {
      const entry = this.#entry(this.#workgroups, "workgroup", input.workgroupName);
      const changes = Object.keys(input).filter((key) => key !== "workgroupName");
      if (changes.length !== 1) {
        throw invalid(`One parameter of a workgroup can be changed at a time, not ${changes.join(", ") || "none"}.`);
      }
      const changed = { ...entry.value };
      const [key] = changes;
      if (key === "configParameters") changed.configParameters = parameters(changed.configParameters, input.configParameters);
      // -1 takes the limit away.
      else if (key === "maxCapacity" && input.maxCapacity === -1) changed.maxCapacity = undefined;
      else changed[key] = input[key];
      if (key === "port") changed.endpoint = { ...changed.endpoint, port: input.port };
      check(changed);
      entry.value = changed;
      entry.coming = ["MODIFYING", "AVAILABLE"];
      return { workgroup: changed };
    },

    DeleteWorkgroup: (input) => {
      const entry = this.#entry(this.#workgroups, "workgroup", input.workgroupName);
      entry.coming = ["DELETING", undefined];
      for (const [id, limit] of this.#limits) {
        if (limit.resourceArn === entry.value.workgroupArn) this.#limits.delete(id);
      }
      return { workgroup: { ...entry.value, status: "DELETING" } };
    },

    CreateUsageLimit: (input, region) => {
      if (![...this.#workgroups.values()].some((entry) => entry.value.workgroupArn === input.resourceArn)) {
        throw notFound("workgroup", input.resourceArn);
      }
      if (!(input.amount > 0)) throw invalid("The amount of a usage limit must be positive.");
      const period = input.period ?? "monthly";
      const id = identity("usagelimit", `${input.resourceArn}/${input.usageType}/${period}`);
      if (this.#limits.has(id)) throw conflict(`A ${period} limit of ${input.usageType} exists already.`);
      const usageLimit = {
        usageLimitId: id,
        usageLimitArn: `arn:aws:redshift-serverless:${region}:${ACCOUNT}:usagelimit/${id}`,
        resourceArn: input.resourceArn,
        usageType: input.usageType,
        amount: input.amount,
        period,
        breachAction: input.breachAction ?? "log",
      };
      this.#limits.set(id, usageLimit);
      return { usageLimit };
    },

    GetUsageLimit: (input) => ({ usageLimit: this.#limit(input.usageLimitId) }),

    UpdateUsageLimit: (input) => {
      const usageLimit = this.#limit(input.usageLimitId);
      usageLimit.amount = input.amount ?? usageLimit.amount;
      usageLimit.breachAction = input.breachAction ?? usageLimit.breachAction;
      return { usageLimit };
    },

    DeleteUsageLimit: (input) => {
      const usageLimit = this.#limit(input.usageLimitId);
      this.#limits.delete(input.usageLimitId);
      return { usageLimit };
    },

    ListUsageLimits: (input) => ({
      usageLimits: [...this.#limits.values()].filter(
        (limit) => !input.resourceArn || limit.resourceArn === input.resourceArn,
      ),
    }),

    ListTagsForResource: (input) => ({
      tags: [...this.#tagsOf(input.resourceArn)].map(([key, value]) => ({ key, value })),
    }),

    TagResource: (input) => {
      this.#tagsOf(input.resourceArn);
      this.#tag(input.resourceArn, input.tags);
      return {};
    },

    UntagResource: (input) => {
      const tags = this.#tagsOf(input.resourceArn);
      for (const key of input.tagKeys) tags.delete(key);
      return {};
    },
  };

  #entry(entries, kind, name) {
    const entry = entries.get(name);
    if (!entry) throw notFound(kind, name);
    return entry;
  }

  // Every look at a resource brings it one state further: nothing here takes time.
  #next(entries, kind, name) {
    const entry = this.#entry(entries, kind, name);
    if (entry.coming.length > 0) {
      const status = entry.coming.shift();
      if (!status) {
        entries.delete(name);
        this.#tags.delete(entry.value.namespaceArn ?? entry.value.workgroupArn);
        throw notFound(kind, name);
      }
      entry.value.status = status;
    }
    return entry.value;
  }

  #limit(id) {
    const limit = this.#limits.get(id);
    if (!limit) throw notFound("usage limit", id);
    return limit;
  }

  // With manageAdminPassword the service makes the admin's secret and says where it is.
  #password(namespace, input, region) {
    if (input.manageAdminPassword === undefined) return;
    if (input.manageAdminPassword && input.adminUserPassword) {
      throw invalid("adminUserPassword cannot be given when manageAdminPassword is true.");
    }
    namespace.adminPasswordSecretArn = input.manageAdminPassword
      ? `arn:aws:secretsmanager:${region}:${ACCOUNT}:secret:redshift!${namespace.namespaceName}-${namespace.adminUsername}-AbCdEf`
      : undefined;
    namespace.adminPasswordSecretKmsKeyId = input.manageAdminPassword ? input.adminPasswordSecretKmsKeyId : undefined;
  }

  #tagsOf(arn) {
    const tags = this.#tags.get(arn);
    if (!tags) throw notFound("resource", arn);
    return tags;
  }

  #tag(arn, tags) {
    const all = this.#tags.get(arn) ?? new Map();
    for (const { key, value } of tags) all.set(key, value);
    this.#tags.set(arn, all);
  }
}

// Roles come back inside of a text that says how far they are.
function shown(namespace) {
  return {
    ...namespace,
    iamRoles: namespace.iamRoles.map((role) => `IamRole(applyStatus=in-sync, iamRoleArn=${role})`),
  };
}

function parameters(have, given = []) {
  const all = Array.isArray(have) ? Object.fromEntries(have.map((p) => [p.parameterKey, p.parameterValue])) : { ...defaults };
  for (const { parameterKey, parameterValue } of given) all[parameterKey] = parameterValue;
  return Object.entries(all).map(([parameterKey, parameterValue]) => ({ parameterKey, parameterValue }));
}

function check(workgroup) {
  const { baseCapacity, maxCapacity, enhancedVpcRouting, subnetIds } = workgroup;
  if (baseCapacity !== 4 && (baseCapacity < 8 || baseCapacity > 1024 || baseCapacity % 8 !== 0)) {
    throw invalid(`The base capacity is 4, or from 8 to 1024 in steps of 8, and not ${baseCapacity}.`);
  }
  if (maxCapacity !== undefined && maxCapacity < baseCapacity) {
    throw invalid(`The maximum capacity ${maxCapacity} is less than the base capacity ${baseCapacity}.`);
  }
  if (enhancedVpcRouting && subnetIds.length > 0 && subnetIds.length < 3) {
    throw invalid("With enhanced VPC routing a workgroup needs three subnets in three availability zones.");
  }
}
