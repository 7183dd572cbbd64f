import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { BEGIN, END, insert, render } from "./terraform-docs.mjs";

const fixture = (name) => readFileSync(new URL(`testdata/${name}`, import.meta.url), "utf8");

test("a module's tables", () => {
  const docs = render(JSON.parse(fixture("module.json")), [{ type: "aws_secretsmanager_random_password", name: "this" }]);
  assert.equal(`${docs}\n`, fixture("module.md"));
});

test("a module without anything has no tables", () => {
  assert.equal(render({ variables: {}, outputs: {}, managed_resources: {}, data_resources: {}, module_calls: {} }), "");
});

test("only what stands between the markers is replaced", () => {
  const before = `# Title\n\n${BEGIN}\nold\n${END}\n\nMore.\n`;
  const after = insert(before, "new");
  assert.equal(after, `# Title\n\n${BEGIN}\n\nnew\n\n${END}\n\nMore.\n`);
  assert.equal(insert(after, "new"), after);
});

test("a README without markers is an error", () => {
  assert.throws(() => insert("# Title\n", "new"), /BEGIN_TF_DOCS/);
  assert.throws(() => insert(`${END}\n${BEGIN}\n`, "new"), /BEGIN_TF_DOCS/);
});
