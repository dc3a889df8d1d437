/**
 * Every parser against mutated files of the corpus, `PLUMB_FUZZ_SECONDS` of processor time each (600 if it is not
 * set); `PLUMB_FUZZ_FORMATS` names those to try (`json,yaml`; all if it is not set). A finding says its text; `PLUMB_FUZZ_SEED` takes a seed again.
 */
import { Worker } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { formatNames, isFormatName } from '#format/formats';
import { corpusFiles } from './differences.ts';
import type { FuzzJob } from './fuzz-worker.ts';
import type { Finding } from './fuzz.ts';

const seconds = Number(process.env.PLUMB_FUZZ_SECONDS ?? 600);
const seed = Number(process.env.PLUMB_FUZZ_SEED ?? Date.now() % 1_000_000_000);
const formats = process.env.PLUMB_FUZZ_FORMATS?.split(',') ?? formatNames;
/** Of CPU time. No text of the sizes tried takes a thousandth of it: a parser that is at one so long hangs. */
const hanging = 60_000_000;

/** Answers what was found, or nothing. */
async function run(job: FuzzJob): Promise<unknown> {
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), { workerData: job });
  const finished = new Promise<Finding | null>((settle, fail) => {
    worker.once('message', settle);
    worker.once('error', fail);
  });
  const stop = new AbortController();
  const hung = hang(worker, job, stop.signal);
  try {
    return await Promise.race([finished, hung]);
  } finally {
    stop.abort();
    await Promise.allSettled([finished, hung, worker.terminate()]);
  }
}

/** Answers the text that the worker has been at for too long. */
async function hang(worker: Worker, { state, present }: FuzzJob, signal: AbortSignal): Promise<unknown> {
  const counter = new Int32Array(state);
  let [count, since] = [-1, 0];
  for (;;) {
    await sleep(1000, undefined, { signal });
    const { user, system } = await worker.cpuUsage();
    const now = Atomics.load(counter, 0);
    if (now !== count) [count, since] = [now, user + system];
    else if (user + system - since > hanging) {
      return { hangs: new TextDecoder().decode(new Uint8Array(present).slice(0, counter[1])) };
    }
  }
}

describe(`seed ${seed}`, () => {
  test.each(formats)('%s neither crashes nor hangs nor misreads', async (format) => {
    if (!isFormatName(format)) throw new Error(`${format} is no format`);
    const state = new SharedArrayBuffer(8);
    const present = new SharedArrayBuffer(2 * 1024 * 1024);
    console.log(`${format}: ${seconds} seconds, seed ${seed}`);
    const found = await run({ format, files: corpusFiles(format), seed, seconds, state, present });
    const [texts = 0] = new Int32Array(state);
    console.log(`${format}: ${texts} texts`);
    expect(found).toBeNull();
    expect(texts).toBeGreaterThan(100);
  });
});
