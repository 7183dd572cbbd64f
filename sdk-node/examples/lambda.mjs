// A handler of AWS Lambda. The client is made once for all invocations. Between two of them the function is frozen, so
// that nothing is sent then: each invocation flushes before it ends.
import { Client } from "@dataloaf/node";

const client = new Client({
  endpoint: process.env.DATALOAF_ENDPOINT ?? "",
  apiKey: process.env.DATALOAF_API_KEY ?? "",
  // A flush sends at once, so that the interval never does: it would only wake a function that is being frozen.
  flushInterval: 60_000,
  maxRetryTime: 10_000,
});

export async function handler(event, context) {
  try {
    client.track({ event: "order placed", userId: event.userId, properties: { amount: event.amount } });
    return { statusCode: 201 };
  } finally {
    // One second is left for the answer. What is not delivered by then goes on with the next invocation, if there is one.
    const timeout = Math.max(0, context.getRemainingTimeInMillis() - 1000);
    await client.flush({ timeout }).catch((error) => console.error("events are late", error));
  }
}
