/** Clients for tests of a program that sends events: they send nothing. */
import { randomFillSync } from "node:crypto";
import type { Analytics } from "./client.js";
import { DataLoafError } from "./errors.js";
import { complete, encode, typed, type Event, type Message, type Update, type User } from "./message.js";
import type { Stats } from "./result.js";

/** What a client for tests may be given. */
export interface TestOptions {
  /** The time that stamps messages, in milliseconds since 1970. Default Date.now. */
  now?: () => number;
  /** Fills bytes with randomness, for ids. Default that of node:crypto. */
  random?: (bytes: Uint8Array) => void;
}

/**
 * Checks messages as a Client does, and forgets them. For programs that are to run without DataLoaf: it takes nothing
 * that the API would not take.
 */
export class NoopClient implements Analytics {
  readonly #options: Required<TestOptions>;
  #enqueued = 0;
  #invalid = 0;
  #closed = false;

  constructor(options: TestOptions = {}) {
    this.#options = { now: Date.now, random: (bytes) => void randomFillSync(bytes), ...options };
  }

  /** As `track` of a Client. */
  track(event: Event): DataLoafError | undefined {
    return this.enqueue(typed("event", event));
  }

  /** As `createUser` of a Client. */
  createUser(user: User): DataLoafError | undefined {
    return this.enqueue(typed("user", user));
  }

  /** As `updateUser` of a Client. */
  updateUser(update: Update): DataLoafError | undefined {
    return this.enqueue(typed("update", update));
  }

  /** As `enqueue` of a Client; the queue is never full. */
  enqueue(message: Message): DataLoafError | undefined {
    const stamp = { now: Math.floor(this.#options.now()), random: this.#options.random };
    let completed: Message;
    try {
      completed = complete(message, stamp);
      encode(completed, stamp);
    } catch (error) {
      if (!(error instanceof DataLoafError)) throw error;
      this.#invalid++;
      return error;
    }
    if (this.#closed) return new DataLoafError("closed", "the client is closed");
    this.#enqueued++;
    this.took(completed);
    return undefined;
  }

  /** Gets each message that was taken, with its id and its time. */
  protected took(_message: Message): void {
    // Forgotten.
  }

  /** As `enqueueWait` of a Client; there is always room. */
  enqueueWait(message: Message): Promise<void> {
    const error = this.enqueue(message);
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  }

  /** Has nothing to wait for. */
  flush(): Promise<void> {
    return Promise.resolve();
  }

  /** Has nothing to wait for; afterwards no message is taken. */
  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  /** Counts each message as accepted at once. */
  stats(): Stats {
    return {
      enqueued: this.#enqueued,
      recovered: 0,
      accepted: this.#enqueued,
      rejected: 0,
      dropped: 0,
      pending: 0,
      queueFull: 0,
      invalid: this.#invalid,
      filtered: 0,
      retries: 0,
    };
  }
}

/** Checks messages as a Client does, and keeps them. `messages` may be looked at and cleared at any time. */
export class RecordingClient extends NoopClient {
  /** What was taken, with ids and times, in order. */
  readonly messages: Message[] = [];

  /** The events among the messages. */
  get events(): Event[] {
    return this.messages.filter((m) => m.type === "event");
  }

  /** The new users among the messages. */
  get users(): User[] {
    return this.messages.filter((m) => m.type === "user");
  }

  /** The user updates among the messages. */
  get updates(): Update[] {
    return this.messages.filter((m) => m.type === "update");
  }

  protected override took(message: Message): void {
    this.messages.push(message);
  }
}
