// Makes, in an emulated account, what an example finds there, and prints variables
// (as JSON) that name the VPC which every account has:
//
//   node scripts/lib/emulator-account.mjs URL REGION

const [url, region] = process.argv.slice(2);

async function ask(service, path, headers, body) {
  const authorization = `AWS4-HMAC-SHA256 Credential=account/20250101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  const response = await fetch(url + path, { method: "POST", headers: { authorization, ...headers }, body });
  if (!response.ok) throw new Error(`${service} ${path}: ${response.status} ${await response.text()}`);
  return response.text();
}

// The public hosted zone of the example with a domain name.
await ask(
  "route53",
  "/2013-04-01/hostedzone",
  { "content-type": "text/xml" },
  "<CreateHostedZoneRequest><Name>example.com</Name><CallerReference>test</CallerReference></CreateHostedZoneRequest>",
);

const subnets = await ask("ec2", "/", {}, new URLSearchParams({ Action: "DescribeSubnets", Version: "2016-11-15" }));
const ids = [...subnets.matchAll(/<subnetId>([^<]+)/g)].map(([, id]) => id);
const [, vpc] = /<vpcId>([^<]+)/.exec(subnets);
console.log(JSON.stringify({ vpc_id: vpc, private_subnet_ids: ids.slice(0, 2), public_subnet_ids: ids.slice(2) }));
