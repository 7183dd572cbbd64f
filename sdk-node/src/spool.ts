import { join } from "node:path";
import type { Clock } from "./clock.js";
import type { FullSpoolConfig, Logger } from "./config.js";
import { realDisk, type Disk, type DiskFile } from "./disk.js";
import { DataLoafError } from "./errors.js";
import type { Message } from "./message.js";

// The folder holds segments, numbered from 1 on:
//
//	00000000000000000001.log    the messages, each a record
//	00000000000000000001.done   which of them have their result, as ranges of the log
//	lock                        who has the folder
//
// Both are only ever appended to. A segment is removed once all its records are settled and it is not the newest. Each
// start appends to a new segment, so that a record that a crash cut short is always the last of its log.

/** Begins a log, and says which layout it has. */
const magic = Buffer.from("DLSPOOL1");
/** A mark, the type, the item's length, and a checksum over type, length and item. */
const recordHead = 1 + 1 + 4 + 4;
const recordMark = 0xda;
/** More than any valid item has. */
const maxItem = 1 << 17;
/** A range's start and end, and a checksum over both. Each record may need one. */
const doneRecord = 4 + 4 + 4;
/** Bounds what one message without a result keeps on disk; the share is for small spools. */
const maxSegment = 8 << 20;
const segmentShare = 16;
/** How much is read back at a time: a few milliseconds' work, and room for any record. */
const readBlock = 1 << 18;

/** The types by their number in a record. */
const types: readonly Message["type"][] = ["event", "user", "update"];

/** Where a message lies. */
export interface Place {
  segment: Segment;
  /** Its bytes in the log. */
  from: number;
  to: number;
}

/** A message that was read back. */
export interface Found {
  type: Message["type"];
  json: string;
  bytes: number;
  place: Place;
}

interface Segment {
  id: number;
  log: DiskFile;
  done: DiskFile;
  /** The log's length. */
  size: number;
  /** How many records it has, and how many of them are not settled. */
  count: number;
  left: number;
  /** How many of its records were brought into memory or were settled before the start. */
  read: number;
  /** The ranges that were settled before the start, sorted. */
  settled: [from: number, to: number][];
  dirty: boolean;
}

/** A queue on disk: what was appended survives a crash and is found by the next who opens the folder. */
export class Spool {
  /** How many messages an earlier client left. */
  readonly recovered: number;
  /** Some messages lie on disk alone, from the cursor on. New ones then stay there, too, so that the order is kept. */
  behind = false;
  readonly #config: FullSpoolConfig;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #disk: Disk;
  readonly #unlock: () => void;
  #segments: Segment[] = [];
  #nextId = 1;
  /** The bytes of all logs, with room for what settling them takes. */
  #bytes = 0;
  /** The last write failed midway, and the segment must not be used on. */
  #broken = false;
  #syncTimer: unknown;
  /** The first byte that is not in memory, and the block that was read from there on. */
  #cursor: { segment: Segment; at: number } | undefined;
  #block: { segment: Segment; at: number; bytes: Buffer } | undefined;

