// Builds both module systems into dist: the same sources, each with its own types.
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
for (const [system, type] of [
  ["esm", "module"],
  ["cjs", "commonjs"],
]) {
  rmSync(`${root}dist/${system}`, { recursive: true, force: true });
  execFileSync(process.execPath, [tsc, "-p", `tsconfig.${system}.json`], { cwd: root, stdio: "inherit" });
  // Node.js and TypeScript read from the nearest package.json which of the two a .js file is.
  writeFileSync(`${root}dist/${system}/package.json`, JSON.stringify({ type }) + "\n");
}
