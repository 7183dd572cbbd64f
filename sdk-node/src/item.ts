import { ItemError } from "./errors.js";
import { writeObject, type WrittenObject } from "./json.js";
import { maxEventChars, maxFuture, maxUserIdBytes } from "./limits.js";
import { charactersIn, faultIn, faultMessage } from "./text.js";

/**
 * The rules of the API for one item, by the names of the API; package wire of the Go SDK has the same. Null and
 * undefined are absent.
 */
export interface ItemRules {
  /** What bounds times and fills absent ones, in microseconds since 1970. */
  now: number;
  /** Makes the id of an event that has none. */
  newId: () => string;
}

/** An item ready to be sent. */
export interface Item {
  json: string;
  /** The length of the JSON in UTF-8. */
  bytes: number;
}

/** What an event may have. */
export interface RawEvent {
  event_id?: unknown;
  event?: unknown;
  user_id?: unknown;
  timestamp?: unknown;
  properties?: unknown;
}

/** What a user may have; `at` is created_at or updated_at. */
export interface RawUser {
  user_id?: unknown;
  at?: unknown;
  attributes?: unknown;
}

/** Checks an event and writes it as an item of a request. Throws an ItemError. */
export function eventItem(raw: RawEvent, rules: ItemRules): Item {
  const given = eventId(raw.event_id);
  const name = eventName(raw.event);
  const user = absent(raw.user_id) ? "" : `,"user_id":${JSON.stringify(userId(raw.user_id))}`;
  let at: string;
  if (!absent(raw.timestamp)) at = timestamp("timestamp", raw.timestamp, rules);
  else if (given === undefined) at = timeText(rules.now);
  else if (given[14] === "7") at = inRange("timestamp", timeOfV7(given), rules);
  else {
    throw new ItemError(
      "timestamp_required",
      "timestamp",
      "timestamp is missing, and event_id is no UUID of version 7, which would give it; send the time of the event, unchanged in a resend",
    );
  }
  const id = given ?? rules.newId();
  return join(
    `{"event_id":"${id}","event":${JSON.stringify(name)}${user},"timestamp":"${at}","properties":`,
    writeObject("properties", raw.properties),
    "}",
  );
}

/** Checks a new user and writes it as an item of a request. Throws an ItemError. */
export function userItem(raw: RawUser, rules: ItemRules): Item {
  const id = requiredUserId(raw.user_id);
  const at = absent(raw.at) ? timeText(rules.now) : timestamp("created_at", raw.at, rules);
  return join(
    `{"user_id":${JSON.stringify(id)},"created_at":"${at}","attributes":`,
    writeObject("attributes", raw.attributes),
    "}",
  );
}

/** Checks a user update and writes it as an item of a request. Throws an ItemError. */
export function updateItem(raw: RawUser, rules: ItemRules): Item {
  const id = requiredUserId(raw.user_id);
  const at = absent(raw.at) ? timeText(rules.now) : timestamp("updated_at", raw.at, rules);
  return join(
    `{"user_id":${JSON.stringify(id)},"attributes":`,
    writeObject("attributes", raw.attributes),
    `,"updated_at":"${at}"}`,
  );
}

function join(head: string, object: WrittenObject, tail: string): Item {
  return {
    json: head + object.json + tail,
    bytes: Buffer.byteLength(head) + object.bytes + Buffer.byteLength(tail),
  };
}

/** Tells whether the API takes a field as not there. */
export function absent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function eventId(value: unknown): string | undefined {
  if (absent(value)) return undefined;
  if (typeof value === "string") {
    const id = value.toLowerCase();
    if (uuid.test(id)) return id;
  }
  throw new ItemError(
    "event_id_invalid",
    "event_id",
    `event_id ${shown(value)} is no UUID; send one such as 018f3a5c-7b1e-7cc0-8d5a-2f1e9b6c4d3a, or leave it out`,
  );
}

/** A value as a message shows it, cut where it is long. */
function shown(value: unknown): string {
  return JSON.stringify(typeof value === "string" ? value.slice(0, 60) : String(value).slice(0, 60));
}

