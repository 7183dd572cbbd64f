// Prints what an emulated account holds (moto's data.json, on standard input), one
// thing a line, so that what a destroy leaves behind is seen.

import { readFileSync } from "node:fs";

const data = JSON.parse(readFileSync(0, "utf8"));
for (const [service, kinds] of Object.entries(data)) {
  for (const [kind, things] of Object.entries(kinds)) {
    for (const thing of things) {
      console.log(`${service} ${kind} ${thing.arn ?? thing.id ?? thing.name ?? JSON.stringify(thing)}`);
    }
  }
}
