#!/usr/bin/env node
// Answers, on the loopback interface, the AWS calls that `terraform plan` of the
// modules makes, so that plans run with the real provider and no account.
//
//   node scripts/lib/aws-standin.mjs [--port N] [--log FILE] [--behind URL [--raw]]
//
//   --port N      listen on this port of 127.0.0.1; 0, the default, takes a free one
//   --log FILE    write one JSON line for every call
//   --behind URL  for applies: be only what the emulator at URL lacks (Redshift
//                 Serverless, parameters of clusters), and pass every other call on,
//                 byte for byte, except where moto is known not to do what AWS does:
//                 see mends.mjs
//   --raw         with --behind: pass those on as they are, too
//
// Prints its URL when it listens, and stops on SIGTERM. A call that it does not know
// is an error that names service and action, so that a failing plan says what it lacks.

import { createWriteStream, realpathSync } from "node:fs";
import { createServer, request as send } from "node:http";
import { parseArgs } from "node:util";
import { identify } from "./aws-standin/calls.mjs";
import { failure } from "./aws-standin/answers.mjs";
import { Mends } from "./aws-standin/mends.mjs";
import { reads } from "./aws-standin/reads.mjs";
import { RedshiftParameters } from "./aws-standin/redshift-parameters.mjs";
import { RedshiftServerless } from "./aws-standin/redshift-serverless.mjs";

/**
 * Makes the stand-in's HTTP server; it does not listen yet.
 *
 * @param {object} options
 * @param {string} [options.behind] URL of the emulator that gets all other calls
 * @param {boolean} [options.raw] whether the emulator's faults are left as they are
 * @param {(entry: object) => void} [options.record] told of every call
 * @param {() => Date} [options.now] the clock
 */
export function standin({ behind, raw = false, record = () => {}, now = () => new Date() } = {}) {
  const warehouse = new RedshiftServerless({ now });
  const parameters = new RedshiftParameters();
  const mends = raw ? undefined : new Mends();

  function answer(call) {
    if (call.service === "redshift-serverless") return warehouse.answer(call);
    if (call.service === "redshift") {
      const own = parameters.answer(call);
      if (own) return own;
    }
    const read = behind ? undefined : reads[call.service]?.(call);
    if (read) return read;
    if (behind) return undefined;
    return failure(
      call,
      "NotInStandIn",
      `The stand-in for AWS does not know ${call.service} ${call.action}. If the plan needs it, add it to scripts/lib/aws-standin/reads.mjs.`,
    );
  }

  return createServer((incoming, outgoing) => {
    const chunks = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => {
      const body = Buffer.concat(chunks);
      const call = identify(incoming, body);
      outgoing.on("finish", () =>
        record({ service: call.service, action: call.action, region: call.region, status: outgoing.statusCode }),
      );
      const reply = answer(call);
      if (!reply) return forward(behind, mends, call, incoming, body, outgoing);
      outgoing.writeHead(reply.status, { "content-type": reply.type, "x-amzn-requestid": "standin" });
      outgoing.end(reply.body);
    });
  });
}

// forward passes a call on to the emulator, and its answer back.
//
// The Host header stays: an emulator makes addresses of it (those of SQS queues), and
// these must lead here again.
async function forward(behind, mends, call, incoming, body, outgoing) {
  const headers = [];
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    // The body has been read: it goes on in one piece, with its length.
    if (!/^(transfer-encoding|content-length|connection|expect)$/i.test(incoming.rawHeaders[i])) {
      headers.push([incoming.rawHeaders[i], incoming.rawHeaders[i + 1]]);
    }
  }
  const ask = (method, path, content, change = {}) => exchange(behind, method, path, headers, change, content);
  const mend = mends?.of(call);
  try {
    const asked = mend?.request ? await mend.request(body, ask) : body;
    const answer = await ask(incoming.method, incoming.url, asked);
    let content = answer.body;
    if (mend?.answer && answer.status < 300) content = Buffer.from(await mend.answer(content.toString("utf8"), ask));
    const kept = [];
    for (let i = 0; i < answer.rawHeaders.length; i += 2) {
      // A HEAD's length is that of what it would have had.
      const length = /^content-length$/i.test(answer.rawHeaders[i]) && incoming.method !== "HEAD";
      if (!length && !/^(transfer-encoding|connection)$/i.test(answer.rawHeaders[i])) {
        kept.push(answer.rawHeaders[i], answer.rawHeaders[i + 1]);
      }
    }
    outgoing.writeHead(answer.status, kept);
    outgoing.end(content);
  } catch (error) {
    outgoing.writeHead(502, { "content-type": "text/plain" });
    outgoing.end(`The emulator at ${behind} does not answer: ${error.message}\n`);
  }
}

// exchange makes one call of the emulator.
function exchange(behind, method, path, headers, change, content) {
  const target = new URL(behind);
  const all = headers.flatMap(([name, value]) => [name, change[name.toLowerCase()] ?? value]);
  if (content.length > 0 || !/^(GET|HEAD)$/.test(method)) all.push("Content-Length", String(content.length));
  return new Promise((resolve, reject) => {
    const options = { host: target.hostname, port: target.port, method, path, headers: all, setHost: false };
    const onward = send(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode, rawHeaders: response.rawHeaders, body: Buffer.concat(chunks) }),
      );
      response.on("error", reject);
    });
    onward.on("error", reject);
    onward.end(content);
  });
}

function main() {
  const { values } = parseArgs({
    options: { port: { type: "string", default: "0" }, log: { type: "string" }, behind: { type: "string" }, raw: { type: "boolean" } },
  });
  const log = values.log && createWriteStream(values.log, { flags: "a" });
  const server = standin({
    behind: values.behind,
    raw: values.raw,
    record: log ? (entry) => log.write(`${JSON.stringify(entry)}\n`) : undefined,
  });
  server.listen(Number(values.port), "127.0.0.1", () => {
    process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
  });
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, () => {
      server.close(() => process.exit(0));
      server.closeAllConnections();
    });
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) main();
