import { STATUS_CODES } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FullConfig } from "./config.js";
import { DataLoafError, RequestError } from "./errors.js";
import type { Message } from "./message.js";
import { version, versionHeader, wireVersion } from "./version.js";

/**
 * firstBackoff and maxBackoff bound the pause before a retry, in milliseconds; it is drawn evenly from zero to a
 * bound that doubles, so that clients that failed together do not come back together ("full jitter",
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
const firstBackoff = 200;
const maxBackoff = 30_000;
/** maxBackoff while the client closes: an API that comes back within its time must be asked within it. */
const closingBackoff = 1000;
/** Bounds what a server may ask for with Retry-After, in milliseconds. */
const maxRetryAfter = 5 * 60_000;
/** The body size in bytes from which compression pays. */
const gzipThreshold = 1 << 10;
/** Level 1 shrinks JSON nearly as much as the default and takes a third of the time. */
const gzipLevel = 1;

const pack = promisify(gzip);

/** One of the three calls of the API; a batch belongs to one. */
export interface Lane {
  readonly method: "POST" | "PATCH";
  readonly path: string;
  /** Opens the body; the items and "]}" follow. */
  readonly head: string;
}

/** The call for each type of message. */
export const lanes: Readonly<Record<Message["type"], Lane>> = {
  event: { method: "POST", path: "/v1/events", head: '{"events":[' },
  user: { method: "POST", path: "/v1/users", head: '{"users":[' },
  update: { method: "PATCH", path: "/v1/users", head: '{"users":[' },
};

/** A message as it is sent. */
export interface Sendable {
  readonly json: string;
  readonly bytes: number;
}

/** A message that was refused, and why. */
export interface Rejection<T> {
  item: T;
  error: DataLoafError;
}

/** What one request came to: each message is in one of the lists, or the batch was too large. */
export interface Outcome<T> {
  accepted: T[];
  rejected: Rejection<T>[];
  again: T[];
  tooLarge: boolean;
  /** The rejected are the whole request, for one reason. */
  refused: boolean;
  /** Why some are sent again. */
  error?: DataLoafError;
  /** When at the earliest, in milliseconds from now. */
  retryAfter: number;
}

/** As much of an answer as is read. */
interface Exchange {
  status: number;
  retryAfter: string | null;
  answer: string;
}

function outcome<T>(some: Partial<Outcome<T>>): Outcome<T> {
  return { accepted: [], rejected: [], again: [], tooLarge: false, refused: false, retryAfter: 0, ...some };
}

/** Sends one request and tells what it came to; it does not throw. `ended` ends what is under way. */
export async function send<T extends Sendable>(
  config: FullConfig,
  lane: Lane,
  items: readonly T[],
  ended: Ending,
): Promise<Outcome<T>> {
  let response: Exchange;
  const { body, packed } = await bodyOf(lane, items);
  const attempt = new AbortController();
  const timer = config.clock.setTimeout(
    () => attempt.abort(new DataLoafError("network", `no answer within ${config.requestTimeout} ms`)),
    config.requestTimeout,
  );
  const forget = ended.onEnd(() => attempt.abort(new DataLoafError("closed", "the client is closed")));
  try {
    const exchange = async (): Promise<Exchange> => {
      const got = await config.transport(config.endpoint + lane.path, {
        method: lane.method,
        headers: {
          "Content-Type": "application/json",
          "x-api-key": config.apiKey,
          "User-Agent": `dataloaf-node/${version}`,
          [versionHeader]: String(wireVersion),
          ...(packed ? { "Content-Encoding": "gzip" } : {}),
        },
        body,
        redirect: "manual",
        signal: attempt.signal,
      });
      // A body that is read to its end lets the connection be used again.
      return { status: got.status, retryAfter: got.headers.get("Retry-After"), answer: await got.text() };
    };
    // A transport that does not mind the signal must not hold the client.
    response = await unlessAborted(exchange(), attempt.signal);
  } catch (error) {
    return outcome({ again: [...items], error: networkError(error) });
  } finally {
    config.clock.clearTimeout(timer);
    forget();
  }
  const { status, answer } = response;
  if (status >= 200 && status < 300) return read(config, items, status, answer);
  if (status === 408 || status === 429 || status >= 500) {
    return outcome({
      again: [...items],
      error: refusal(status, answer),
      retryAfter: retryAfter(response.retryAfter, config.clock.now()),
    });
  }
  if (status === 413 && items.length > 1) return outcome({ tooLarge: true });
  return refuseAll(items, refusal(status, answer));
}

async function bodyOf(
  lane: Lane,
  items: readonly Sendable[],
): Promise<{ body: string | ArrayBuffer; packed: boolean }> {
  const body = `${lane.head}${items.map((item) => item.json).join(",")}]}`;
  const bytes = items.reduce((sum, item) => sum + item.bytes + 1, lane.head.length + 2);
  if (bytes < gzipThreshold) return { body, packed: false };
  try {
    const { buffer, byteOffset, length } = await pack(body, { level: gzipLevel });
    // The types of fetch differ in which views they take, and agree on this.
    return { body: buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer, packed: true };
  } catch {
    return { body, packed: false }; // without the memory for it
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject);
  });
}

