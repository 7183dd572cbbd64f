// Prints what an emulated account holds, so that what a destroy leaves behind is seen:
//
//   node scripts/lib/remains.mjs URL REGION
//
// It asks for everything that has a stack's tag, and for what could be there without. Things that
// are listed for a while after their end, in AWS as well, are asked for by their state.

const [url, region] = process.argv.slice(2);

const json = (version, target, input = {}) => ({
  method: "POST",
  headers: { "x-amz-target": target, "content-type": `application/x-amz-json-${version}` },
  body: JSON.stringify(input),
});
const query = (action, version) => ({ method: "POST", body: new URLSearchParams({ Action: action, Version: version }) });
const ec2 = (action, filter, ...values) => {
  const request = query(action, "2016-11-15");
  if (filter) request.body.set("Filter.1.Name", filter);
  values.forEach((value, i) => request.body.set(`Filter.1.Value.${i + 1}`, value));
  return request;
};
const endsLate = /:ec2:.*:(instance|natgateway|vpc-endpoint)\//;

const questions = [
  ["tagging", json("1.1", "ResourceGroupsTaggingAPI_20170126.GetResources", { TagFilters: [{ Key: "dataloaf:stack" }] })],
  ["secretsmanager", json("1.1", "secretsmanager.ListSecrets", { IncludePlannedDeletion: true })],
  ["logs", json("1.1", "Logs_20140328.DescribeLogGroups")],
  ["firehose", json("1.1", "Firehose_20150804.ListDeliveryStreams")],
  ["events", json("1.1", "AWSEvents.ListRules")],
  ["sqs", json("1.0", "AmazonSQS.ListQueues")],
  ["acm", json("1.1", "CertificateManager.ListCertificates")],
  ["redshift-serverless", json("1.1", "RedshiftServerless.ListNamespaces")],
  ["redshift-serverless", json("1.1", "RedshiftServerless.ListWorkgroups")],
  ["redshift-serverless", json("1.1", "RedshiftServerless.ListUsageLimits")],
  ["redshift", query("DescribeClusters", "2012-12-01")],
  ["sns", query("ListTopics", "2010-03-31")],
  ["monitoring", query("DescribeAlarms", "2010-08-01")],
  ["monitoring", query("ListDashboards", "2010-08-01")],
  ["autoscaling", query("DescribeAutoScalingGroups", "2011-01-01")],
  ["elasticloadbalancing", query("DescribeLoadBalancers", "2015-12-01")],
  ["elasticloadbalancing", query("DescribeTargetGroups", "2015-12-01")],
  ["iam", query("ListRoles", "2010-05-08")],
  ["iam", query("ListInstanceProfiles", "2010-05-08")],
  ["ec2", ec2("DescribeInstances", "instance-state-name", "pending", "running", "stopping", "stopped")],
  ["ec2", ec2("DescribeVpcEndpoints", "vpc-endpoint-state", "pending", "available")],
  ["ec2", ec2("DescribeNatGateways", "state", "pending", "available")],
  ...["Vpcs", "Subnets", "SecurityGroups", "RouteTables", "InternetGateways"].map((kind) => ["ec2", ec2(`Describe${kind}`)]),
  ...["Addresses", "Volumes", "LaunchTemplates"].map((kind) => ["ec2", ec2(`Describe${kind}`)]),
  ["s3", { path: "/" }],
  ["lambda", { path: "/2015-03-31/functions/" }],
  ["lambda", { path: "/2015-03-31/event-source-mappings/" }],
  ["apigateway", { path: "/restapis" }],
  ["apigateway", { path: "/apikeys" }],
  ["apigateway", { path: "/usageplans" }],
];

for (const [service, { path = "/", headers, ...request }] of questions) {
  const authorization = `AWS4-HMAC-SHA256 Credential=remains/20250101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  const response = await fetch(url + path, { ...request, headers: { ...headers, authorization } });
  if (!response.ok) throw new Error(`${service} ${path}: ${response.status} ${await response.text()}`);
  let text = await response.text();
  if (service === "tagging") {
    const tagged = JSON.parse(text).ResourceTagMappingList.filter((thing) => !endsLate.test(thing.ResourceARN));
    text = tagged.map((thing) => `${thing.ResourceARN}\n`).join("");
  }
  // One line for each element, without what every answer has anew, and what follows from the rest.
  const lines = text
    .replace(/<(requestid|availableIpAddressCount)>[^<]*<\/\1>/gi, "")
    .replaceAll("><", ">\n<")
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  for (const line of lines) console.log(`${service} ${line}`);
}
