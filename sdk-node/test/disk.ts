import { basename, dirname } from "node:path";
import type { Disk, DiskFile } from "../src/disk.js";
import { DataLoafError } from "../src/errors.js";

interface Content {
  bytes: Buffer;
  /** How much of it a loss of power leaves. */
  synced: number;
}

/** A disk in memory whose process may crash, whose power may go, and which may fail. */
export class MemoryDisk implements Disk {
  readonly #files = new Map<string, Content>();
  /** Counts the crashes: what was opened before one works no more. */
  #life = 0;
  #failingWrites = 0;
  #writtenThen = 0;
  #failingReads = 0;
  #failingSyncs = false;

  /** The bytes of all files. */
  get bytes(): number {
    return [...this.#files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** The process is gone; what it wrote stays. */
  crash(): void {
    this.#life++;
    this.#files.delete("spool/lock");
  }

  /** The machine is gone, and with it what was not synced. */
  losePower(): void {
    this.crash();
    for (const content of this.#files.values()) content.bytes = content.bytes.subarray(0, content.synced);
  }

  /** Cuts bytes off a file's end. */
  shorten(path: string, by: number): void {
    const content = this.#get(path);
    content.bytes = content.bytes.subarray(0, content.bytes.length - by);
  }

  /** Changes a byte. */
  flip(path: string, at: number): void {
    const content = this.#get(path);
    content.bytes = Buffer.from(content.bytes);
    content.bytes[at] = (content.bytes[at] ?? 0) ^ 0xff;
  }

  content(path: string): Buffer {
    return this.#get(path).bytes;
  }

  /** Lets the next writes fail when they have written so many bytes. */
  failWrites(count: number, after: number): void {
    this.#failingWrites = count;
    this.#writtenThen = after;
  }

  failReads(count: number): void {
    this.#failingReads = count;
  }

  failSyncs(fail = true): void {
    this.#failingSyncs = fail;
  }

  #get(path: string): Content {
    const content = this.#files.get(path);
    if (content === undefined) throw new Error(`${path} is not there`);
    return content;
  }

  makeFolder(): void {
    // A map needs none.
  }

  list(path: string): string[] {
    return [...this.#files.keys()].filter((name) => dirname(name) === path).map((name) => basename(name));
  }

  remove(path: string): void {
    this.#files.delete(path);
  }

  syncFolder(): void {
    // Names are never lost here.
  }

  lock(path: string): () => void {
    if (this.#files.has(path)) throw new DataLoafError("spool_in_use", "in use");
    this.#files.set(path, { bytes: Buffer.alloc(0), synced: 0 });
    return () => this.#files.delete(path);
  }

  open(path: string): DiskFile {
    const life = this.#life;
    const content = this.#files.get(path) ?? { bytes: Buffer.alloc(0), synced: 0 };
    this.#files.set(path, content);
    const alive = () => {
      if (life !== this.#life) throw new Error("the process is gone");
    };
    const sync = () => {
      alive();
      if (this.#failingSyncs) throw new Error("the disk does not sync");
      content.synced = content.bytes.length;
    };
    return {
      size: () => content.bytes.length,
      read: (at, length) => {
        alive();
        if (this.#failingReads > 0) {
          this.#failingReads--;
          throw new Error("the disk does not read");
        }
        return Buffer.from(content.bytes.subarray(at, at + length));
      },
      append: (bytes) => {
        alive();
        if (this.#failingWrites > 0) {
          this.#failingWrites--;
          content.bytes = Buffer.concat([content.bytes, bytes.subarray(0, this.#writtenThen)]);
          throw new Error("the disk is full");
        }
        content.bytes = Buffer.concat([content.bytes, bytes]);
      },
      truncate: (length) => {
        alive();
        content.bytes = content.bytes.subarray(0, length);
      },
      sync,
      syncLater: (done) => {
        let failed: Error | null = null;
        try {
          sync();
        } catch (error) {
          failed = error as Error;
        }
        setImmediate(() => done(failed));
      },
      close: () => undefined,
    };
  }
}
