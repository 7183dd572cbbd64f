// The first five minutes: an event, a user and what changed of the user.
//
//   DATALOAF_ENDPOINT=http://127.0.0.1:8080 DATALOAF_API_KEY=… node examples/first-events.mjs
import { Client } from "@dataloaf/node";

const client = new Client({
  endpoint: process.env.DATALOAF_ENDPOINT ?? "http://127.0.0.1:8080",
  apiKey: process.env.DATALOAF_API_KEY ?? "",
});

client.createUser({ userId: "ada", attributes: { plan: "free" } });
client.track({ event: "bread baked", userId: "ada", properties: { kind: "rye", loaves: 3 } });
client.updateUser({ userId: "ada", attributes: { plan: "pro", trial: null } });

// A message that breaks a rule is not taken, and the error names the field.
const error = client.track({ event: "bread baked", userId: "x".repeat(300) });
if (error) console.log(`${error.code}: ${error.message}`);

await client.close(); // sends what is queued
const { accepted, rejected, dropped } = client.stats();
console.log(`accepted ${accepted}, rejected ${rejected}, dropped ${dropped}`);