function eventName(value: unknown): string {
  if (absent(value)) {
    throw new ItemError("event_required", "event", "event is missing; send the event's name");
  }
  if (typeof value !== "string") {
    throw new ItemError("event_invalid", "event", "event must be a string, the event's name");
  }
  checkText("event", value);
  if (value === "") throw new ItemError("event_invalid", "event", "event is empty; send the event's name");
  const characters = charactersIn(value);
  if (characters > maxEventChars) {
    throw new ItemError(
      "event_too_long",
      "event",
      `event has ${characters} characters; a name has at most ${maxEventChars}`,
    );
  }
  return value;
}

function requiredUserId(value: unknown): string {
  if (absent(value)) {
    throw new ItemError(
      "user_id_required",
      "user_id",
      "user_id is missing; send the id by which your application knows the user",
    );
  }
  return userId(value);
}

function userId(value: unknown): string {
  if (typeof value !== "string") {
    throw new ItemError(
      "user_id_invalid",
      "user_id",
      "user_id must be a string; write a number as String(id)",
    );
  }
  checkText("user_id", value);
  if (value === "") {
    throw new ItemError(
      "user_id_invalid",
      "user_id",
      "user_id is empty; send the user's id (an event without a user has no user_id)",
    );
  }
  const bytes = Buffer.byteLength(value);
  if (bytes > maxUserIdBytes) {
    throw new ItemError(
      "user_id_too_long",
      "user_id",
      `user_id has ${bytes} bytes; an id has at most ${maxUserIdBytes}`,
    );
  }
  return value;
}

function checkText(field: string, value: string): void {
  const fault = faultIn(value);
  if (fault !== undefined) throw new ItemError(fault, field, `${field} ${faultMessage(fault)}`);
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Reads a Date or an RFC 3339 text, cut to the microsecond, as the text that is sent. */
function timestamp(field: string, value: unknown, rules: ItemRules): string {
  const at = value instanceof Date ? value.getTime() * 1000 : microseconds(value);
  if (Number.isNaN(at)) {
    throw new ItemError(
      "timestamp_invalid",
      field,
      `${field} ${shown(value)} is no time; send a Date, or RFC 3339 such as "2024-05-01T13:45:00.123456Z" or with an offset such as +02:00`,
    );
  }
  return inRange(field, at, rules);
}

/** Microseconds since 1970 of an RFC 3339 text; NaN for anything else. */
function microseconds(value: unknown): number {
  const parts = typeof value === "string" ? rfc3339.exec(value) : null;
  if (parts === null) return NaN;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const offset = Number(parts[9] ?? 0) * 60 + Number(parts[10] ?? 0);
  if (hour > 23 || minute > 59 || second > 59 || Number(parts[9] ?? 0) > 23 || Number(parts[10] ?? 0) > 59) {
    return NaN;
  }
  // Date.UTC would take the years 0 to 99 for those of the last century.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return NaN; // 30 February
  date.setUTCHours(hour, minute, second);
  const ms = date.getTime() - (parts[8] === "-" ? -offset : offset) * 60_000;
  return ms * 1000 + Number((parts[7] ?? "").slice(0, 6).padEnd(6, "0"));
}

function inRange(field: string, at: number, rules: ItemRules): string {
  if (at < 0) {
    throw new ItemError("timestamp_out_of_range", field, `${field} lies before 1970`);
  }
  if (at > rules.now + maxFuture * 1000) {
    throw new ItemError(
      "timestamp_out_of_range",
      field,
      `${field} lies more than ${maxFuture / 3_600_000} hours ahead; check the clock`,
    );
  }
  return timeText(at);
}

/** Writes microseconds since 1970 as the API keeps them. */
function timeText(microseconds: number): string {
  const ms = Math.floor(microseconds / 1000);
  const rest = String(microseconds - ms * 1000).padStart(3, "0");
  return `${new Date(ms).toISOString().slice(0, -1)}${rest}Z`;
}

/** The time in a version 7 UUID, in microseconds since 1970 (RFC 9562, section 5.7). */
function timeOfV7(id: string): number {
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16) * 1000;
}

/**
 * Makes a UUID of version 7 (RFC 9562): 48 bits of milliseconds, so that ids sort by time, and 74 random bits.
 * `random` fills what it is given.
 */
export function newUuidV7(now: number, random: (bytes: Uint8Array) => void): string {
  const bytes = Buffer.alloc(16);
  random(bytes.subarray(6));
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
