import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { standin } from "./aws-standin.mjs";

const start = async (t, server) => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${server.address().port}`;
};

const signed = (service, region = "eu-west-1") => ({
  authorization: `AWS4-HMAC-SHA256 Credential=test/20250101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
});

const form = (url, service, fields) =>
  fetch(url, { method: "POST", headers: signed(service), body: new URLSearchParams(fields) });

const target = async (url, service, name, input) => {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...signed(service), "x-amz-target": name, "content-type": "application/x-amz-json-1.1" },
    body: JSON.stringify(input),
  });
  return { status: response.status, body: await response.json() };
};

test("reads of all four protocols", async (t) => {
  const calls = [];
  const url = await start(t, standin({ record: (entry) => calls.push(entry) }));

  const identity = await form(url, "sts", { Action: "GetCallerIdentity", Version: "2011-06-15" });
  assert.match(await identity.text(), /<Account>123456789012<\/Account>/);

  const zones = await form(url, "ec2", { Action: "DescribeAvailabilityZones" });
  assert.deepEqual(
    [...(await zones.text()).matchAll(/<zoneName>([^<]+)/g)].map(([, zone]) => zone),
    ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
  );

  const name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64";
  const image = await target(url, "ssm", "AmazonSSM.GetParameter", { Name: name });
  assert.match(image.body.Parameter.Value, /^ami-/);

  const zone = await fetch(`${url}/2013-04-01/hostedzone`, { headers: signed("route53") });
  assert.match(await zone.text(), /<Name>example\.com\.<\/Name>/);

  assert.deepEqual(calls[0], { service: "sts", action: "GetCallerIdentity", region: "eu-west-1", status: 200 });
  assert.equal(calls.length, 4);
});

test("subnets lie in zones, and in one VPC or another", async (t) => {
  const url = await start(t, standin());
  const response = await form(url, "ec2", {
    Action: "DescribeSubnets",
    "SubnetId.1": "subnet-0a1",
    "SubnetId.2": "subnet-0f2",
  });
  const text = await response.text();
  assert.match(text, /<subnetId>subnet-0a1<.*?<vpcId>vpc-0123456789abcdef0<.*?<availabilityZone>eu-west-1b</s);
  assert.match(text, /<subnetId>subnet-0f2<.*?<vpcId>vpc-0f00000000000000f<.*?<availabilityZone>eu-west-1c</s);

  const absent = await form(url, "ec2", { Action: "DescribeSubnets", "SubnetId.1": "subnet-000" });
  assert.equal(absent.status, 400);
  assert.match(await absent.text(), /<Code>InvalidSubnetID.NotFound<\/Code>/);
});

test("an unknown call is an error that names it", async (t) => {
  const url = await start(t, standin());
  const query = await form(url, "iam", { Action: "GetRole" });
  assert.equal(query.status, 400);
  assert.match(await query.text(), /<Code>NotInStandIn<.*iam GetRole/s);

  const json = await target(url, "kms", "TrentService.DescribeKey", {});
  assert.equal(json.status, 400);
  assert.match(json.body.message, /kms DescribeKey/);

  const rest = await fetch(`${url}/restapis`, { headers: signed("apigateway") });
  assert.match((await rest.json()).message, /apigateway GET \/restapis/);
});

