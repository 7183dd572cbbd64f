import type { Logger } from "./config.js";

/** As much of `process` as the handlers touch. */
export interface ProcessLike {
  readonly pid: number;
  on(event: "beforeExit" | "SIGTERM", listener: () => void): unknown;
  removeListener(event: "beforeExit" | "SIGTERM", listener: () => void): unknown;
  listeners(event: "SIGTERM"): unknown[];
  kill(pid: number, signal: "SIGTERM"): unknown;
}

/** As much of a client as the handlers touch. */
export interface Closable {
  flush(options?: { timeout?: number }): Promise<void>;
  close(options?: { timeout?: number }): Promise<void>;
  stats(): { pending: number };
}

/**
 * Marks the listeners of this package, whichever copy of it they are of: a process whose only listeners to SIGTERM
 * are ours ends by it, one that has its own decides for itself.
 */
const ours = Symbol.for("@dataloaf/node exit listener");

/** How long the end of the process may wait for a delivery, in milliseconds. */
const exitTimeout = 30_000;

/**
 * Delivers what is queued when the process has nothing left to do and on SIGTERM; gives what ends that.
 *
 * On SIGTERM a program without a listener of its own would have ended: then the client is closed, and the signal sent
 * again without our listener. A second SIGTERM does not wait. Where the program listens itself it may still have
 * requests to finish: then what is queued is delivered, and the client stays open.
 */
export function handleExit(client: Closable, process: ProcessLike, logger: Logger): () => void {
  const failed = (error: unknown) => logger.error("dataloaf: not all was delivered at the end", { error });
  const atRest = () => {
    if (client.stats().pending === 0) return;
    // The process stays while it waits. What cannot be delivered then is given up, or it would never end.
    client
      .flush({ timeout: exitTimeout })
      .catch(() => client.close({ timeout: 0 }))
      .catch(failed);
  };
  let ending = false;
  const endBySignal = () => {
    process.removeListener("SIGTERM", atSignal);
    // The last of our listeners ends the process.
    if (process.listeners("SIGTERM").length === 0) process.kill(process.pid, "SIGTERM");
  };
  const signalled = () => {
    const others = process.listeners("SIGTERM").some((l) => typeof l === "function" && !(ours in l));
    if (others) {
      client.flush({ timeout: exitTimeout }).catch(failed);
      return;
    }
    if (ending) {
      endBySignal();
      return;
    }
    ending = true;
    client.close().catch(failed).finally(endBySignal);
  };
  const atSignal = Object.assign(signalled, { [ours]: true });
  process.on("beforeExit", atRest);
  process.on("SIGTERM", atSignal);
  return () => {
    process.removeListener("beforeExit", atRest);
    // While it ends by the signal the listener takes itself away, last.
    if (!ending) process.removeListener("SIGTERM", atSignal);
  };
}
