/** Tells the time and wakes the client; tests put their own in its place. */
export interface Clock {
  /** The time of day, in milliseconds since 1970. It stamps messages. */
  now(): number;
  /** Milliseconds since any fixed moment, never going back. They bound retries. */
  monotonic(): number;
  /** Calls `wake` once after `delay` milliseconds, and gives what `clearTimeout` takes. */
  setTimeout(wake: () => void, delay: number): unknown;
  /** Ends a timer that `setTimeout` gave. */
  clearTimeout(timer: unknown): void;
}

/** The machine's clock. Its timers let the process end. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (wake, delay) => setTimeout(wake, delay).unref(),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
};
