import { randomFillSync } from "node:crypto";
import { systemClock, type Clock } from "./clock.js";
import { DataLoafError } from "./errors.js";
import { maxBodyBytes, maxItems } from "./limits.js";
import type { Message } from "./message.js";
import type { Result } from "./result.js";

/**
 * Messages in a request: all that the API takes, since a stack pays for each request. Where messages are few, the flush
 * interval ends a batch long before.
 */
export const defaultMaxBatchItems = 500;
/** Bytes in a request before compression: well under the API's 4 MiB, so that a slow uplink finishes in time. */
export const defaultMaxBatchBytes = 512 << 10;
/** How long a message waits for company, in milliseconds: short enough for a person who looks for the event. */
export const defaultFlushInterval = 1000;
/** Messages held in memory while the API is away: minutes of a busy service. */
export const defaultMaxQueueItems = 100_000;
/** Bytes of messages held in memory while the API is away: a small container has them to spare. */
export const defaultMaxQueueBytes = 64 << 20;
/** Requests under way at once: enough to keep up across an ocean, few enough not to trip a stack's throttle. */
export const defaultSenders = 4;
/** The time for one attempt, in milliseconds: a little more than the 29 s after which API Gateway gives up. */
export const defaultRequestTimeout = 30_000;
/**
 * How long a batch is tried, in milliseconds: longer than a deployment or a short outage. With a spool there is no such
 * end unless the options set one.
 */
export const defaultMaxRetryTime = 10 * 60_000;
/** How long `close` takes at most, in milliseconds: as long as Kubernetes waits after SIGTERM. */
export const defaultCloseTimeout = 30_000;
/** The bytes of a spool: about a million messages, and a size that most disks have to spare. */
export const defaultSpoolMaxBytes = 256 << 20;
/** The least that a spool may have, in bytes: the largest message and its neighbours fit. */
export const minSpoolMaxBytes = 1 << 20;
/** How much of its last messages a machine that loses power may lose, in milliseconds. */
export const defaultSpoolSyncInterval = 1000;

/**
 * A queue on disk. What was enqueued survives a crash and an outage of any length, within `maxBytes`, and is delivered
 * by the next client that opens the folder. The messages keep their ids and times, so that one that is sent twice counts
 * once, and their order. A folder serves one client at a time.
 */
export interface SpoolConfig {
  /** The folder, on a local disk; made when it is absent. */
  dir: string;
  /** Bounds the folder's files, in bytes, 1 MiB at least. Beyond, a call says `queue_full`. Default 256 MiB. */
  maxBytes?: number | undefined;
  /**
   * When the disk is told to make sure (fsync), and so what a loss of power may cost; a crash of the process alone costs
   * nothing. `interval`: at most `syncInterval` after a message, in the background. `always`: before the call returns,
   * which holds the event loop for as long as the disk takes. `never`: when the system likes. Default `interval`.
   */
  sync?: "interval" | "always" | "never" | undefined;
  /** Milliseconds. Default 1,000. */
  syncInterval?: number | undefined;
}

/** A SpoolConfig with its defaults. */
export type FullSpoolConfig = { [Name in keyof SpoolConfig]-?: NonNullable<SpoolConfig[Name]> };

/** Where the client says what goes wrong. `console` is one. */
export interface Logger {
  warn(message: string, details: Readonly<Record<string, unknown>>): void;
  error(message: string, details: Readonly<Record<string, unknown>>): void;
}

/** What a transport gets, as the second argument of `fetch`. */
export interface TransportRequest {
  method: "POST" | "PATCH";
  headers: Record<string, string>;
  /** JSON, as text or packed with gzip. */
  body: string | ArrayBuffer;
  /** Redirects are not followed: a redirected POST would arrive as a GET, without its body. */
  redirect: "manual";
  /** Aborted when the attempt has taken `requestTimeout`, or when `close` runs out of time. */
  signal: AbortSignal;
}

/** What a transport gives: as much of a Response of `fetch` as the client reads. */
export interface TransportResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** Carries requests, as `fetch` does; it rejects when no answer comes. */
export type Transport = (url: string, request: TransportRequest) => Promise<TransportResponse>;

