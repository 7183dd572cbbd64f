/**
 * Why the API rejects an item, as docs/api/collection.md lists them; the client refuses by the same codes at
 * the call.
 */
export type ItemCode =
  | "item_invalid"
  | "unknown_field"
  | "event_id_invalid"
  | "event_required"
  | "event_invalid"
  | "event_too_long"
  | "user_id_required"
  | "user_id_invalid"
  | "user_id_too_long"
  | "timestamp_required"
  | "timestamp_invalid"
  | "timestamp_out_of_range"
  | "properties_invalid"
  | "properties_too_large"
  | "properties_too_deep"
  | "attributes_invalid"
  | "attributes_too_large"
  | "attributes_too_deep"
  | "key_invalid"
  | "nul_character"
  | "invalid_utf8"
  | "number_out_of_range";

/**
 * What every error of this package is. `code` is for programs and the same in the ESM and the CommonJS build,
 * where `instanceof` would tell the two apart:
 *
 * - `queue_full`: the queue holds as much as the options allow; the message was not taken.
 * - `closed`: the client is closed, or `close` ran out of time.
 * - `config_invalid`: an option of `new Client` cannot work.
 * - `spool_in_use`: another client has the spool's folder.
 * - `spool_failed`: the spool's disk failed; a message was not taken, or the client was not made.
 * - `hook_failed`: `beforeSend` or `random` threw; the message was not taken.
 * - `network`: no answer came, and the retries are used up.
 * - `not_dataloaf`: what answers is no DataLoaf collection API.
 * - `timeout`, `aborted`: a wait ended before its work did.
 * - `not_delivered`: `close` gave messages up.
 * - any {@link ItemCode}, and the codes of the API.
 */
export class DataLoafError extends Error {
  /** Names the reason, for programs. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "DataLoafError";
    this.code = code;
  }
}

/** A message that breaks a rule of the API. It was not taken. */
export class ItemError extends DataLoafError {
  /**
   * The field at fault, by its name in the API, for example `user_id` or `properties.cart.total`; empty for the
   * message as a whole.
   */
  readonly field: string;

  constructor(code: ItemCode, field: string, message: string) {
    super(code, message);
    this.name = "ItemError";
    this.field = field;
  }
}

/** A request that was refused as a whole: a wrong key or address, or an API that is away. */
export class RequestError extends DataLoafError {
  /** The HTTP status. */
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(code, message);
    this.name = "RequestError";
    this.status = status;
  }
}
