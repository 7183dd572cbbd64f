// Prints what a plan (`terraform show -json`, on standard input) would change, one
// resource a line, so that two plans can be compared and counted.

import { readFileSync } from "node:fs";

const { resource_changes: changes = [] } = JSON.parse(readFileSync(0, "utf8"));
for (const { address, mode, change } of changes) {
  if (mode !== "managed" || change.actions.join() === "no-op") continue;
  console.log(`${change.actions.join("+")} ${address} ${JSON.stringify(change.after)}`);
}