/** Says where messages go and how. `endpoint` and `apiKey` are enough. Times are in milliseconds. */
export interface Config {
  /**
   * The address of the collection API, for example
   * `https://abc123.execute-api.eu-central-1.amazonaws.com/prod`.
   */
  endpoint: string;
  /** Sent as x-api-key. */
  apiKey: string;
  /** Messages in a request, 500 at most, which is the default. */
  maxBatchItems?: number | undefined;
  /** Bytes in a request before compression, 4 MiB at most. Default 512 KiB. */
  maxBatchBytes?: number | undefined;
  /** How long a message waits for company, in milliseconds. Default 1,000. */
  flushInterval?: number | undefined;
  /**
   * Messages in memory, those under way included; beyond, a call says `queue_full`, or with a spool the message lies on
   * disk alone. Default 100,000.
   */
  maxQueueItems?: number | undefined;
  /** Bytes of messages in memory, as `maxQueueItems`. Default 64 MiB. */
  maxQueueBytes?: number | undefined;
  /** Requests under way at once. Default 4. */
  senders?: number | undefined;
  /** The time for one attempt, in milliseconds. Default 30,000. */
  requestTimeout?: number | undefined;
  /** The time for all attempts at a batch, in milliseconds. Default 600,000; with a spool, no end. */
  maxRetryTime?: number | undefined;
  /** Keeps messages on disk until they have their result. Default none. */
  spool?: SpoolConfig | undefined;
  /**
   * Called once for every message that was enqueued, with what became of it (a crash between may make a spool tell it
   * again). It may enqueue; it must not wait for `flush` or `close`, which wait for it. Without one, what is refused is
   * logged.
   */
  callback?: ((result: Result) => void) | undefined;
  /**
   * Gets every message before it is checked, queued or written to disk, and gives the one to send in its place, for
   * example without an address. Null drops it, and Stats counts it as filtered. When it throws, the message is not
   * taken, for what was to be redacted must not slip through.
   */
  beforeSend?: ((message: Message) => Message | null) | undefined;
  /** Gets what goes wrong. Default `console`. */
  logger?: Logger | undefined;
  /** Carries the requests. Default the global `fetch`. */
  transport?: Transport | undefined;
  /** Tells the time and wakes the client. Default the machine's clock. */
  clock?: Clock | undefined;
  /** Fills bytes with randomness, for ids and pauses. Default that of node:crypto. */
  random?: ((bytes: Uint8Array) => void) | undefined;
  /**
   * Delivers what is queued when the process has nothing left to do (`beforeExit`) and on SIGTERM. Default false:
   * a library does not listen to signals unasked.
   */
  handleExit?: boolean | undefined;
}

/** A Config with its defaults. */
export interface FullConfig {
  endpoint: string;
  apiKey: string;
  maxBatchItems: number;
  maxBatchBytes: number;
  flushInterval: number;
  maxQueueItems: number;
  maxQueueBytes: number;
  senders: number;
  requestTimeout: number;
  maxRetryTime: number;
  spool: FullSpoolConfig | undefined;
  callback: ((result: Result) => void) | undefined;
  beforeSend: ((message: Message) => Message | null) | undefined;
  logger: Logger;
  transport: Transport;
  clock: Clock;
  random: (bytes: Uint8Array) => void;
  handleExit: boolean;
}

/** The longest time that a timer of Node.js can wait: 24.8 days. */
const longestTimer = 2 ** 31 - 1;

/** Checks the options and fills those that are absent. Throws a DataLoafError with the code config_invalid. */
export function withDefaults(config: Config): FullConfig {
  // Of a program without types anything may come.
  if (typeof (config as unknown) !== "object" || (config as unknown) === null) {
    throw invalid("the options are missing; new Client takes { endpoint, apiKey }");
  }
  const full: FullConfig = {
    endpoint: endpointOf(config.endpoint),
    apiKey: keyOf(config.apiKey),
    maxBatchItems: count("maxBatchItems", config.maxBatchItems, defaultMaxBatchItems, maxItems),
    maxBatchBytes: count("maxBatchBytes", config.maxBatchBytes, defaultMaxBatchBytes, maxBodyBytes),
    flushInterval: milliseconds("flushInterval", config.flushInterval, defaultFlushInterval),
    maxQueueItems: count("maxQueueItems", config.maxQueueItems, defaultMaxQueueItems),
    maxQueueBytes: count("maxQueueBytes", config.maxQueueBytes, defaultMaxQueueBytes),
    senders: count("senders", config.senders, defaultSenders),
    requestTimeout: milliseconds("requestTimeout", config.requestTimeout, defaultRequestTimeout),
    // What lies on disk has time: there the spool's bytes are the bound.
    maxRetryTime:
      config.maxRetryTime === undefined && config.spool !== undefined
        ? Infinity
        : milliseconds("maxRetryTime", config.maxRetryTime, defaultMaxRetryTime),
    spool: config.spool === undefined ? undefined : spoolOf(config.spool),
    callback: hook(config, "callback"),
    beforeSend: hook(config, "beforeSend"),
    logger: guarded(config.logger ?? console),
    transport: hook(config, "transport") ?? fetchTransport,
    clock: config.clock ?? systemClock,
    random: hook(config, "random") ?? pooledRandom(),
    handleExit: config.handleExit ?? false,
  };
  refuseUnknown(config, full, "");
  return full;
}

