// A small stand-in for the collection API, for the tests of the package and of the examples.
import { once } from "node:events";
import { createServer } from "node:http";
import { gunzipSync } from "node:zlib";

export async function startCollector() {
  const items = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const text = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
    const { events, users } = JSON.parse(text.toString());
    const batch = events ?? users;
    items.push(...batch);
    response.writeHead(202).end(JSON.stringify({ accepted: batch.length, rejected: [] }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    items,
    endpoint: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
