import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import {
  Client,
  type Clock,
  type Config,
  type Event,
  type Logger,
  type Result,
  type Status,
  type Transport,
  type TransportRequest,
} from "../src/index.js";

/** A clock that stands still until it is told to go on. */
export class FakeClock implements Clock {
  #now: number;
  #timers: { at: number; wake: () => void }[] = [];

  constructor(start = Date.UTC(2024, 4, 1, 12)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimeout(wake: () => void, delay: number): unknown {
    const timer = { at: this.#now + delay, wake };
    this.#timers.push(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.#timers = this.#timers.filter((t) => t !== timer);
  }

  /** How many timers run. */
  get running(): number {
    return this.#timers.length;
  }

  /** Lets time pass and everything happen that is due. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await turns();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#ring(next);
      await turns();
    }
    this.#now = until;
  }

  /** Lets time pass, as much as it takes, until the work is done. */
  async until<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const over = () => (done = true);
    work.then(over, over);
    await turns();
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it is set in a callback
    while (!done) {
      const next = this.#next(Infinity);
      if (next !== undefined) this.#ring(next);
      await turns();
    }
    return work;
  }

  #next(until: number): { at: number; wake: () => void } | undefined {
    const due = this.#timers.filter((t) => t.at <= until);
    return due.reduce<(typeof due)[0] | undefined>(
      (a, b) => (a === undefined || b.at < a.at ? b : a),
      undefined,
    );
  }

  #ring(timer: { at: number; wake: () => void }): void {
    this.clearTimeout(timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.wake();
  }
}

/** Lets everything that is ready run. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise(setImmediate);
}

/** One request as the API got it. */
export interface Received {
  call: string;
  headers: Record<string, string>;
  /** Unpacked. */
  body: string;
  /** The event ids, or the user ids. */
  ids: string[];
  items: Record<string, unknown>[];
  at: number;
}

/** What an API answers. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** Breaks the connection in an answer's place. */
export class Broken extends Error {}

/** Answers as the collection API does, and keeps what it accepts. */
export class FakeApi {
  readonly requests: Received[] = [];
  /** How often each event or user was accepted. */
  readonly stored = new Map<string, number>();
  /** May answer in the API's place; n counts the requests from 0. */
  before: (n: number, request: Received) => Answer | undefined | Promise<Answer | undefined> = () =>
    undefined;
  /** May refuse an item, by the code that it gives. */
  refuse: (id: string) => string | undefined = () => undefined;
  /** Tells whether the answer is lost once the items are stored. */
  lose: () => boolean = () => false;
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async handle(call: string, headers: Record<string, string>, body: Uint8Array): Promise<Answer> {
    const unpacked =
      body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body).toString() : Buffer.from(body).toString();
    const parsed = JSON.parse(unpacked) as Record<string, Record<string, unknown>[]>;
    const items = parsed[call === "POST /v1/events" ? "events" : "users"] ?? [];
    const ids = items.map((item) => String(item.event_id ?? item.user_id));
    const request = { call, headers, body: unpacked, ids, items, at: this.#now() };
    const n = this.requests.push(request) - 1;
    const instead = await this.before(n, request);
    if (instead !== undefined) return instead;
    const rejected: { index: number; code: string; message: string }[] = [];
    ids.forEach((id, index) => {
      const code = this.refuse(id);
      if (code === undefined) this.stored.set(id, (this.stored.get(id) ?? 0) + 1);
      else rejected.push({ index, code, message: `refused ${id}` });
    });
    if (this.lose()) throw new Broken("the answer is lost");
    return { status: 202, body: JSON.stringify({ accepted: ids.length - rejected.length, rejected }) };
  }

  /** Carries requests to this API with no network between. */
  readonly transport: Transport = async (url: string, request: TransportRequest) => {
    const path = new URL(url).pathname.replace(/^\/prod/, "");
    const work = this.handle(
      `${request.method} ${path}`,
      request.headers,
      typeof request.body === "string" ? Buffer.from(request.body) : Buffer.from(request.body),
    );
    const aborted = new Promise<never>((_, reject) =>
      request.signal.addEventListener("abort", () => reject(request.signal.reason as Error)),
    );
    const { status, headers = {}, body = "" } = await Promise.race([work, aborted]);
    const known = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    return {
      status,
      headers: { get: (name) => known.get(name.toLowerCase()) ?? null },
      text: () => Promise.resolve(body),
    };
  };
}