function invalid(message: string): DataLoafError {
  return new DataLoafError("config_invalid", message);
}

function endpointOf(value: unknown): string {
  if (typeof value !== "string" || value === "") {
    throw invalid("endpoint is empty; set the address of the collection API");
  }
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw invalid(`endpoint ${JSON.stringify(value)} is no URL; it looks like https://api.example.com/prod`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw invalid(
      `endpoint ${JSON.stringify(value)} is no http or https URL; it looks like https://api.example.com/prod`,
    );
  }
  // Of "https://api.example.com/?" url.search is empty.
  if (/[?#]/.test(value)) {
    throw invalid(`endpoint ${JSON.stringify(value)} has a query or a fragment; set the address alone`);
  }
  if (url.username !== "" || url.password !== "") {
    throw invalid("endpoint holds a user name or a password; set the address alone");
  }
  return url.href.replace(/\/+$/, "");
}

function keyOf(value: unknown): string {
  if (typeof value !== "string" || value === "") throw invalid("apiKey is empty; set the stack's API key");
  if (!/^[!-~]+$/.test(value)) {
    throw invalid("apiKey holds a space, a line break or a character beyond ASCII; a header cannot carry it");
  }
  return value;
}

function count(name: string, value: unknown, otherwise: number, most = Infinity): number {
  if (value === undefined) return otherwise;
  if (typeof value !== "number" || !(value >= 1) || !(Number.isInteger(value) || value === Infinity)) {
    throw invalid(`${name} is ${shown(value)}; it must be a whole number from 1, or absent for ${otherwise}`);
  }
  if (value > most) throw invalid(`${name} is ${value}; the API takes at most ${most}`);
  return value;
}

function milliseconds(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value !== "number" || !(value > 0) || value > longestTimer) {
    throw invalid(
      `${name} is ${shown(value)}; it must be a number of milliseconds from 1 to ${longestTimer}, or absent for ${otherwise}`,
    );
  }
  return value;
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

function spoolOf(config: SpoolConfig): FullSpoolConfig {
  if (typeof (config as unknown) !== "object" || (config as unknown) === null) {
    throw invalid("spool must be an object with the folder as dir");
  }
  const full: FullSpoolConfig = {
    dir: config.dir,
    maxBytes: count("spool.maxBytes", config.maxBytes, defaultSpoolMaxBytes),
    sync: config.sync ?? "interval",
    syncInterval: milliseconds("spool.syncInterval", config.syncInterval, defaultSpoolSyncInterval),
  };
  if (typeof (full.dir as unknown) !== "string" || full.dir === "") {
    throw invalid("spool.dir is empty; set the folder, or leave spool out");
  }
  if (full.maxBytes < minSpoolMaxBytes) {
    throw invalid(
      `spool.maxBytes is ${full.maxBytes}; it must be at least ${minSpoolMaxBytes}, or absent for ${defaultSpoolMaxBytes}`,
    );
  }
  if (!["interval", "always", "never"].includes(full.sync)) {
    throw invalid(`spool.sync is ${JSON.stringify(full.sync)}; use "interval", "always" or "never"`);
  }
  refuseUnknown(config, full, "spool.");
  return full;
}

/** A name that is misspelt must not leave a default in its place without a word. */
function refuseUnknown(given: object, known: object, prefix: string): void {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name)) {
      throw invalid(`there is no option ${prefix}${name}; there are ${Object.keys(known).join(", ")}`);
    }
  }
}

type HookOption = "callback" | "beforeSend" | "transport" | "random";

function hook<Name extends HookOption>(config: Config, name: Name): Config[Name] {
  const value = config[name];
  if (value !== undefined && typeof value !== "function") throw invalid(`${name} must be a function`);
  return value;
}

/** A logger that throws must not stop a delivery. */
function guarded(logger: Logger): Logger {
  const guard = (write: () => void) => {
    try {
      write();
    } catch {
      // There is nowhere left to say it.
    }
  };
  return {
    warn: (message, details) => guard(() => logger.warn(message, details)),
    error: (message, details) => guard(() => logger.error(message, details)),
  };
}

/** Looks fetch up at each call, so that one that a program or a test puts in its place is used. */
const fetchTransport: Transport = (url, request) => fetch(url, request);

/** Reads the system's randomness some ids ahead: a call into it for every event would cost more than the rest. */
function pooledRandom(): (bytes: Uint8Array) => void {
  const pool = Buffer.alloc(4096);
  let used = pool.length;
  return (bytes) => {
    if (used + bytes.length > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    bytes.set(pool.subarray(used, used + bytes.length));
    used += bytes.length;
  };
}
