/** Time and chance come in through these, so that a test or the simulator can hold both. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that never goes back; only differences mean anything. */
  monotonic(): number;
  /** Calls `fire` once after `ms`. Does not keep the process alive. */
  timer(ms: number, fire: () => void): Timer;
}

export interface Random {
  /** Cryptographically strong bytes (except in the simulator). */
  bytes(length: number): Uint8Array;
  /** In [0, 1); for jitter only. */
  next(): number;
}

/** Resolves in the next turn of the event loop: what has arrived meanwhile is there then. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, fire) {
    const handle = setTimeout(fire, ms);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
