// Keeps the exported API in api.txt: the declarations of both entry points, as they are published. A change of it is a
// change for users, and stands out in a review.
//
//   node scripts/api.mjs [--update]
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

const types = new URL("../dist/esm/", import.meta.url);
const file = new URL("../api.txt", import.meta.url);

/** The declarations that can be reached from the entry points, without their comments. */
export function exportedApi() {
  const reached = [];
  const visit = (name) => {
    if (reached.includes(name)) return;
    reached.push(name);
    for (const [, next] of read(name).matchAll(/from "\.\/(\w+)\.js"/g)) visit(`${next}.d.ts`);
  };
  visit("index.d.ts");
  visit("testing.d.ts");
  return reached
    .sort()
    .map((name) => `// ${name}\n${read(name)}`)
    .join("\n");
}

function read(name) {
  if (!readdirSync(types).includes(name)) throw new Error(`${name} is not built`);
  return readFileSync(new URL(name, types), "utf8")
    .replace(/\/\*\*[\s\S]*?\*\/\n?/g, "")
    .replace(/^\s*\n/gm, "");
}

export function recordedApi() {
  return readFileSync(file, "utf8");
}

if (process.argv.includes("--update")) writeFileSync(file, exportedApi());
