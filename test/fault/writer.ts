/**
 * A process that writes to a store until it is stopped, and says on its output what was acknowledged:
 *
 *     ready
 *     ack <name> <number>
 *     failed <code>: <message>
 *
 * Lines are written at once and whole, so that what was said survives `kill -9`. Arguments: see {@link WriterArguments}, as JSON.
 */
import { writeSync } from 'node:fs';
import { PlumbError } from '#domain/errors';
import { openNumbered } from './store.ts';

export interface WriterArguments {
  readonly folder: string;
  /** Writers at work at once, under the names `writer-1`…. */
  readonly writers: number;
  readonly synchronous?: 'full' | 'off';
  /** Kills itself after so many acknowledged writes; absent: goes on. */
  readonly stopAfter?: number;
}

/** Ends by `failed` with this code when the store fails. */
export const failedExit = 3;

async function run({ folder, writers, synchronous = 'full', stopAfter }: WriterArguments): Promise<void> {
  const store = await openNumbered(folder, fail, { synchronous });
  say('ready');
  let left = stopAfter ?? Number.POSITIVE_INFINITY;
  const keepWriting = async (name: string): Promise<never> => {
    for (;;) {
      const number = await store.write(name);
      say(`ack ${name} ${number}`);
      left -= 1;
      if (left <= 0) process.kill(process.pid, 'SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, index) => keepWriting(`writer-${index + 1}`)));
}

/** As the server does: says so and stops at once. */
function fail(error: unknown): void {
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  const text = error instanceof PlumbError ? `${error.code}: ${error.message}` : String(error);
  say(`failed ${text}${cause}`);
  process.exit(failedExit);
}

/** The pipe may be full while whoever reads it has no time: waits, and never loses a line. */
function say(line: string): void {
  let rest = Buffer.from(`${line}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

if (import.meta.main) await run(JSON.parse(process.argv[2] ?? '') as WriterArguments).catch(fail);
