import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { DataLoafError } from "./errors.js";

/** As much of a file system as a spool uses; tests have one that crashes. */
export interface Disk {
  /** Makes a folder and those above it. */
  makeFolder(path: string): void;
  /** The names in a folder. */
  list(path: string): string[];
  /** Opens a file to read it and to append to it; makes it where it is absent. */
  open(path: string): DiskFile;
  /** Removes a file; one that is absent is no error. */
  remove(path: string): void;
  /** Makes sure that a folder's entries survive a loss of power. */
  syncFolder(path: string): void;
  /** Takes the lock, or throws `spool_in_use`; gives what releases it. */
  lock(path: string): () => void;
}

/** A file of a spool. */
export interface DiskFile {
  /** The length in bytes. */
  size(): number;
  /** Reads at most so many bytes from a place on. */
  read(at: number, length: number): Buffer;
  /** Appends all the bytes, or throws; some may have been written then. */
  append(bytes: Uint8Array): void;
  /** Cuts the file. */
  truncate(length: number): void;
  /** Waits until everything written survives a loss of power. */
  sync(): void;
  /** Does the same in the background. */
  syncLater(done: (error: Error | null) => void): void;
  close(): void;
}

/** The machine's disk. Only the user of the process may read what is made. */
export const realDisk: Disk = {
  makeFolder: (path) => void fs.mkdirSync(path, { recursive: true, mode: 0o700 }),
  list: (path) => fs.readdirSync(path),
  open: (path) => new RealFile(fs.openSync(path, "a+", 0o600)),
  remove: (path) => fs.rmSync(path, { force: true }),
  syncFolder: (path) => {
    if (process.platform === "win32") return; // a folder cannot be opened there
    const folder = fs.openSync(path, "r");
    try {
      fs.fsyncSync(folder);
    } finally {
      fs.closeSync(folder);
    }
  },
  lock,
};

class RealFile implements DiskFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  size(): number {
    return fs.fstatSync(this.#fd).size;
  }

  read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    let read = 0;
    while (read < length) {
      const n = fs.readSync(this.#fd, bytes, read, length - read, at + read);
      if (n === 0) break;
      read += n;
    }
    return bytes.subarray(0, read);
  }

  append(bytes: Uint8Array): void {
    let written = 0;
    while (written < bytes.length) written += fs.writeSync(this.#fd, bytes, written, bytes.length - written);
  }

  truncate(length: number): void {
    fs.ftruncateSync(this.#fd, length);
  }

  sync(): void {
    fs.fsyncSync(this.#fd);
  }

  syncLater(done: (error: Error | null) => void): void {
    fs.fsync(this.#fd, done);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

/**
 * Node.js has no file locks that end with the process. So the lock is a file that names its holder, and a holder that
 * is gone is passed over.
 */
function lock(path: string): () => void {
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid) });
  const draft = join(dirname(path), `lock.${process.pid}.${process.hrtime.bigint()}`);
  fs.writeFileSync(draft, mine, { mode: 0o600 });
  try {
    for (;;) {
      try {
        fs.linkSync(draft, path); // unlike a file that is made and then written, it is never seen half written
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
      const holder = read(path);
      if (holder === undefined) continue; // released just now
      if (isAlive(holder)) {
        throw new DataLoafError(
          "spool_in_use",
          `the folder ${dirname(path)} is in use by another client; give each process a folder of its own`,
        );
      }
      // Of several that find it stale one moves it away; who moves a new one puts it back.
      const stale = `${draft}.stale`;
      try {
        fs.renameSync(path, stale);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
        throw error;
      }
      if (read(stale) !== holder) fs.linkSync(stale, path);
      fs.rmSync(stale, { force: true });
    }
  } finally {
    fs.rmSync(draft, { force: true });
  }
  return () => fs.rmSync(path, { force: true });
}

function read(path: string): string | undefined {
  try {
    return fs.readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isAlive(holder: string): boolean {
  let pid: unknown;
  let started: unknown;
  try {
    ({ pid, started } = JSON.parse(holder) as { pid?: unknown; started?: unknown });
  } catch {
    return false;
  }
  if (typeof pid !== "number") return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  // After a restart another process may have the number: in a container it is 1 each time.
  return started === startOf(pid);
}

/** When a process started, as far as the system tells; empty where it does not. */
function startOf(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // Fields 3 and 22 (proc(5)); the second is the program's name, which may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie runs no more; its parent has only not asked after it yet.
    return fields[0] === "Z" || fields[0] === "X" ? "gone" : (fields[19] ?? "");
  } catch {
    return "";
  }
}
