/** A command line that sends one event to the collection API at this address. */
export function curlSnippet(origin: string): string {
  return `curl ${origin}/v1/events \\
  -H 'x-api-key: YOUR_API_KEY' \\
  -H 'Content-Type: application/json' \\
  -d '{"events": [{
        "event": "signed_up",
        "user_id": "user-1",
        "properties": {"plan": "pro"}
      }]}'`;
}

export type Language = "go" | "node" | "curl";

/** The languages in which sending is shown. */
export const LANGUAGES: readonly { id: Language; text: string }[] = [
  { id: "go", text: "Go" },
  { id: "node", text: "Node.js" },
  { id: "curl", text: "curl" },
];

/** How to get the SDK; null where none is needed. */
export function installSnippet(language: Language): string | null {
  switch (language) {
    case "go":
      return "go get github.com/dataloaf/dataloaf/sdk-go";
    case "node":
      return "npm install @dataloaf/node";
    case "curl":
      return null;
  }
}

/** Code that sends one event to an address; with a share, of so many in 100 users alone. */
export function sendSnippet(language: Language, endpoint: string, share: number | null): string {
  switch (language) {
    case "go":
      return goSnippet(endpoint, share);
    case "node":
      return nodeSnippet(endpoint, share);
    case "curl":
      return curlSnippet(endpoint);
  }
}

function goSnippet(endpoint: string, share: number | null): string {
  // As gofmt aligns them.
  const gap = share === null ? "" : "  ";
  const imports = ["context", ...(share === null ? [] : ["hash/fnv"]), "log", "os"];
  return `package main

import (
${imports.map((name) => `\t"${name}"`).join("\n")}

\tdataloaf "github.com/dataloaf/dataloaf/sdk-go"
)
${share === null ? "" : `\n${goSample(share)}\n`}
func main() {
\tclient, err := dataloaf.New(dataloaf.Config{
\t\tEndpoint: ${gap}${JSON.stringify(endpoint)},
\t\tAPIKey:   ${gap}os.Getenv("DATALOAF_API_KEY"),${share === null ? "" : "\n\t\tBeforeSend: sample,"}
\t})
\tif err != nil {
\t\tlog.Fatal(err)
\t}
\tdefer client.Close(context.Background()) // sends what is queued

\terr = client.Track(dataloaf.Event{
\t\tEvent:      "signed_up",
\t\tUserID:     "user-1",
\t\tProperties: map[string]any{"plan": "pro"},
\t})
\tif err != nil {
\t\tlog.Print(err)
\t}
}`;
}

function goSample(share: number): string {
  return `// sample keeps the events of ${share} in 100 users, always the same ones.
func sample(m dataloaf.Message) dataloaf.Message {
\te, ok := m.(dataloaf.Event)
\tif !ok || e.UserID == "" {
\t\treturn m // users, their attributes, and events without a user are all kept
\t}
\th := fnv.New32a()
\th.Write([]byte(e.UserID)) // never fails
\tif h.Sum32()%100 >= ${share} {
\t\treturn nil
\t}
\treturn m
}`;
}

function nodeSnippet(endpoint: string, share: number | null): string {
  return `import { Client } from "@dataloaf/node";
${share === null ? "" : `\n${nodeSample(share)}\n`}
const client = new Client({
  endpoint: ${JSON.stringify(endpoint)},
  apiKey: process.env.DATALOAF_API_KEY,${share === null ? "" : "\n  beforeSend: sample,"}
});

client.track({ event: "signed_up", userId: "user-1", properties: { plan: "pro" } });

await client.close(); // sends what is queued`;
}

/** The function of Node.js that samples, by the same rule as that of Go. */
export function nodeSample(share: number): string {
  return `// Keeps the events of ${share} in 100 users, always the same ones.
function sample(message) {
  // Users, their attributes, and events without a user are all kept.
  if (message.type !== "event" || !message.userId) return message;
  let hash = 0x811c9dc5; // FNV-1a, as hash/fnv of Go
  for (const byte of new TextEncoder().encode(message.userId)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash % 100 < ${share} ? message : null;
}`;
}