  /** Opens the folder. Throws a DataLoafError: `spool_in_use` or `spool_failed`. */
  constructor(config: FullSpoolConfig, clock: Clock, logger: Logger, disk: Disk = realDisk) {
    this.#config = config;
    this.#clock = clock;
    this.#logger = logger;
    this.#disk = disk;
    this.#unlock = failing("open", config.dir, () => {
      disk.makeFolder(config.dir);
      return disk.lock(join(config.dir, "lock"));
    });
    try {
      this.recovered = failing("open", config.dir, () => this.#load());
    } catch (error) {
      for (const segment of this.#segments) closeFiles(segment);
      this.#unlock();
      throw error;
    }
  }

  #load(): number {
    const logs: number[] = [];
    const dones = new Set<number>();
    for (const name of this.#disk.list(this.#config.dir)) {
      const parts = /^(\d{20})\.(log|done)$/.exec(name);
      if (parts === null) continue; // not ours
      const id = Number(parts[1]);
      if (parts[2] === "log") logs.push(id);
      else dones.add(id);
      this.#nextId = Math.max(this.#nextId, id + 1);
    }
    let recovered = 0;
    for (const id of logs.sort((a, b) => a - b)) {
      dones.delete(id);
      recovered += this.#loadSegment(id);
    }
    // What is settled of no log means nothing.
    for (const id of dones) this.#disk.remove(this.#path(id, "done"));
    const first = this.#segments[0];
    if (first !== undefined) {
      this.behind = true;
      this.#cursor = { segment: first, at: magic.length };
    }
    return recovered;
  }

  #loadSegment(id: number): number {
    const log = this.#disk.open(this.#path(id, "log"));
    const content = log.read(0, log.size());
    if (content.length < magic.length) {
      // A crash came between making the file and its first record.
      log.close();
      this.#removeFiles(id);
      return 0;
    }
    if (!content.subarray(0, magic.length).equals(magic)) {
      log.close();
      throw new Error(
        `segment ${id} was written by another version of the SDK; deliver it with that one, or move the file away`,
      );
    }
    const done = this.#disk.open(this.#path(id, "done"));
    const segment: Segment = {
      id,
      log,
      done,
      size: content.length,
      count: 0,
      left: 0,
      read: 0,
      settled: loadDone(done),
      dirty: false,
    };
    let skipped = 0;
    for (let at = magic.length; at < content.length;) {
      const record = parse(content, at);
      if (record === undefined) {
        skipped++;
        at++;
        continue;
      }
      segment.count++;
      if (!wasSettled(segment, at)) segment.left++;
      at = record.end;
    }
    if (skipped > 0) {
      this.#logger.warn(
        "dataloaf: the spool holds bytes that are no message: a crash cut one short, or the disk is failing",
        { folder: this.#config.dir, segment: id, bytes: skipped },
      );
    }
    if (segment.left === 0) {
      closeFiles(segment);
      this.#removeFiles(id);
      return 0;
    }
    this.#segments.push(segment);
    this.#bytes += segment.size + segment.count * doneRecord;
    return segment.left;
  }

  /** Tells whether one more message of so many bytes fits. */
  hasRoom(bytes: number): boolean {
    return this.#bytes + magic.length + recordHead + bytes + doneRecord <= this.#config.maxBytes;
  }

  /** Writes a message. Throws a DataLoafError with the code `spool_failed`; then it is not taken. */
  append(type: Message["type"], json: string, bytes: number): Place {
    return failing("write", this.#config.dir, () => {
      const record = seal(type, json, bytes);
      const segment = this.#segmentFor(record.length);
      try {
        segment.log.append(record);
      } catch (error) {
        // A message that was refused must not come back. What cannot be cut off is passed over as no record.
        this.#broken = true;
        try {
          segment.log.truncate(segment.size);
        } catch {
          const size = segment.log.size();
          this.#bytes += size - segment.size;
          segment.size = size;
        }
        throw error;
      }
      const place = { segment, from: segment.size, to: segment.size + record.length };
      segment.size = place.to;
      segment.count++;
      segment.left++;
      segment.dirty = true;
      this.#bytes += record.length + doneRecord;
      this.#sync(segment);
      return place;
    });
  }

  /** Says that a message just written is held in memory as well. Without it, it is read back later. */
  held(place: Place): void {
    place.segment.read++;
  }

  /** Says that the messages from this one on lie on disk alone. */
  fallBehind(place: Place): void {
    this.behind = true;
    this.#cursor = { segment: place.segment, at: place.from };
    this.#block = undefined;
  }

  /**
   * Reads the next message that lies on disk alone, when `fits` has room for it. Gives undefined at the end and
   * where it does not fit, and the number of messages that can be read no more in `lost`. Throws when the disk does.
   */
  next(fits: (bytes: number) => boolean): { found?: Found; lost: number } {
    let lost = 0;
    while (this.#cursor !== undefined) {
      const { segment, at } = this.#cursor;
      if (at >= segment.size) {
        lost += segment.count - segment.read;
        if (segment.count > segment.read) this.#forget(segment, segment.count - segment.read);
        this.#toNextSegment(segment);
        continue;
      }
      const block = this.#blockAt(segment, at);
      const record = parse(block.bytes, at - block.at);
      if (record === undefined) {
        this.#cursor.at++;
        continue;
      }
      const place = { segment, from: at, to: block.at + record.end };
      if (wasSettled(segment, at)) {
        segment.read++;
        this.#cursor.at = place.to;
        continue;
      }
      if (!fits(record.item.length)) return { lost };
      segment.read++;
      this.#cursor.at = place.to;
      return {
        found: { type: record.type, json: record.item.toString(), bytes: record.item.length, place },
        lost,
      };
    }
    return { lost };
  }

  /** A block that has the whole record at a place, as far as the log has it. */
  #blockAt(segment: Segment, at: number): { at: number; bytes: Buffer } {
    const have = this.#block;
    if (have?.segment === segment && at >= have.at) {
      const rest = have.at + have.bytes.length - at;
      if (rest >= recordHead + maxItem || have.at + have.bytes.length >= segment.size) return have;
    }
    this.#block = { segment, at, bytes: segment.log.read(at, Math.min(readBlock, segment.size - at)) };
    return this.#block;
  }

  #toNextSegment(segment: Segment): void {
    const next = this.#segments.find(({ id }) => id > segment.id);
    this.#block = undefined;
    if (next !== undefined) {
      this.#cursor = { segment: next, at: magic.length };
      return;
    }
    this.#cursor = undefined;
    this.behind = false;
  }

  /** Records that were whole at the start are whole no more. */
  #forget(segment: Segment, count: number): void {
    this.#logger.error("dataloaf: the spool has lost messages, the disk is failing", {
      folder: this.#config.dir,
      segment: segment.id,
      messages: count,
    });
    segment.left -= count;
    segment.count -= count;
    this.#bytes -= count * doneRecord;
    if (segment.left === 0 && segment !== this.#segments.at(-1)) this.#drop(segment);
  }

  /** Records that messages have their results. It does not throw. */
  settle(places: readonly Place[]): void {
    // Neighbours become one range.
    const bySegment = new Map<Segment, [from: number, to: number][]>();
    for (const { segment, from, to } of places) {
      segment.left--;
      const ranges = bySegment.get(segment) ?? [];
      bySegment.set(segment, ranges);
      const last = ranges.at(-1);
      if (last?.[1] === from) last[1] = to;
      else ranges.push([from, to]);
    }
    for (const [segment, ranges] of bySegment) {
      if (segment.left === 0 && segment !== this.#segments.at(-1)) {
        this.#drop(segment);
        continue;
      }
      try {
        segment.done.append(Buffer.concat(ranges.map(([from, to]) => range(from, to))));
      } catch (error) {
        // The messages would be sent again, and count once all the same.
        this.#logger.warn("dataloaf: the spool could not record what is settled", {
          folder: this.#config.dir,
          error,
        });
      }
    }
  }

  /** Syncs and closes the files and lets another have the folder. Throws a DataLoafError: `spool_failed`. */
  close(): void {
    this.#clock.clearTimeout(this.#syncTimer);
    try {
      failing("close", this.#config.dir, () => {
        for (const segment of this.#segments) {
          if (this.#config.sync !== "never" && segment.dirty && segment.left > 0) segment.log.sync();
          closeFiles(segment);
          if (segment.left === 0) this.#removeFiles(segment.id);
        }
      });
    } finally {
      this.#unlock();
    }
  }

  #segmentFor(size: number): Segment {
    const newest = this.#segments.at(-1);
    const most = Math.min(maxSegment, this.#config.maxBytes / segmentShare);
    const old = newest !== undefined && newest.id < this.#firstOwn;
    if (newest === undefined || old || this.#broken || (newest.size + size > most && newest.count > 0)) {
      return this.#rotate(newest);
    }
    return newest;
  }

  /** The first segment of this client; older ones are not appended to. */
  #firstOwn = Infinity;

  #rotate(old: Segment | undefined): Segment {
    if (old !== undefined && this.#config.sync !== "never" && old.dirty) {
      old.log.sync();
      old.dirty = false;
    }
    const id = this.#nextId++;
    let log: DiskFile | undefined;
    let done: DiskFile | undefined;
    try {
      log = this.#disk.open(this.#path(id, "log"));
      done = this.#disk.open(this.#path(id, "done"));
      log.append(magic);
      // Without it the file itself could be gone after a loss of power.
      if (this.#config.sync !== "never") this.#disk.syncFolder(this.#config.dir);
    } catch (error) {
      log?.close();
      done?.close();
      this.#removeFiles(id);
      throw error;
    }
    const next: Segment = {
      id,
      log,
      done,
      size: magic.length,
      count: 0,
      left: 0,
      read: 0,
      settled: [],
      dirty: false,
    };
    this.#firstOwn = Math.min(this.#firstOwn, id);
    this.#bytes += next.size;
    this.#segments.push(next);
    this.#broken = false;
    if (old?.left === 0) this.#drop(old);
    return next;
  }

  #drop(segment: Segment): void {
    closeFiles(segment);
    try {
      this.#removeFiles(segment.id);
    } catch (error) {
      this.#logger.warn("dataloaf: the spool could not remove a segment that is done", {
        folder: this.#config.dir,
        segment: segment.id,
        error,
      });
    }
    this.#bytes -= segment.size + segment.count * doneRecord;
    this.#segments = this.#segments.filter((other) => other !== segment);
    if (this.#cursor?.segment === segment) this.#toNextSegment(segment);
  }

  /** The log first: what is settled of no log means nothing. */
  #removeFiles(id: number): void {
    this.#disk.remove(this.#path(id, "log"));
    this.#disk.remove(this.#path(id, "done"));
  }

  #path(id: number, extension: "log" | "done"): string {
    return join(this.#config.dir, `${String(id).padStart(20, "0")}.${extension}`);
  }

  #sync(segment: Segment): void {
    const failed = (error: unknown) =>
      this.#logger.error("dataloaf: the spool could not be synced to disk", {
        folder: this.#config.dir,
        error,
      });
    if (this.#config.sync === "always") {
      try {
        segment.log.sync();
        segment.dirty = false;
      } catch (error) {
        failed(error); // the message was taken, and will be sent
      }
      return;
    }
    if (this.#config.sync === "never" || this.#syncTimer !== undefined) return;
    this.#syncTimer = this.#clock.setTimeout(() => {
      this.#syncTimer = undefined;
      const newest = this.#segments.at(-1);
      if (newest?.dirty !== true) return;
      newest.dirty = false;
      newest.log.syncLater((error) => {
        // One that is settled and removed meanwhile need not be safe.
        if (error !== null && this.#segments.includes(newest)) failed(error);
      });
    }, this.#config.syncInterval);
  }
}

