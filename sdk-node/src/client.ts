import { systemClock } from "./clock.js";
import { defaultCloseTimeout, withDefaults, type Config, type FullConfig } from "./config.js";
import type { Disk } from "./disk.js";
import { Ending, backoff, lanes, send, type Outcome } from "./deliver.js";
import { DataLoafError } from "./errors.js";
import { handleExit } from "./exit.js";
import {
  complete,
  decode,
  encode,
  typed,
  type Encoded,
  type Event,
  type Message,
  type Update,
  type User,
} from "./message.js";
import type { Result, Stats, Status } from "./result.js";
import { Spool, type Place } from "./spool.js";

/** How long a wait may take. Both may be absent. */
export interface WaitOptions {
  /** Milliseconds. */
  timeout?: number | undefined;
  /** Ends the wait when it is aborted. */
  signal?: AbortSignal | undefined;
}

/** What a Client does. Code that takes this works with the clients of `@dataloaf/node/testing`, too. */
export interface Analytics {
  track(event: Event): DataLoafError | undefined;
  createUser(user: User): DataLoafError | undefined;
  updateUser(update: Update): DataLoafError | undefined;
  enqueue(message: Message): DataLoafError | undefined;
  enqueueWait(message: Message, options?: WaitOptions): Promise<void>;
  flush(options?: WaitOptions): Promise<void>;
  close(options?: WaitOptions): Promise<void>;
  stats(): Stats;
}

/** A message in memory that has no result yet. */
interface Queued {
  type: Message["type"];
  /** Absent where nobody will ask for it, and for one that was read back from the spool. */
  message: Message | undefined;
  json: string;
  bytes: number;
  /** Counts the messages in the order in which they came. */
  number: number;
  /** Where it lies in the spool, where there is one. */
  place: Place | undefined;
}

/** The messages of one request. */
interface Batch {
  type: Message["type"];
  items: Queued[];
  bytes: number;
  /** Cuts the batch when it has waited long enough. */
  timer: unknown;
}

/** A flush that waits: for the messages up to a number, of which some have no result yet. */
interface Flush {
  upTo: number;
  left: number;
}

/** What a message takes in memory beside its JSON, about, in bytes. */
const overhead = 128;

/** What stands around the items of a body, and more, in bytes. */
const envelope = 32;

/** How many messages are read back from the spool before others have their turn. */
const refillAtOnce = 500;

/** How long a disk that cannot be read is left alone, in milliseconds. */
const readAgain = 1000;

/** Kinds of errors that were logged, which are not logged again; the number is bounded. */
const mostKinds = 100;

/**
 * Sends messages. Making one checks the options and throws a DataLoafError: `config_invalid`, or for a spool
 * `spool_in_use` or `spool_failed`.
 *
 * `track`, `createUser`, `updateUser` and `enqueue` never wait and never throw: they return an error, or undefined when
 * the message was taken, so that analytics that are away or misused take no request of yours down with them. What is not
 * taken is counted in Stats, and logged: each kind once. What gives a promise rejects as any promise does.
 */