test("a warehouse lives and dies as in AWS", async (t) => {
  const url = await start(t, standin({ now: () => new Date("2025-06-01T00:00:00Z") }));
  const call = (action, input) => target(url, "redshift-serverless", `RedshiftServerless.${action}`, input);

  const role = "arn:aws:iam::123456789012:role/copy";
  const made = await call("CreateNamespace", {
    namespaceName: "loaf",
    adminUsername: "loaf_admin",
    manageAdminPassword: true,
    iamRoles: [role],
    tags: [{ key: "a", value: "b" }],
  });
  const { namespace } = made.body;
  assert.match(namespace.adminPasswordSecretArn, /secret:redshift!loaf-loaf_admin-/);
  assert.deepEqual(namespace.iamRoles, [`IamRole(applyStatus=in-sync, iamRoleArn=${role})`]);
  assert.equal(namespace.status, "AVAILABLE");
  assert.equal(namespace.creationDate, "2025-06-01T00:00:00.000Z");
  assert.equal((await call("CreateNamespace", { namespaceName: "loaf" })).body.__type, "ConflictException");

  const order = {
    workgroupName: "loaf",
    namespaceName: "loaf",
    baseCapacity: 8,
    maxCapacity: 8,
    enhancedVpcRouting: true,
    subnetIds: ["subnet-1", "subnet-2", "subnet-3"],
    configParameters: [{ parameterKey: "enable_case_sensitive_identifier", parameterValue: "true" }],
  };
  for (const wrong of [{ subnetIds: ["subnet-1"] }, { maxCapacity: 4 }, { baseCapacity: 9 }]) {
    assert.equal((await call("CreateWorkgroup", { ...order, ...wrong })).body.__type, "ValidationException");
  }
  assert.equal((await call("CreateWorkgroup", order)).body.workgroup.status, "CREATING");
  const states = [];
  for (let i = 0; i < 2; i++) states.push((await call("GetWorkgroup", { workgroupName: "loaf" })).body.workgroup.status);
  assert.deepEqual(states, ["CREATING", "AVAILABLE"]);

  const { workgroup } = (await call("GetWorkgroup", { workgroupName: "loaf" })).body;
  assert.equal(workgroup.endpoint.address, "loaf.123456789012.eu-west-1.redshift-serverless.amazonaws.com");
  const parameters = Object.fromEntries(workgroup.configParameters.map((p) => [p.parameterKey, p.parameterValue]));
  assert.equal(parameters.enable_case_sensitive_identifier, "true");
  assert.equal(parameters.max_query_execution_time, "14400");

  const twice = await call("UpdateWorkgroup", { workgroupName: "loaf", baseCapacity: 4, publiclyAccessible: true });
  assert.equal(twice.body.__type, "ValidationException");
  const unlimited = await call("UpdateWorkgroup", { workgroupName: "loaf", maxCapacity: -1 });
  assert.equal(unlimited.body.workgroup.maxCapacity, undefined);

  const limit = { resourceArn: workgroup.workgroupArn, usageType: "serverless-compute", amount: 64, period: "daily" };
  const { usageLimit } = (await call("CreateUsageLimit", limit)).body;
  assert.equal(usageLimit.breachAction, "log");
  assert.equal((await call("CreateUsageLimit", limit)).body.__type, "ConflictException");
  await call("UpdateUsageLimit", { usageLimitId: usageLimit.usageLimitId, breachAction: "deactivate" });
  const seen = await call("GetUsageLimit", { usageLimitId: usageLimit.usageLimitId });
  assert.equal(seen.body.usageLimit.breachAction, "deactivate");

  await call("TagResource", { resourceArn: namespace.namespaceArn, tags: [{ key: "c", value: "d" }] });
  await call("UntagResource", { resourceArn: namespace.namespaceArn, tagKeys: ["a"] });
  const tags = await call("ListTagsForResource", { resourceArn: namespace.namespaceArn });
  assert.deepEqual(tags.body.tags, [{ key: "c", value: "d" }]);

  assert.equal((await call("DeleteNamespace", { namespaceName: "loaf" })).body.__type, "ConflictException");
  await call("DeleteWorkgroup", { workgroupName: "loaf" });
  assert.equal((await call("GetWorkgroup", { workgroupName: "loaf" })).body.workgroup.status, "DELETING");
  assert.equal((await call("GetWorkgroup", { workgroupName: "loaf" })).body.__type, "ResourceNotFoundException");
  await call("DeleteNamespace", { namespaceName: "loaf" });
  await call("GetNamespace", { namespaceName: "loaf" });
  assert.equal((await call("GetNamespace", { namespaceName: "loaf" })).body.__type, "ResourceNotFoundException");
  assert.deepEqual((await call("ListUsageLimits", {})).body.usageLimits, []);
});

// emulator keeps what it is asked, and answers with what respond gives.
const emulator = (t, asked, respond) =>
  start(
    t,
    createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      asked.push({ method: request.method, url: request.url, headers: request.headers, body });
      const answer = respond(request, body);
      response.writeHead(answer.status ?? 200, { "content-type": "application/json", "x-own": "kept", ...answer.headers });
      response.end(answer.body);
    }),
  );

test("behind it, an emulator gets and answers the same bytes", async (t) => {
  const asked = [];
  const behind = await emulator(t, asked, () => ({ status: 201, body: Buffer.from([0, 255, 10]) }));
  const url = await start(t, standin({ behind }));
  const body = Buffer.from([1, 2, 254]);
  const response = await fetch(`${url}/bucket/a%20key?x=1`, {
    method: "PUT",
    headers: { ...signed("s3"), "x-amz-meta-a": "b" },
    body,
  });
  assert.equal(response.status, 201);
  assert.equal(response.headers.get("x-own"), "kept");
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from([0, 255, 10]));
  assert.equal(asked[0].url, "/bucket/a%20key?x=1");
  assert.deepEqual(asked[0].body, body);
  assert.equal(asked[0].headers["x-amz-meta-a"], "b");
  assert.equal(asked[0].headers.host, new URL(url).host);

  // Its own service stays its own, and what else it knows is the emulator's.
  await target(url, "redshift-serverless", "RedshiftServerless.ListWorkgroups", {});
  assert.equal(asked.length, 1);
  await form(url, "ec2", { Action: "DescribeVpcs" });
  assert.equal(asked.length, 2);
});

test("an emulator that is gone is said to be", async (t) => {
  const url = await start(t, standin({ behind: "http://127.0.0.1:1" }));
  const response = await fetch(`${url}/bucket`, { headers: signed("s3") });
  assert.equal(response.status, 502);
  assert.match(await response.text(), /does not answer/);
});