function failing<T>(doing: string, dir: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DataLoafError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new DataLoafError("spool_failed", `${doing} the spool ${dir}: ${why}`, { cause: error });
  }
}

function closeFiles({ log, done }: Segment): void {
  for (const file of [log, done]) {
    try {
      file.close();
    } catch {
      // It has been read, or synced.
    }
  }
}

function wasSettled({ settled }: Segment, at: number): boolean {
  let low = 0;
  let high = settled.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const [from, to] = settled[middle] ?? [0, 0];
    if (from <= at && at < to) return true;
    if (to <= at) low = middle + 1;
    else high = middle;
  }
  return false;
}

/** Reads the ranges, and cuts off one that a crash cut short. */
function loadDone(file: DiskFile): [number, number][] {
  const content = file.read(0, file.size());
  const ranges: [number, number][] = [];
  let good = 0;
  for (; good + doneRecord <= content.length; good += doneRecord) {
    if (crc32c(content, good, good + 8) !== content.readUInt32LE(good + 8)) break;
    ranges.push([content.readUInt32LE(good), content.readUInt32LE(good + 4)]);
  }
  if (good < content.length) file.truncate(good);
  return ranges.sort(([a], [b]) => a - b);
}

function range(from: number, to: number): Buffer {
  const bytes = Buffer.alloc(doneRecord);
  bytes.writeUInt32LE(from, 0);
  bytes.writeUInt32LE(to, 4);
  bytes.writeUInt32LE(crc32c(bytes, 0, 8), 8);
  return bytes;
}

