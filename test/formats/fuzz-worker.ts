/**
 * Tries one format in a thread of its own until its time is over: that of its processor, so that a busy machine tries as
 * much. It counts its texts in shared memory and leaves the present one there, so that somebody else sees when one is
 * never done with, and which it is.
 */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { type FormatName, loadFormat } from '#format/formats';
import { fuzz } from './fuzz.ts';

export interface FuzzJob {
  readonly format: FormatName;
  readonly files: readonly string[];
  readonly seed: number;
  readonly seconds: number;
  /** Two numbers: how many texts were begun, and the length of what is in `present`. */
  readonly state: SharedArrayBuffer;
  /** The present text as JSON, in UTF-8. */
  readonly present: SharedArrayBuffer;
}

const { format, files, seed, seconds, state, present } = workerData as FuzzJob;
const texts = files.map((file) => readFileSync(file, 'utf8'));
const counter = new Int32Array(state);
const bytes = new Uint8Array(present);
const encoder = new TextEncoder();
const begin = cpuSeconds();

const found = fuzz(await loadFormat(format), {
  texts,
  seed,
  timed: true,
  next: (text) => {
    counter[1] = encoder.encodeInto(JSON.stringify(text), bytes).written;
    Atomics.add(counter, 0, 1);
    return cpuSeconds() - begin < seconds;
  },
});
parentPort?.postMessage(found ?? null, []);

function cpuSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}
