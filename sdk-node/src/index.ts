/**
 * Sends product events to DataLoaf from a Node.js back end: events, new users and user updates.
 *
 * A client never makes its caller wait: messages go into a bounded queue, are sent in batches in the background, and
 * are sent again when the network or the server fails. Every event has its id and time before it is sent, so that a
 * retry is the same event and counts once.
 */
export { Client, type Analytics, type WaitOptions } from "./client.js";
export type { Clock } from "./clock.js";
export {
  defaultCloseTimeout,
  defaultFlushInterval,
  defaultMaxBatchBytes,
  defaultMaxBatchItems,
  defaultMaxQueueBytes,
  defaultMaxQueueItems,
  defaultMaxRetryTime,
  defaultRequestTimeout,
  defaultSenders,
  defaultSpoolMaxBytes,
  defaultSpoolSyncInterval,
  minSpoolMaxBytes,
  type Config,
  type Logger,
  type SpoolConfig,
  type Transport,
  type TransportRequest,
  type TransportResponse,
} from "./config.js";
export { DataLoafError, ItemError, RequestError, type ItemCode } from "./errors.js";
export type { Event, Message, Update, User } from "./message.js";
export type { Result, Stats, Status } from "./result.js";
export { version, wireVersion } from "./version.js";
