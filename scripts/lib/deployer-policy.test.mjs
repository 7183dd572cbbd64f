// Are the policies of docs/deployer-policy such as IAM takes, and do they cover the calls
// that applies, changes and destroys made?

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const ACCOUNT = "123456789012";
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const MOST_CHARACTERS = 6144;
const MOST_POLICIES = 10;

// Statements on everything: their actions know no resources, or no names, or only look; a
// condition bounds the others.
const ON_EVERYTHING = {
  "data.json": ["Look", "MakeTheWarehouse", "UsageLimits", "Warehouse"],
  "functions.json": ["MakeTheRetryMapping"],
  "network.json": ["ChangeWhatHasTheTag", "Look"],
  "page.json": ["FindTheZone", "Look", "OrderTheCertificate"],
};

const folder = new URL("../../docs/deployer-policy/", import.meta.url);
const policies = readdirSync(folder).map((name) => ({ name, ...JSON.parse(readFileSync(new URL(name, folder), "utf8")) }));
const calls = readFileSync(new URL("testdata/deployer-calls.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" "));

const list = (value) => [value].flat();

/** Does a pattern of IAM, in which * and ? are any characters, match a text? */
function matches(pattern, text) {
  const expression = pattern
    .replaceAll("${aws:PrincipalAccount}", ACCOUNT)
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${expression}$`).test(text);
}

const covers = (statement, action, resource) =>
  list(statement.Action).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
  list(statement.Resource).some((pattern) => matches(pattern, resource));

test("patterns match as IAM's do", () => {
  assert.ok(matches("ec2:Describe*", "ec2:DescribeVpcs"));
  assert.ok(!matches("ec2:Describe*", "ec2:CreateVpc"));
  assert.ok(matches("arn:aws:s3:::dataloaf-${aws:PrincipalAccount}-*", `arn:aws:s3:::dataloaf-${ACCOUNT}-eu-central-1-events`));
  assert.ok(!matches("arn:aws:s3:::dataloaf-*", "arn:aws:s3:::another"));
});

test("a principal takes all of the policies", () => assert.ok(policies.length <= MOST_POLICIES));

for (const { name, Version, Statement } of policies) {
  test(`${name} is a policy that IAM takes`, () => {
    assert.equal(Version, "2012-10-17");
    const characters = JSON.stringify({ Version, Statement }).length;
    assert.ok(characters <= MOST_CHARACTERS, `it has ${characters} characters`);
    const sids = Statement.map(({ Sid }) => Sid);
    assert.deepEqual([...new Set(sids)], sids);
    for (const { Sid, Effect, Action, Resource } of Statement) {
      assert.match(Sid, /^[A-Za-z0-9]+$/);
      assert.equal(Effect, "Allow");
      for (const action of list(Action)) assert.match(action, /^[a-z0-9-]+:([A-Za-z]+|Describe\*)$/);
      for (const resource of list(Resource)) assert.match(resource, /^(\*|arn:aws:.+)$/, Sid);
    }
  });

  test(`${name} is on everything only where it must be`, () => {
    const found = Statement.filter(({ Resource }) => list(Resource).includes("*")).map(({ Sid }) => Sid);
    assert.deepEqual(found.sort(), ON_EVERYTHING[name]);
    for (const { Sid, Action, Condition } of Statement.filter(({ Sid }) => found.includes(Sid))) {
      if (!["Look", "FindTheZone", "UsageLimits"].includes(Sid)) assert.ok(Condition, `${Sid} (${Action}) has no condition`);
    }
  });
}

test("every call that was made is covered", () => {
  assert.ok(calls.length > 200);
  const statements = policies.flatMap(({ Statement }) => Statement);
  const denied = calls.filter(([action, resource]) => !statements.some((s) => covers(s, action, resource)));
  assert.deepEqual(denied, []);
});

test("what another stack has is not covered", () => {
  const statements = policies.flatMap(({ Statement }) => Statement);
  for (const [action, resource] of [
    ["s3:DeleteBucket", `arn:aws:s3:::another-${ACCOUNT}-eu-central-1-events`],
    ["s3:GetObject", `arn:aws:s3:::dataloaf-${ACCOUNT}-eu-central-1-events/events/2026/01/01/00/x.ndjson.gz`],
    ["lambda:DeleteFunction", `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:another-load`],
    ["secretsmanager:GetSecretValue", `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:another/insights-AbCdEf`],
    ["secretsmanager:GetSecretValue", `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:redshift!dataloaf-loaf_admin-AbCdEf`],
    ["iam:PassRole", `arn:aws:iam::${ACCOUNT}:role/another`],
    ["iam:CreateUser", `arn:aws:iam::${ACCOUNT}:user/dataloaf-x`],
    ["iam:AttachRolePolicy", `arn:aws:iam::${ACCOUNT}:role/dataloaf-load`],
    ["redshift:DeleteCluster", `arn:aws:redshift:eu-central-1:${ACCOUNT}:cluster:another`],
    ["logs:DeleteLogGroup", `arn:aws:logs:eu-central-1:${ACCOUNT}:log-group:/aws/lambda/another`],
  ]) {
    assert.ok(!statements.some((s) => covers(s, action, resource)), `${action} ${resource}`);
  }
});
