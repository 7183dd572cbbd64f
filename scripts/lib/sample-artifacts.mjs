// Writes artifacts that Terraform takes for real ones, for plans and applies to an
// emulator: nothing in them runs.
//
//   node scripts/lib/sample-artifacts.mjs FOLDER
//
// It has the files that scripts/build-artifacts makes, and takes no time.

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, gzipSync } from "node:zlib";

// A zip of one file, not compressed. Lambda's emulators open it.
function zip(name, content) {
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(20, 4);
  // The first day that the format knows.
  local.writeUInt16LE((1 << 5) | 1, 12);
  local.writeUInt32LE(crc32(content), 14);
  local.writeUInt32LE(content.length, 18);
  local.writeUInt32LE(content.length, 22);
  local.writeUInt16LE(name.length, 26);

  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  // Made on Unix, so that the mode counts.
  central.writeUInt16LE((3 << 8) | 20, 4);
  local.copy(central, 6, 4, 30);
  central.writeUInt32LE((0o100755 << 16) >>> 0, 38);

  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + name.length, 12);
  end.writeUInt32LE(local.length + name.length + content.length, 16);

  const file = Buffer.from(name);
  return Buffer.concat([local, file, content, central, file, end]);
}

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
const artifacts = {};
for (const name of ["collect.zip", "update.zip", "load.zip", "insights.tar.gz"]) {
  const sample = Buffer.from(`#!/bin/sh\n# a sample in place of ${name}\n`);
  const content = name.endsWith(".zip") ? zip("bootstrap", sample) : gzipSync(sample);
  const hash = (encoding) => createHash("sha256").update(content).digest(encoding);
  artifacts[name] = { sha256: hash("hex"), sha256_base64: hash("base64"), bytes: content.length };
  writeFileSync(join(folder, name), content);
}
writeFileSync(
  join(folder, "manifest.json"),
  `${JSON.stringify({ version: "v0.0.0-sample", commit: "0".repeat(40), architecture: "arm64", artifacts }, null, 2)}\n`,
);
