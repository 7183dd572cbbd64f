import { ItemError } from "./errors.js";
import { eventItem, newUuidV7, updateItem, userItem, type Item, type ItemRules } from "./item.js";

/** Something that happened. Only `event` is needed; null counts as absent everywhere. */
export interface Event {
  /** The event's name, 1 to 200 characters. */
  event: string;
  /** A UUID. The client makes one of version 7 where it is absent. */
  eventId?: string | null | undefined;
  /** Who did it, 1 to 256 bytes of UTF-8; absent for an event without a user. */
  userId?: string | null | undefined;
  /** When, as a Date or an RFC 3339 text (kept to the microsecond); now where it is absent. */
  timestamp?: Date | string | null | undefined;
  /** What is to be known of it: an object of at most 32 KiB as JSON and 8 levels. */
  properties?: object | null | undefined;
  /** Comes back in the Result and is sent nowhere. */
  tag?: unknown;
}

/** A user that is new. */
export interface User {
  /** The id by which your application knows the user, 1 to 256 bytes of UTF-8. */
  userId: string;
  /** When the user was created, as a Date or an RFC 3339 text; now where it is absent. */
  createdAt?: Date | string | null | undefined;
  /** What is to be known of the user: an object of at most 32 KiB as JSON and 8 levels. */
  attributes?: object | null | undefined;
  /** Comes back in the Result and is sent nowhere. */
  tag?: unknown;
}

/**
 * Changes attributes of a user. It may come in any order: of two writes to one attribute the one with the later
 * `updatedAt` stays.
 */
export interface Update {
  /** The id by which your application knows the user, 1 to 256 bytes of UTF-8. */
  userId: string;
  /** The attributes that change; one that is null is removed. */
  attributes?: object | null | undefined;
  /** When they changed, as a Date or an RFC 3339 text; now where it is absent. */
  updatedAt?: Date | string | null | undefined;
  /** Comes back in the Result and is sent nowhere. */
  tag?: unknown;
}

/** Any of the three, told apart by `type`. */
export type Message = ({ type: "event" } & Event) | ({ type: "user" } & User) | ({ type: "update" } & Update);

/** A message that has its id and its time, checked and ready to be sent. */
export interface Encoded extends Item {
  message: Message;
}

/** What a message takes from the moment of its call. */
export interface Stamp {
  /** The time of the call, in whole milliseconds since 1970. */
  now: number;
  /** Fills what it is given with randomness, for ids. */
  random: (bytes: Uint8Array) => void;
}

const fieldsOf: Record<Message["type"], readonly string[]> = {
  event: ["type", "event", "eventId", "userId", "timestamp", "properties", "tag"],
  user: ["type", "userId", "createdAt", "attributes", "tag"],
  update: ["type", "userId", "attributes", "updatedAt", "tag"],
};

/** Gives a copy of the message that has its id and its time. Throws an ItemError for what is no message. */
export function complete(message: Message, stamp: Stamp): Message {
  // Of a program without types anything may come.
  const given = message as unknown;
  if (typeof given !== "object" || given === null) {
    throw new ItemError(
      "item_invalid",
      "",
      "the message is no object; enqueue an event, a user or an update",
    );
  }
  if (!Object.hasOwn(fieldsOf, message.type)) {
    throw new ItemError("item_invalid", "type", 'type must be "event", "user" or "update"');
  }
  const known = fieldsOf[message.type];
  for (const name of Object.keys(message)) {
    if (!known.includes(name)) {
      throw new ItemError(
        "unknown_field",
        name,
        `unknown field ${JSON.stringify(name.slice(0, 200))}; the ${message.type} has ${known.slice(1).join(", ")}`,
      );
    }
  }
  switch (message.type) {
    case "event":
      return {
        ...message,
        eventId: message.eventId ?? newUuidV7(stamp.now, stamp.random),
        timestamp: message.timestamp ?? new Date(stamp.now),
      };
    case "user":
      return { ...message, createdAt: message.createdAt ?? new Date(stamp.now) };
    case "update":
      return { ...message, updatedAt: message.updatedAt ?? new Date(stamp.now) };
  }
}

/** Checks a completed message and writes it as an item of a request. Throws an ItemError. */
export function encode(message: Message, stamp: Stamp): Encoded {
  const rules: ItemRules = { now: stamp.now * 1000, newId: () => newUuidV7(stamp.now, stamp.random) };
  return { message, ...itemOf(message, rules) };
}

function itemOf(message: Message, rules: ItemRules): Item {
  switch (message.type) {
    case "event":
      return eventItem(
        {
          event_id: message.eventId,
          event: message.event,
          user_id: message.userId,
          timestamp: message.timestamp,
          properties: message.properties,
        },
        rules,
      );
    case "user":
      return userItem(
        { user_id: message.userId, at: message.createdAt, attributes: message.attributes },
        rules,
      );
    case "update":
      return updateItem(
        { user_id: message.userId, at: message.updatedAt, attributes: message.attributes },
        rules,
      );
  }
}

/** A message of a type; what is no object stays as it is, for the checks to find. */
export function typed<T extends Message["type"]>(type: T, message: object): Extract<Message, { type: T }> {
  const given = message as unknown;
  const isObject = typeof given === "object" && given !== null;
  return (isObject ? { ...message, type } : message) as unknown as Extract<Message, { type: T }>;
}

/** Gives back the message of an item that was read from a spool. */
export function decode(type: Message["type"], json: string): Message {
  const item = JSON.parse(json) as Record<string, unknown>;
  // What is in a spool has been checked.
  const text = (name: string) => item[name] as string;
  switch (type) {
    case "event":
      return {
        type,
        event: text("event"),
        eventId: text("event_id"),
        ...(item.user_id === undefined ? {} : { userId: text("user_id") }),
        timestamp: text("timestamp"),
        properties: item.properties as object,
      };
    case "user":
      return {
        type,
        userId: text("user_id"),
        createdAt: text("created_at"),
        attributes: item.attributes as object,
      };
    case "update":
      return {
        type,
        userId: text("user_id"),
        attributes: item.attributes as object,
        updatedAt: text("updated_at"),
      };
  }
}