function seal(type: Message["type"], json: string, bytes: number): Buffer {
  const record = Buffer.allocUnsafe(recordHead + bytes);
  record[0] = recordMark;
  record[1] = types.indexOf(type);
  record.writeUInt32LE(bytes, 2);
  record.write(json, recordHead);
  record.writeUInt32LE(crc32c(record, recordHead, record.length, crc32c(record, 1, 6)), 6);
  return record;
}

function parse(
  content: Buffer,
  at: number,
): { type: Message["type"]; item: Buffer; end: number } | undefined {
  if (content[at] !== recordMark || at + recordHead > content.length) return undefined;
  const type = types[content[at + 1] ?? types.length];
  const end = at + recordHead + content.readUInt32LE(at + 2);
  if (type === undefined || end > content.length || end - at > recordHead + maxItem) return undefined;
  const sum = crc32c(content, at + recordHead, end, crc32c(content, at + 1, at + 6));
  if (sum !== content.readUInt32LE(at + 6)) return undefined;
  return { type, item: content.subarray(at + recordHead, end), end };
}

const table = Array.from({ length: 256 }, (_, n) => {
  let sum = n;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1;
  return sum >>> 0;
});

/** CRC-32C (Castagnoli) of some of the bytes, going on from an earlier sum. */
export function crc32c(bytes: Uint8Array, from: number, to: number, earlier = 0): number {
  let sum = ~earlier;
  for (let i = from; i < to; i++) sum = (sum >>> 8) ^ (table[(sum ^ (bytes[i] ?? 0)) & 0xff] ?? 0);
  return ~sum >>> 0;
}