function networkError(error: unknown): DataLoafError {
  if (error instanceof DataLoafError) return error;
  // fetch says only "fetch failed"; what did is its cause.
  const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
  const because = cause instanceof Error ? `: ${cause.message || cause.name}` : "";
  return new DataLoafError("network", `the request failed: ${message}${because}`, { cause: error });
}

function refuseAll<T>(items: readonly T[], error: DataLoafError): Outcome<T> {
  return outcome({ rejected: items.map((item) => ({ item, error })), refused: true });
}

/** Takes the item-by-item answer apart. */
function read<T>(config: FullConfig, items: readonly T[], status: number, body: string): Outcome<T> {
  const answer = json(body) as { accepted?: unknown; rejected?: unknown } | undefined;
  const list: unknown = answer?.rejected ?? [];
  if (typeof answer?.accepted !== "number" || !Array.isArray(list)) {
    return refuseAll(
      items,
      new RequestError(
        status,
        "not_dataloaf",
        `${config.endpoint} answers, but not as a DataLoaf collection API does; check endpoint`,
      ),
    );
  }
  const told = outcome<T>({});
  const named = new Set<number>();
  for (const one of list as unknown[]) {
    const { index, code, message } = (one ?? {}) as { index?: unknown; code?: unknown; message?: unknown };
    if (typeof index !== "number" || named.has(index)) return miscounted(items);
    const item = items[index];
    if (item === undefined) return miscounted(items);
    named.add(index);
    const error = new DataLoafError(text(code) ?? "not_dataloaf", text(message) ?? "the API gave no reason");
    if (code === "unavailable") {
      told.again.push(item);
      told.error = error;
    } else {
      told.rejected.push({ item, error });
    }
  }
  if (answer.accepted + named.size !== items.length) return miscounted(items);
  told.accepted = items.filter((_, index) => !named.has(index));
  return told;
}

/** An answer that does not add up: nobody knows what was stored, and sending it again does no harm. */
function miscounted<T>(items: readonly T[]): Outcome<T> {
  return outcome({
    again: [...items],
    error: new DataLoafError("not_dataloaf", "the API's answer does not name every message once"),
  });
}

/** Why an answer is not 2xx. */
function refusal(status: number, body: string): RequestError {
  // What is not JSON has no message; the status speaks for itself. API Gateway itself puts its message outside.
  const answer = json(body) as
    { error?: { code?: unknown; message?: unknown }; message?: unknown } | undefined;
  const message = text(answer?.error?.message) ?? text(answer?.message) ?? STATUS_CODES[status] ?? "";
  const code = text(answer?.error?.code) ?? `http_${status}`;
  let hint = "";
  if (status === 401 || status === 403) hint = "; check apiKey";
  else if (status === 404 || status < 400) hint = "; check endpoint";
  return new RequestError(status, code, `the API answered ${status}: ${message}${hint}`);
}

function json(body: string): object | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Reads the header, seconds or a date (RFC 9110, section 10.2.3), as milliseconds from now. */
function retryAfter(header: string | null, now: number): number {
  if (header === null) return 0;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : httpDate(header) - now;
  return Number.isNaN(wait) ? 0 : Math.min(Math.max(wait, 0), maxRetryAfter);
}

/** The time of an HTTP date in milliseconds since 1970; NaN for anything else, which Date.parse would guess at. */
function httpDate(header: string): number {
  if (/^[A-Z][a-z]+, .* GMT$/.test(header)) return Date.parse(header);
  // The form of asctime names no zone and means GMT.
  return /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}$/.test(header)
    ? Date.parse(`${header} GMT`)
    : NaN;
}

/** The pause after an attempt, from 0: even from zero to a bound that doubles, in milliseconds. */
export function backoff(attempt: number, closing: boolean, random: (bytes: Uint8Array) => void): number {
  const most = Math.min(closing ? closingBackoff : maxBackoff, firstBackoff * 2 ** Math.min(attempt, 16));
  const drawn = Buffer.alloc(8);
  try {
    random(drawn);
  } catch {
    return most; // without randomness the longest pause is the kindest
  }
  // Its upper 32 bits as a fraction of 2^32.
  return Math.floor((drawn.readUInt32LE(4) / 2 ** 32) * most);
}

/** Something that happens once, and those that want to know. A promise could not forget them. */
export class Ending {
  #over = false;
  readonly #waiting = new Set<() => void>();

  get over(): boolean {
    return this.#over;
  }

  /** Calls back when it happens, at once if it has; gives what takes that back. */
  onEnd(call: () => void): () => void {
    if (this.#over) {
      call();
      return () => undefined;
    }
    const one = () => call();
    this.#waiting.add(one);
    return () => this.#waiting.delete(one);
  }

  happen(): void {
    this.#over = true;
    for (const call of [...this.#waiting]) call();
    this.#waiting.clear();
  }
}
