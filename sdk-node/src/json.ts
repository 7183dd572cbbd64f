import { ItemError, type ItemCode } from "./errors.js";
import { maxDepth, maxKeyChars, maxPropertiesBytes } from "./limits.js";
import { charactersIn, faultIn, faultMessage } from "./text.js";

/** An object of properties or attributes as JSON, and what it takes. */
export interface WrittenObject {
  json: string;
  /** The length of the JSON in UTF-8. */
  bytes: number;
}

const empty: WrittenObject = { json: "{}", bytes: 2 };

/**
 * Writes properties or attributes as JSON.stringify does and holds them to the API's limits. Where
 * JSON.stringify would lose or change a value without a word (NaN, an invalid Date, a function, a Map) it throws
 * an ItemError that names the place instead. A bigint is written with all its digits.
 */
export function writeObject(field: "properties" | "attributes", value: unknown): WrittenObject {
  if (value === undefined || value === null) return empty;
  const writer = new ObjectWriter(field);
  let json: string;
  try {
    json = writer.write(value);
  } catch (error) {
    if (error instanceof ItemError) throw error;
    // A getter, a toJSON or a proxy of the application's.
    throw writer.fail(`${field}_invalid`, `cannot be written as JSON: ${String(error)}`);
  }
  const bytes = Buffer.byteLength(json);
  if (bytes > maxPropertiesBytes) throw tooLarge(field, String(bytes));
  return { json, bytes };
}

function tooLarge(field: "properties" | "attributes", size: string): ItemError {
  return new ItemError(
    `${field}_too_large`,
    field,
    `${field} take ${size} bytes of JSON; at most ${maxPropertiesBytes} are allowed`,
  );
}

/** The numbers of more digits than this are doubles for the API, as it would write them. */
const longestNumber = 32;

class ObjectWriter {
  readonly #field: "properties" | "attributes";
  readonly #path: string[] = [];
  /** The least that is written by now, so that a huge object is given up early. */
  #size = 0;

  constructor(field: "properties" | "attributes") {
    this.#field = field;
  }

  write(value: unknown): string {
    const written = this.#value(value, "", 1);
    if (written?.startsWith("{") !== true) {
      throw new ItemError(`${this.#field}_invalid`, this.#field, `${this.#field} must be an object`);
    }
    return written;
  }

  fail(code: ItemCode, message: string): ItemError {
    const at = [this.#field, ...this.#path].join(".");
    return new ItemError(code, at, `${at}: ${message}`);
  }

  /** The JSON of a value; undefined for one that is left out. */
  #value(value: unknown, key: string, depth: number): string | undefined {
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        if (!Number.isFinite(value)) {
          throw this.fail("number_out_of_range", `${value} is no number that JSON knows; leave it out`);
        }
        return this.#count(String(value));
      case "boolean":
        return this.#count(String(value));
      case "bigint":
        return this.#bigint(value);
      case "undefined":
        return undefined;
      case "object":
        return value === null ? this.#count("null") : this.#object(value, key, depth);
      case "function":
      case "symbol":
        throw this.fail(`${this.#field}_invalid`, `holds a ${typeof value}, which JSON cannot; leave it out`);
    }
  }

  #count(json: string): string {
    // With what stands after it; after the last nothing does, which is the one byte more.
    this.#size += json.length + 1;
    if (this.#size > maxPropertiesBytes + 1) throw tooLarge(this.#field, `more than ${maxPropertiesBytes}`);
    return json;
  }

  #text(text: string): string {
    // Not looked at any further: it may be a whole file.
    if (text.length > maxPropertiesBytes) throw tooLarge(this.#field, `more than ${maxPropertiesBytes}`);
    const fault = faultIn(text);
    if (fault !== undefined) throw this.fail(fault, faultMessage(fault));
    return this.#count(JSON.stringify(text));
  }

  #bigint(value: bigint): string {
    const double = Number(value);
    if (!Number.isFinite(double)) {
      throw this.fail(
        "number_out_of_range",
        "a bigint does not fit a double (IEEE 754); send it as a string",
      );
    }
    const digits = String(value);
    return this.#count(digits.length > longestNumber ? String(double) : digits);
  }

  #object(value: object, key: string, depth: number): string | undefined {
    if (value instanceof Date && Number.isNaN(value.getTime())) {
      throw this.fail(`${this.#field}_invalid`, "holds an invalid Date; leave it out");
    }
    if ("toJSON" in value && typeof value.toJSON === "function") {
      const replaced: unknown = (value.toJSON as (key: string) => unknown)(key);
      if (typeof replaced !== "object" || replaced === null) return this.#value(replaced, key, depth);
      value = replaced;
    }
    if (value instanceof Number || value instanceof String || value instanceof Boolean) {
      return this.#value(value.valueOf(), key, depth);
    }
    if (value instanceof Map || value instanceof Set || value instanceof Promise) {
      const name = value.constructor.name;
      throw this.fail(
        `${this.#field}_invalid`,
        `holds a ${name}, which JSON writes as {}; make an object or an array of it`,
      );
    }
    // Also the end of an object that holds itself.
    if (depth > maxDepth) {
      throw this.fail(`${this.#field}_too_deep`, `nests deeper than ${maxDepth} levels; flatten it`);
    }
    return Array.isArray(value) ? this.#array(value, depth) : this.#members(value, depth);
  }

  #array(array: readonly unknown[], depth: number): string {
    let json = this.#count("[");
    for (let i = 0; i < array.length; i++) {
      if (i > 0) json += ",";
      json += this.#value(array[i], String(i), depth + 1) ?? this.#count("null");
    }
    return json + "]";
  }

  #members(object: object, depth: number): string {
    let json = this.#count("{");
    for (const key of Object.keys(object)) {
      const value = this.#read(object, key);
      if (value === undefined) continue;
      const name = this.#key(key);
      this.#path.push(key);
      const written = this.#value(value, key, depth + 1);
      this.#path.pop();
      if (written === undefined) continue;
      json += (json.length > 1 ? "," : "") + name + ":" + written;
    }
    return json + "}";
  }

  /** The value of a member; its getter may throw. */
  #read(object: object, key: string): unknown {
    this.#path.push(key);
    const value: unknown = (object as Record<string, unknown>)[key];
    this.#path.pop();
    return value;
  }

  #key(key: string): string {
    const fault = faultIn(key);
    if (fault !== undefined) throw this.fail(fault, faultMessage(fault));
    const characters = charactersIn(key);
    if (characters === 0 || characters > maxKeyChars) {
      throw this.fail("key_invalid", `a key of ${characters} characters; keys have 1 to ${maxKeyChars}`);
    }
    return this.#count(JSON.stringify(key));
  }
}