export class Client implements Analytics {
  readonly #config: FullConfig;
  readonly #spool: Spool | undefined;
  /** Happens when close is called: pauses end, what can still go goes now. */
  readonly #closing = new Ending();
  /** Happens when close runs out of time. */
  readonly #ended = new Ending();
  readonly #open = new Map<Message["type"], Batch>();
  readonly #ready: Batch[] = [];
  #sending = 0;
  /** What is in memory. */
  #queued = 0;
  #bytes = 0;
  /** The number of the newest message in memory. */
  #number = 0;
  #refilling = false;
  #closed: Promise<void> | undefined;
  readonly #flushes = new Set<Flush>();
  /** Those who wait for something to change; each looks, and goes when its wait is over. */
  readonly #waiting = new Set<() => void>();
  readonly #logged = new Set<string>();
  /** A full queue was logged, and no message was taken since. */
  #fullIsKnown = false;
  readonly #stats: Omit<Stats, "pending"> = {
    enqueued: 0,
    recovered: 0,
    accepted: 0,
    rejected: 0,
    dropped: 0,
    queueFull: 0,
    invalid: 0,
    filtered: 0,
    retries: 0,
  };
  readonly #forgetExit: () => void;

  constructor(config: Config);
  /** @internal Tests have a disk that crashes. */
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- the types that are published have but one
  constructor(config: Config, disk: Disk);
  constructor(config: Config, disk?: Disk) {
    this.#config = withDefaults(config);
    const { spool, clock, logger } = this.#config;
    if (spool !== undefined) {
      this.#spool = new Spool(spool, clock, logger, disk);
      this.#stats.recovered = this.#spool.recovered;
      this.#refill();
    }
    this.#forgetExit = this.#config.handleExit ? handleExit(this, process, logger) : () => undefined;
  }

  /** Enqueues an event; see {@link enqueue}. */
  track(event: Event): DataLoafError | undefined {
    return this.enqueue(typed("event", event));
  }

  /** Enqueues a new user; see {@link enqueue}. */
  createUser(user: User): DataLoafError | undefined {
    return this.enqueue(typed("user", user));
  }

  /** Enqueues a user update; see {@link enqueue}. */
  updateUser(update: Update): DataLoafError | undefined {
    return this.enqueue(typed("update", update));
  }

  /**
   * Takes a message without waiting, and returns undefined. Or it returns why the message was not taken, and then there
   * is no Result of it: an ItemError that names the field that breaks a rule of the API, or a DataLoafError with the
   * code `queue_full`, `closed`, `spool_failed` or `hook_failed`. What the message refers to may be changed afterwards.
   */
  enqueue(message: Message): DataLoafError | undefined {
    const encoded = this.#encode(message);
    if (encoded === undefined || encoded instanceof DataLoafError) return encoded;
    if (this.#closing.over) return closedError();
    if (!this.#hasRoom(encoded.bytes)) {
      this.#stats.queueFull++;
      const { pending } = this.stats();
      if (!this.#fullIsKnown) {
        this.#fullIsKnown = true;
        this.#config.logger.error("dataloaf: the queue is full, messages are lost", { pending });
      }
      return new DataLoafError("queue_full", `the queue is full: ${pending} messages wait to be sent`);
    }
    return this.#put(encoded);
  }

  /**
   * Is enqueue for programs that have nothing better to do than wait until there is room, such as imports. Rejects with
   * the errors of {@link enqueue}, or with `timeout` or `aborted` when the wait ended first.
   */
  async enqueueWait(message: Message, options: WaitOptions = {}): Promise<void> {
    const encoded = this.#encode(message);
    if (encoded instanceof DataLoafError) throw encoded;
    if (encoded === undefined) return;
    const mayGo = () => {
      if (this.#closing.over || this.#hasRoom(encoded.bytes)) return true;
      // Where nothing is on its way that could make room, what is open goes now. Otherwise it may fill up; small batches
      // would only be slower.
      if (this.#allOpen()) this.#cutAll();
      return false;
    };
    // Of several who wait the first may have taken the room.
    while (!mayGo()) await this.#wait(mayGo, options, () => "wait for room in the queue");
    const error = this.#closing.over ? closedError() : this.#put(encoded);
    if (error !== undefined) throw error;
  }

  /**
   * Sends what is queued at once and waits until every message that was enqueued before it has its result, whichever that
   * is. Rejects with `timeout` or `aborted` when the wait ended first; the messages are still being delivered then. With
   * a spool it rejects with `closed` when the client is closed meanwhile. The process does not end while a flush waits.
   */
  async flush(options: WaitOptions = {}): Promise<void> {
    const { enqueued, recovered } = this.#stats;
    const flush: Flush = { upTo: enqueued + recovered, left: this.stats().pending };
    this.#cutAll();
    this.#flushes.add(flush);
    const what = () => `flush: ${flush.left} messages are not delivered yet`;
    try {
      await this.#wait(() => flush.left === 0 || this.#ended.over, options, what);
    } finally {
      this.#flushes.delete(flush);
    }
    if (flush.left > 0) throw new DataLoafError("closed", `flush: ${flush.left} messages stay in the spool`);
  }

  /**
   * Delivers what is queued and ends the client. It takes 30 seconds at most, or `timeout` milliseconds. What is not
   * delivered by then is reported as dropped, and the promise rejects with `not_delivered` and says how many messages that
   * were. With a spool it stays on disk instead, without a result: that is no error, Stats counts it as pending, and the
   * next client delivers it. Closing again gives the first promise.
   */
  close(options: WaitOptions = {}): Promise<void> {
    this.#closed ??= this.#close({ timeout: defaultCloseTimeout, ...options });
    return this.#closed;
  }

  async #close(options: WaitOptions): Promise<void> {
    const before = this.#stats.dropped;
    this.#closing.happen();
    this.#changed();
    let late: unknown;
    try {
      await this.flush(options);
    } catch (error) {
      late = error;
    }
    // What is still under way or waits for a retry is given up now; the senders settle every batch that is left.
    this.#ended.happen();
    this.#cutAll();
    this.#changed();
    await this.#wait(
      () => this.#queued === 0,
      {},
      () => "close",
    );
    this.#forgetExit();
    this.#spool?.close();
    const dropped = this.#stats.dropped - before;
    if (dropped === 0) return;
    throw new DataLoafError(
      "not_delivered",
      late === undefined
        ? `close: ${dropped} messages could not be delivered in ${this.#config.maxRetryTime} ms of retries and are dropped`
        : `close: ${dropped} messages were not delivered and are dropped`,
      { cause: late },
    );
  }

  /** Gives the counts so far. */
  stats(): Stats {
    const { enqueued, recovered, accepted, rejected, dropped } = this.#stats;
    return { ...this.#stats, pending: enqueued + recovered - accepted - rejected - dropped };
  }

  #encode(message: Message): Encoded | DataLoafError | undefined {
    const stamp = { now: Math.floor(this.#config.clock.now()), random: this.#config.random };
    try {
      let changed = message;
      if (this.#config.beforeSend !== undefined) {
        const filtered = this.#config.beforeSend(message);
        if (filtered === null) {
          this.#stats.filtered++;
          return undefined;
        }
        changed = filtered;
      }
      return encode(complete(changed, stamp), stamp);
    } catch (error) {
      this.#stats.invalid++;
      const refused =
        error instanceof DataLoafError
          ? error
          : new DataLoafError("hook_failed", `the message was not taken: ${String(error)}`, { cause: error });
      this.#logOnce(refused);
      return refused;
    }
  }

  /** A program that ignores what a call returns must hear of it, and one that fails a thousand times a second but once. */
  #logOnce(error: DataLoafError): void {
    const kind = error.code + error.message.replace(/\d+/g, "");
    if (this.#logged.has(kind) || this.#logged.size === mostKinds) return;
    this.#logged.add(kind);
    this.#config.logger.error("dataloaf: a message was not taken", { code: error.code, error });
  }

  #hasRoom(bytes: number): boolean {
    return this.#spool === undefined ? this.#memoryFor(bytes) : this.#spool.hasRoom(bytes);
  }

  /** An empty queue takes any message, so that none waits forever. */
  #memoryFor(bytes: number): boolean {
    return (
      this.#queued === 0 ||
      (this.#queued < this.#config.maxQueueItems &&
        this.#bytes + bytes + overhead <= this.#config.maxQueueBytes)
    );
  }

  /** Takes a message, on disk first where there is a spool, and in memory where there is room. */
  #put({ message, json, bytes }: Encoded): DataLoafError | undefined {
    const { type } = message;
    let place: Place | undefined;
    if (this.#spool !== undefined) {
      try {
        place = this.#spool.append(type, json, bytes);
      } catch (error) {
        this.#logOnce(error as DataLoafError);
        return error as DataLoafError;
      }
    }
    this.#fullIsKnown = false;
    this.#stats.enqueued++;
    if (this.#spool === undefined || place === undefined) {
      this.#hold({ type, json, bytes, place, message });
    } else if (this.#spool.behind) {
      this.#refill();
    } else if (this.#memoryFor(bytes)) {
      this.#spool.held(place);
      this.#hold({ type, json, bytes, place, message });
    } else {
      this.#spool.fallBehind(place);
    }
    return undefined;
  }

  /** Puts a message into the open batch of its type. */
  #hold({ type, json, bytes, place, message }: Omit<Queued, "number">): void {
    let batch = this.#open.get(type);
    if (batch !== undefined && batch.bytes + bytes + envelope > this.#config.maxBatchBytes) {
      this.#cut(batch);
      batch = undefined;
    }
    if (batch === undefined) {
      const opened: Batch = { type, items: [], bytes: 0, timer: undefined };
      opened.timer = this.#config.clock.setTimeout(() => this.#cut(opened), this.#config.flushInterval);
      this.#open.set(type, opened);
      batch = opened;
    }
    const kept = this.#config.callback === undefined ? undefined : message;
    batch.items.push({ type, json, bytes, place, message: kept, number: ++this.#number });
    batch.bytes += bytes + 1;
    this.#queued++;
    this.#bytes += bytes + overhead;
    if (batch.items.length >= this.#config.maxBatchItems) this.#cut(batch);
  }

  /** Brings messages from disk into memory, in their order, as room comes. */
  #refill(): void {
    const spool = this.#spool;
    if (spool === undefined || this.#refilling || !spool.behind || this.#ended.over || !this.#memoryFor(0)) {
      return;
    }
    this.#refilling = true;
    const again = (error?: unknown) => {
      this.#refilling = false;
      if (error === undefined) {
        this.#refill();
        return;
      }
      this.#config.logger.error("dataloaf: the spool cannot be read; it is tried again", { error });
      this.#refilling = true;
      this.#config.clock.setTimeout(() => again(), readAgain);
    };
    // Reading is work of this process's one thread: others have their turn between.
    setImmediate(() => {
      try {
        this.#fetch(spool);
      } catch (error) {
        again(error);
        return;
      }
      again();
    });
  }

  #fetch(spool: Spool): void {
    for (let n = 0; n < refillAtOnce && !this.#ended.over; n++) {
      const { found, lost } = spool.next((bytes) => this.#memoryFor(bytes));
      if (lost > 0) this.#lose(lost);
      if (found === undefined) break;
      this.#hold({ ...found, message: undefined });
    }
    // A flush waits for what was before it; the rest may wait for company.
    if (this.#flushes.size > 0) this.#cutAll();
  }

  /** Accounts for messages that the disk has lost. */
  #lose(count: number): void {
    this.#stats.dropped += count;
    for (let n = 0; n < count; n++) this.#countDown(++this.#number);
    this.#changed();
  }

  /** Hands an open batch to the senders. */
  #cut(batch: Batch): void {
    this.#config.clock.clearTimeout(batch.timer);
    this.#open.delete(batch.type);
    this.#ready.push(batch);
    this.#pump();
  }

  #cutAll(): void {
    for (const batch of [...this.#open.values()]) this.#cut(batch);
  }

  /** Tells whether every message in memory is in an open batch. */
  #allOpen(): boolean {
    let open = 0;
    for (const batch of this.#open.values()) open += batch.items.length;
    return open === this.#queued;
  }

  /** Gives batches to senders, as many as may be under way at once. */
  #pump(): void {
    while (this.#sending < this.#config.senders) {
      const batch = this.#ready.shift();
      if (batch === undefined) return;
      this.#sending++;
      void this.#deliver(batch).finally(() => {
        this.#sending--;
        this.#pump();
      });
    }
  }

  /** Sends a batch until every message of it has its result. It does not throw. */
  async #deliver({ type, items }: Batch): Promise<void> {
    // The caller is not to wait for the making of the request.
    await Promise.resolve();
    await this.#deliverUntil(type, items, this.#config.clock.monotonic() + this.#config.maxRetryTime);
  }

  async #deliverUntil(type: Message["type"], items: Queued[], deadline: number): Promise<void> {
    const { clock, logger } = this.#config;
    let last: DataLoafError | undefined;
    for (let attempt = 0; ; attempt++) {
      if (this.#ended.over) {
        this.#giveUp(items, last);
        return;
      }
      if (attempt > 0) this.#stats.retries++;
      const told = await send(this.#config, lanes[type], items, this.#ended);
      this.#settle(told.accepted, "accepted");
      this.#reject(told);
      if (told.tooLarge) {
        const half = items.length >> 1;
        await this.#deliverUntil(type, items.slice(0, half), deadline);
        await this.#deliverUntil(type, items.slice(half), deadline);
        return;
      }
      if (told.again.length === 0) return;
      items = told.again;
      if (told.error?.code !== "closed") last = told.error;
      if (this.#isEnded()) continue; // closed while it was under way
      const pause = told.retryAfter + backoff(attempt, this.#closing.over, this.#config.random);
      if (clock.monotonic() + pause > deadline) {
        logger.error("dataloaf: messages are dropped, the retries are used up", {
          messages: items.length,
          after: this.#config.maxRetryTime,
          error: last,
        });
        this.#settle(items, "dropped", last);
        return;
      }
      logger.warn("dataloaf: a request will be sent again", {
        messages: items.length,
        in: pause,
        error: last,
      });
      await this.#pause(pause, told.retryAfter > 0);
    }
  }

  /** For the compiler, to which #ended looks as it did before the request. */
  #isEnded(): boolean {
    return this.#ended.over;
  }

  /** Waits before a retry. Close cuts it short, unless the server asked for it or it was drawn while closing. */
  #pause(delay: number, asked: boolean): Promise<void> {
    const { clock } = this.#config;
    return new Promise((resolve) => {
      const end = () => {
        clock.clearTimeout(timer);
        forgetEnd();
        forgetClosing();
        resolve();
      };
      const timer = clock.setTimeout(end, delay);
      const nothing = () => undefined;
      const forgetClosing = asked || this.#closing.over ? nothing : this.#closing.onEnd(() => end());
      const forgetEnd = this.#ended.onEnd(() => end());
    });
  }

  /** For what close had no time for. What lies in the spool stays there. */
  #giveUp(items: readonly Queued[], before: DataLoafError | undefined): void {
    if (this.#spool === undefined) {
      this.#settle(items, "dropped", closedError(before));
      return;
    }
    this.#forget(items);
    this.#changed();
  }

  /**
   * Reports rejections. A request that was refused as a whole is logged always, since a wrong key or address is the
   * operator's to mend; single messages where there is no callback: a refusal is never silent.
   */
  #reject({ rejected, refused }: Outcome<Queued>): void {
    const first = rejected[0];
    if (first === undefined) return;
    if (refused || this.#config.callback === undefined) {
      this.#config.logger.error("dataloaf: messages were rejected", {
        messages: rejected.length,
        code: first.error.code,
        error: first.error,
      });
    }
    for (const { item, error } of rejected) this.#settle([item], "rejected", error);
  }

  /** Reports what became of messages and makes room for others. */
  #settle(items: readonly Queued[], status: Status, error?: DataLoafError): void {
    if (items.length === 0) return;
    if (this.#config.callback !== undefined) {
      for (const { type, json, message = decode(type, json) } of items) {
        this.#report({ message, status, ...(error === undefined ? {} : { error }) });
      }
    }
    // After the callback: a crash between makes a result come twice, which is better than never.
    this.#spool?.settle(items.flatMap(({ place }) => place ?? []));
    this.#forget(items);
    this.#stats[status] += items.length;
    for (const { number } of items) this.#countDown(number);
    this.#changed();
  }

  /** Takes messages out of the memory's account. */
  #forget(items: readonly Queued[]): void {
    for (const { bytes } of items) this.#bytes -= bytes + overhead;
    this.#queued -= items.length;
  }

  /** Tells the flushes that wait for a message that it has its result. */
  #countDown(number: number): void {
    for (const flush of this.#flushes) {
      if (number <= flush.upTo) flush.left--;
    }
  }

  /** Lets those who wait look, and room be used. */
  #changed(): void {
    for (const look of [...this.#waiting]) look();
    this.#refill();
  }

  /** Calls the callback. What it throws is the application's fault, but the other results must not be lost with it. */
  #report(result: Result): void {
    const failed = (error: unknown) => this.#config.logger.error("dataloaf: the callback failed", { error });
    try {
      // An async function fits the type, too.
      const returned = this.#config.callback?.(result) as unknown;
      if (returned instanceof Promise) returned.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Waits until `over` says so at a change, and keeps the process alive meanwhile. */
  #wait(over: () => boolean, { timeout, signal }: WaitOptions, what: () => string): Promise<void> {
    if (over()) return Promise.resolve();
    const { clock } = this.#config;
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(look);
        clock.clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        release();
      };
      const look = () => {
        if (!over()) return;
        end();
        resolve();
      };
      const fail = (code: string, why: string, cause?: unknown) => {
        end();
        reject(new DataLoafError(code, `${what()}: ${why}`, { cause }));
      };
      const abort = () => fail("aborted", "the signal was aborted", signal?.reason);
      const release = this.#keepAlive();
      const timer =
        timeout === undefined
          ? undefined
          : clock.setTimeout(() => fail("timeout", `${timeout} ms are over`), Math.max(0, timeout));
      this.#waiting.add(look);
      if (signal?.aborted === true) abort();
      else signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** The client's own timers let the process end; while someone waits for it, it must not. */
  #keepAlive(): () => void {
    if (this.#config.clock !== systemClock) return () => undefined;
    const timer = setInterval(() => undefined, 1 << 30);
    return () => clearInterval(timer);
  }
}

function closedError(before?: DataLoafError): DataLoafError {
  return before === undefined
    ? new DataLoafError("closed", "the client is closed")
    : new DataLoafError("closed", `the client is closed; before: ${before.message}`, { cause: before });
}