/** A before that gives the first requests these statuses; "broken" breaks the connection. */
export function answers(...statuses: (number | "broken")[]): FakeApi["before"] {
  return (n) => {
    const status = statuses[n];
    if (status === undefined) return undefined;
    if (status === "broken") throw new Broken("the connection broke");
    return { status };
  };
}

/** Never settles, as a server that does not answer. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

/** What a client logs. */
export class Log implements Logger {
  readonly lines: { level: "warn" | "error"; message: string; details: Readonly<Record<string, unknown>> }[] =
    [];

  warn(message: string, details: Readonly<Record<string, unknown>>): void {
    this.lines.push({ level: "warn", message, details });
  }

  error(message: string, details: Readonly<Record<string, unknown>>): void {
    this.lines.push({ level: "error", message, details });
  }

  /** The lines as text. */
  get text(): string {
    return this.lines
      .map(
        ({ level, message, details }) =>
          `${level} ${message} ` +
          Object.entries(details)
            .map(([name, value]) => `${name}=${String(value)}`)
            .join(" "),
      )
      .join("\n");
  }
}

/**
 * Randomness without chance: ids count up, and pauses are zero, or the longest, since eight bytes are drawn for a pause
 * and ten for an id.
 */
export function steady(pauses: "zero" | "longest" = "zero"): (bytes: Uint8Array) => void {
  let n = 0;
  return (bytes) => {
    bytes.fill(bytes.length === 8 && pauses === "longest" ? 0xff : 0);
    if (bytes.length === 10) Buffer.from(bytes.buffer, bytes.byteOffset, 10).writeUInt32BE(++n, 6);
  };
}

/** Randomness that draws the longest pauses. */
export function longest(bytes: Uint8Array): void {
  bytes.fill(0xff);
}

/** A seeded generator (mulberry32): gives whole numbers from 0 to below n. */
export function draws(seed: number): (n: number) => number {
  let state = seed + 0x9e3779b9;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

/** A client of a fake API on a fake clock. */
export interface Rig {
  api: FakeApi;
  clock: FakeClock;
  client: Client;
  results: Result[];
  log: Log;
}

export function rig(change: Partial<Config> = {}): Rig {
  const clock = new FakeClock();
  const api = new FakeApi(() => clock.now());
  const results: Result[] = [];
  const log = new Log();
  const client = new Client({
    endpoint: "https://api.example.com/prod/",
    apiKey: "key-1",
    callback: (result) => results.push(result),
    transport: api.transport,
    random: steady(),
    clock,
    logger: log,
    ...change,
  });
  return { api, clock, client, results, log };
}

/** Enqueues n events with tags from 0 on. */
export function track(client: Client, n: number, event: Partial<Event> = {}): void {
  for (let tag = 0; tag < n; tag++) assert.equal(client.track({ event: "e", tag, ...event }), undefined);
}

/** The results by the messages' tags; fails when a message has more than one. */
export function byTag(results: readonly Result[]): Map<unknown, Result> {
  const map = new Map<unknown, Result>();
  for (const result of results) {
    assert.ok(!map.has(result.message.tag), `message ${String(result.message.tag)} has two results`);
    map.set(result.message.tag, result);
  }
  return map;
}

/** Fails unless each of n messages has the status. */
export function want(results: readonly Result[], n: number, status: Status): void {
  const map = byTag(results);
  assert.equal(map.size, n);
  for (const [tag, result] of map) {
    assert.equal(result.status, status, `message ${String(tag)}: ${String(result.error)}`);
    assert.equal(result.error === undefined, status === "accepted");
  }
}

/** Fails unless the promise rejects with the code; gives the error. */
export async function rejectsWith(work: Promise<unknown>, code: string): Promise<Error> {
  let caught: unknown;
  try {
    await work;
  } catch (error) {
    caught = error;
  }
  assert.ok(caught instanceof Error, `nothing was thrown; want ${code}`);
  assert.equal((caught as { code?: unknown }).code, code, caught.message);
  return caught;
}
