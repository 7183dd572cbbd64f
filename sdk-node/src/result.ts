import type { DataLoafError } from "./errors.js";
import type { Message } from "./message.js";

/**
 * What became of a message:
 *
 * - `accepted`: the API stored it durably.
 * - `rejected`: the API refused it and would refuse it again.
 * - `dropped`: the client gave up. The API may have stored it all the same, if its answer was lost.
 */
export type Status = "accepted" | "rejected" | "dropped";

/** What became of one message. */
export interface Result {
  /**
   * What was enqueued, with the id and the time that the client gave it: enqueued again it is the same event and
   * counts once. One that was read back from a spool has its properties as they were sent, its time as a text, and no
   * tag.
   */
  message: Message;
  status: Status;
  /**
   * Why it was not accepted: `error.code` is for programs, for example `properties_too_large` or `http_403`. A
   * RequestError says that the request was refused, and not this message alone. Absent when it was accepted.
   */
  error?: DataLoafError;
}

/** A client's counts since it was made. */
export interface Stats {
  /** Messages that were taken. With `recovered` the sum of accepted, rejected, dropped and pending. */
  enqueued: number;
  /** Messages that an earlier client left in the spool. */
  recovered: number;
  /** Messages that the API stored durably. */
  accepted: number;
  /** Messages that the API refused. */
  rejected: number;
  /** Messages that the client gave up. */
  dropped: number;
  /** Messages that have no result yet. Once a client with a spool is closed they are what stays on disk. */
  pending: number;
  /** Messages that were not taken for want of room. */
  queueFull: number;
  /** Messages that were not taken because they break a rule, or a hook threw. */
  invalid: number;
  /** Messages that `beforeSend` dropped. */
  filtered: number;
  /** Requests that were sent again. */
  retries: number;
}
