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
