// A program that reads much, from standard input, a JSON event a line. It waits for room in the queue, knows which lines
// were not accepted, and exits with 1 then.
//
//   DATALOAF_ENDPOINT=http://127.0.0.1:8080 DATALOAF_API_KEY=… node examples/import.mjs < events.ndjson
import { createInterface } from "node:readline";
import { Client } from "@dataloaf/node";

let failed = 0;
function fail(line, error) {
  failed++;
  console.error(`line ${line}: ${error.message}`);
}

const client = new Client({
  endpoint: process.env.DATALOAF_ENDPOINT ?? "http://127.0.0.1:8080",
  apiKey: process.env.DATALOAF_API_KEY ?? "",
  maxBatchItems: 500,
  callback: ({ message, error }) => {
    if (error) fail(message.tag, error);
  },
});

let line = 0;
for await (const text of createInterface({ input: process.stdin })) {
  line++;
  try {
    await client.enqueueWait({ type: "event", ...JSON.parse(text), tag: line });
  } catch (error) {
    fail(line, error);
  }
}
await client.close().catch((error) => console.error(error.message));
console.log(`${client.stats().accepted} of ${line} accepted`);
process.exitCode = failed > 0 ? 1 : 0;
