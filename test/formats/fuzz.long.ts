/**
 * Every parser against mutated files of the corpus, `PLUMB_FUZZ_SECONDS` in all (600 if it is not set). A finding says
 * its text; `PLUMB_FUZZ_SEED` takes a seed again.
 */
import { Worker } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { formatNames } from '#format/formats';
import { corpusFiles, corpusFormats } from './differences.ts';
import type { FuzzJob } from './fuzz-worker.ts';

const seconds = Number(process.env.PLUMB_FUZZ_SECONDS ?? 600) / formatNames.length;
const seed = Number(process.env.PLUMB_FUZZ_SEED ?? Date.now() % 1_000_000_000);
/** No text of the sizes tried takes a thousandth of it: a parser that is silent so long hangs. */
const silence = 60_000;

/** Answers what was found, or nothing; `done` counts. */
async function run(job: FuzzJob): Promise<string> {
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), { workerData: job });
  const counter = new Int32Array(job.done);
  const finished = new Promise<string>((settle, fail) => {
    worker.once('message', settle);
    worker.once('error', fail);
  });
  const stop = new AbortController();
  const hung = (async () => {
    for (let before = -1; before !== Atomics.load(counter, 0); ) {
      before = Atomics.load(counter, 0);
      await sleep(silence, undefined, { signal: stop.signal });
    }
    return `hangs in text ${Atomics.load(counter, 0)}`;
  })();
  try {
    return await Promise.race([finished, hung]);
  } finally {
    stop.abort();
    await Promise.allSettled([hung, worker.terminate()]);
  }
}

describe(`seed ${seed}`, () => {
  test.each(formatNames)('%s neither crashes nor hangs nor misreads', async (format) => {
    const files = corpusFormats().includes(format) ? corpusFiles(format) : corpusFormats().flatMap(corpusFiles);
    const done = new SharedArrayBuffer(4);
    expect(await run({ format, files, seed, seconds, done })).toBe('');
    expect(new Int32Array(done)[0]).toBeGreaterThan(seconds * 10);
  });
});
