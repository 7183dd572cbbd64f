// Fails the build when the JavaScript that the page loads before anything is
// asked for (the entry and all it imports statically) is over its budget, or
// when index.html has anything that the Content-Security-Policy forbids.
import { readFile, rm } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const budgetKB = 250;
const dist = new URL("../dist/", import.meta.url);

const html = (await readFile(new URL("index.html", dist), "utf8")).replaceAll(/<!--.*?-->/gs, "");
const manifest = JSON.parse(await readFile(new URL(".vite/manifest.json", dist), "utf8"));

const problems = [];
if (/<style|\sstyle=|\son[a-z]+=/i.test(html)) {
  problems.push("index.html has an inline style or handler, which the Content-Security-Policy forbids");
}
if (/<script(?![^>]*\ssrc=)/i.test(html)) {
  problems.push("index.html has an inline script, which the Content-Security-Policy forbids");
}

const initial = new Set();
const visit = (key) => {
  if (initial.has(key)) return;
  initial.add(key);
  for (const imported of manifest[key].imports ?? []) visit(imported);
};
for (const [key, chunk] of Object.entries(manifest)) {
  if (chunk.isEntry) visit(key);
}

let total = 0;
for (const key of initial) {
  const { file } = manifest[key];
  if (!file.endsWith(".js")) continue;
  const size = gzipSync(await readFile(new URL(file, dist)), { level: 9 }).length;
  total += size;
  console.log(`${(size / 1024).toFixed(1).padStart(8)} KB  ${file}`);
}
console.log(`${(total / 1024).toFixed(1).padStart(8)} KB  initial JavaScript, gzip (budget ${budgetKB} KB)`);
if (total > budgetKB * 1024) {
  problems.push(
    `the initial JavaScript is ${(total / 1024).toFixed(1)} KB, over its ${budgetKB} KB: load something lazily`,
  );
}

// The manifest was for this alone: what is in dist is served.
await rm(new URL(".vite/", dist), { recursive: true });

for (const problem of problems) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);
