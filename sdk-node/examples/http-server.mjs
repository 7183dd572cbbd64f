// A middleware that records each request, for Express, Connect or plain node:http: all call it with (request, response,
// next). For fastify the same three lines go into an onResponse hook.
//
//   DATALOAF_ENDPOINT=http://127.0.0.1:8080 DATALOAF_API_KEY=… PORT=3000 node examples/http-server.mjs
import { createServer } from "node:http";
import { Client } from "@dataloaf/node";

/** Makes the middleware. `userOf` tells whose request it is, or undefined. */
export function recordRequests(client, userOf = () => undefined) {
  return (request, response, next) => {
    const start = performance.now();
    response.once("finish", () => {
      client.track({
        event: "request served",
        userId: userOf(request),
        properties: {
          method: request.method,
          // The route as Express knows it, or the path without its query, which may hold secrets.
          route: request.route?.path ?? new URL(request.url, "http://localhost").pathname,
          status: response.statusCode,
          milliseconds: Math.round(performance.now() - start),
        },
      });
    });
    next();
  };
}

const client = new Client({
  endpoint: process.env.DATALOAF_ENDPOINT ?? "http://127.0.0.1:8080",
  apiKey: process.env.DATALOAF_API_KEY ?? "",
});
const record = recordRequests(client, (request) => request.headers["x-user"]);

const server = createServer((request, response) => {
  record(request, response, () => response.end("fresh bread\n"));
});
server.listen(Number(process.env.PORT ?? 3000), () => console.log(`listening on ${server.address().port}`));

// A program with a listener of its own closes the client itself, when the last request is answered.
process.once("SIGTERM", () => {
  server.close(() => {
    client.close().catch((error) => console.error(error));
  });
  server.closeIdleConnections();
});
