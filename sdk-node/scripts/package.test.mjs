// Packs the package as it is published, installs the tarball into an empty project, and uses it as its users do: from
// both module systems, with the types of each.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { exportedApi, recordedApi } from "./api.mjs";
import { startCollector } from "./collector.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => join(root, "node_modules/.bin", name);
const project = mkdtempSync(join(tmpdir(), "dataloaf-package-"));
let tarball;
let files;

before(() => {
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], {
      cwd: root,
    }).toString(),
  );
  tarball = join(project, packed.filename);
  files = packed.files.map(({ path }) => path);
  const home = join(project, "node_modules/@dataloaf/node");
  mkdirSync(home, { recursive: true });
  // There are no dependencies to resolve: unpacking is all that npm would do.
  execFileSync("tar", ["-xzf", tarball, "-C", home, "--strip-components", "1"]);
  writeFileSync(join(project, "package.json"), "{}\n");
});

after(() => rmSync(project, { recursive: true, force: true }));

test("it holds the builds and nothing else", () => {
  for (const path of files) assert.match(path, /^(dist\/(esm|cjs)\/|package\.json$|README\.md$|LICENSE$)/);
  for (const path of ["README.md", "LICENSE", "dist/esm/index.js", "dist/cjs/testing.d.ts"])
    assert.ok(files.includes(path), path);
  const { dependencies, engines, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  assert.equal(dependencies, undefined);
  assert.equal(engines.node, ">=18");
  assert.match(readFileSync(join(root, "src/version.ts"), "utf8"), new RegExp(`version = "${version}"`));
});

const body = `
  const { Client, DataLoafError, version } = main;
  const { RecordingClient } = testing;
  const client = new Client({ endpoint: process.argv[2], apiKey: "k" });
  if (client.track({ event: "from " + process.argv[3] }) !== undefined) throw new Error("refused");
  const recorder = new RecordingClient();
  if (recorder.track({ event: "" }).code !== "event_invalid") throw new Error("taken");
  if (!(client.track({ event: "" }) instanceof DataLoafError) || !version) throw new Error("exports");
  client.close().then(() => console.log(client.stats().accepted));
`;
for (const [name, head] of [
  ["esm.mjs", 'import * as main from "@dataloaf/node"; import * as testing from "@dataloaf/node/testing";'],
  ["cjs.cjs", 'const main = require("@dataloaf/node"); const testing = require("@dataloaf/node/testing");'],
]) {
  test(`${name} uses it`, async (t) => {
    const { items, endpoint, stop } = await startCollector();
    t.after(stop);
    writeFileSync(join(project, name), head + body);
    // LOAF_NODE names another Node.js to try, such as the oldest that is supported.
    const node = process.env.LOAF_NODE ?? process.execPath;
    const child = spawn(node, [name, endpoint, name], { cwd: project });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    await new Promise((resolve) => child.on("close", resolve));
    assert.match(output, /^1$/m);
    assert.equal(items[0].event, `from ${name}`);
  });
}

test("its types are right in both module systems", () => {
  const use = `
    import { Client, type Config, type Result, type Analytics } from "@dataloaf/node";
    import { RecordingClient } from "@dataloaf/node/testing";
    const config: Config = { endpoint: "https://api.example.com", apiKey: "k", transport: fetch };
    const clients: Analytics[] = [new Client(config), new RecordingClient()];
    interface Order { total: number }
    const order: Order = { total: 1 };
    for (const client of clients) client.track({ event: "e", userId: undefined, properties: order });
    export const told = (result: Result) => (result.message.type === "event" ? result.message.event : "");
    // @ts-expect-error -- an event has a name
    clients[0]?.track({});
  `;
  writeFileSync(join(project, "use.mts"), use);
  writeFileSync(join(project, "use.cts"), use);
  const options = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--target", "es2022"];
  const node = ["--module", "nodenext", "--types", "node", "--typeRoots", join(root, "node_modules/@types")];
  execFileSync(bin("tsc"), [...options, ...node, "use.mts", "use.cts"], { cwd: project, stdio: "pipe" });
});

test("publint and attw find nothing", () => {
  execFileSync(bin("publint"), ["run", tarball, "--strict"], { cwd: root, stdio: "pipe" });
  execFileSync(bin("attw"), [tarball, "--profile", "node16"], { cwd: root, stdio: "pipe" });
});

test("the exported API is the recorded one", () => {
  assert.equal(exportedApi(), recordedApi(), "the exported API has changed: npm run api writes it anew");
});