test("mends: an API keeps its binary media types", async (t) => {
  const asked = [];
  const behind = await emulator(t, asked, () => ({ status: 201, body: '{"id":"a1","binaryMediaTypes":[]}' }));
  const create = async (url) => {
    const response = await fetch(`${url}/restapis`, {
      method: "POST",
      headers: signed("apigateway"),
      body: '{"name":"x","binaryMediaTypes":["*/*"]}',
    });
    return (await response.json()).binaryMediaTypes;
  };
  assert.deepEqual(await create(await start(t, standin({ behind }))), ["*/*"]);
  assert.equal(asked[1].method, "PATCH");
  assert.equal(asked[1].url, "/restapis/a1");
  assert.deepEqual(JSON.parse(asked[1].body).patchOperations, [{ op: "add", path: "/binaryMediaTypes/*~1*", value: "*/*" }]);

  assert.deepEqual(await create(await start(t, standin({ behind, raw: true }))), []);
});

test("mends: a queue keeps its policy, and gives it back as it is written", async (t) => {
  const asked = [];
  const spaced = JSON.stringify({ Attributes: { Policy: '{"a": 1}', RedrivePolicy: '{"b": 2}', DelaySeconds: "0" } });
  const behind = await emulator(t, asked, () => ({ body: spaced }));
  const url = await start(t, standin({ behind }));

  const read = await target(url, "sqs", "AmazonSQS.GetQueueAttributes", { QueueUrl: "q" });
  assert.deepEqual(read.body.Attributes, { Policy: '{"a":1}', RedrivePolicy: '{"b":2}', DelaySeconds: "0" });

  await target(url, "sqs", "AmazonSQS.SetQueueAttributes", { QueueUrl: "q", Attributes: { DelaySeconds: "1" } });
  assert.deepEqual(JSON.parse(asked.at(-1).body).Attributes, { DelaySeconds: "1", Policy: '{"a": 1}' });

  await target(url, "sqs", "AmazonSQS.SetQueueAttributes", { QueueUrl: "q", Attributes: { Policy: "" } });
  assert.deepEqual(JSON.parse(asked.at(-1).body).Attributes, { Policy: "" });
});

test("mends: rules keep their descriptions, and templates their tags to themselves", async (t) => {
  const rule = "<item><securityGroupRuleId>sgr-1</securityGroupRuleId><isEgress>true</isEgress></item>";
  const tags = (type) =>
    `<item>\n<resourceType>${type}</resourceType>\n<tagSet><item><key>a</key><value>b</value></item></tagSet>\n</item>`;
  const behind = await emulator(t, [], (request, body) => ({
    body: /LaunchTemplate/.test(body) ? tags("instance") + tags("launch-template") : rule,
  }));
  const url = await start(t, standin({ behind }));

  await form(url, "ec2", {
    Action: "AuthorizeSecurityGroupEgress",
    "IpPermissions.1.PrefixListIds.1.PrefixListId": "pl-1",
    "IpPermissions.1.PrefixListIds.1.Description": "to S3 & back",
  });
  const rules = await form(url, "ec2", { Action: "DescribeSecurityGroupRules" });
  assert.match(await rules.text(), /<\/securityGroupRuleId><description>to S3 &amp; back<\/description>/);

  const template = await form(url, "ec2", { Action: "DescribeLaunchTemplateVersions" });
  assert.equal(await template.text(), tags("instance"));
});

test("mends: a cluster says what the provider waits for", async (t) => {
  const asked = [];
  const cluster =
    "<ClusterIdentifier>loaf</ClusterIdentifier><ManualSnapshotRetentionPeriod>0</ManualSnapshotRetentionPeriod>" +
    "<PreferredMaintenanceWindow>Mon:03:00-Mon:03:30</PreferredMaintenanceWindow>";
  const behind = await emulator(t, asked, () => ({ body: cluster }));
  const url = await start(t, standin({ behind }));
  const call = async (fields) => (await form(url, "redshift", fields)).text();

  await call({ Action: "CreateCluster", ClusterIdentifier: "loaf", MasterUsername: "a", ManageMasterPassword: "true" });
  const text = await call({ Action: "DescribeClusters" });
  assert.match(text, /<ClusterAvailabilityStatus>Available</);
  assert.match(text, /<MasterPasswordSecretArn>arn:aws:secretsmanager:eu-west-1:123456789012:secret:redshift!loaf-a-/);
  assert.equal(text.match(/<ManualSnapshotRetentionPeriod>/g).length, 1);
  assert.match(text, /mon:03:00-mon:03:30/);

  // Parameters are the stand-in's own: moto has none.
  asked.length = 0;
  await call({
    Action: "ModifyClusterParameterGroup",
    ParameterGroupName: "loaf",
    "Parameters.Parameter.1.ParameterName": "require_ssl",
    "Parameters.Parameter.1.ParameterValue": "true",
  });
  const parameters = await call({ Action: "DescribeClusterParameters", ParameterGroupName: "loaf" });
  assert.match(parameters, /<ParameterName>require_ssl<\/ParameterName><ParameterValue>true</);
  assert.equal(asked.length, 0);
});

test("it says where it listens, and stops when it is told to", async () => {
  const child = spawn(process.execPath, [new URL("aws-standin.mjs", import.meta.url).pathname, "--port", "0"]);
  const [line] = await once(child.stdout, "data");
  assert.match(line.toString(), /^http:\/\/127\.0\.0\.1:\d+\n$/);
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
});
