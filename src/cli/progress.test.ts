import { expect, test } from 'vitest';
import { during } from './progress.ts';
import { Session } from './session.ts';
import { plainStyle } from './style.ts';
import type { CliIo } from './io.ts';

/** A session whose time is held: `passes` lets the pauses so far end. */
function scene(options: { readonly isTerminal?: boolean; readonly term?: string; readonly columns?: number } = {}) {
  const { isTerminal = true, term = 'xterm', columns } = options;
  let now = 0;
  let written = '';
  const waiting: { readonly ms: number; readonly wake: () => void }[] = [];
  const io = {
    env: { TERM: term },
    now: () => now,
    stderr: { isTerminal, columns, write: (text: string) => void (written += text) },
    wait: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        waiting.push({ ms, wake: resolve });
        signal?.addEventListener('abort', () => resolve(), { once: true });
      }),
  };
  const passes = async (): Promise<void> => {
    for (const { ms, wake } of waiting.splice(0)) {
      now += ms;
      wake();
    }
    await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return { session: new Session(io as unknown as CliIo, plainStyle), passes, told: () => written, waiting };
}

test('says nothing of what is done soon', async () => {
  const { session, told } = scene();
  expect(await during(session, 'writing', Promise.resolve(7))).toBe(7);
  expect(told()).toBe('');
});

test('says what is being done and for how long, and takes the line away', async () => {
  const { session, passes, told } = scene();
  const work = Promise.withResolvers<number>();
  let read = 1;
  const outcome = during(session, () => `reading ${read} of 9`, work.promise);
  await passes();
  read = 5;
  for (let turn = 0; turn < 20; turn += 1) await passes();
  work.resolve(1);
  expect(await outcome).toBe(1);
  const shown = told().split('\r\u001b[K');
  expect(shown[1]).toBe('⠋ reading 1 of 9');
  expect(shown[2]).toBe('⠙ reading 5 of 9');
  expect(shown.at(-2)).toMatch(/^. reading 5 of 9, 2 s$/);
  expect(shown.at(-1)).toBe('');
});

test('fits the terminal, and hands a failure on', async () => {
  const { session, passes, told } = scene({ columns: 20 });
  const work = Promise.withResolvers<void>();
  const outcome = during(session, 'writing five thousand names', work.promise);
  await passes();
  work.reject(new Error('no'));
  await expect(outcome).rejects.toThrow('no');
  expect(told()).toBe('\r\u001b[K⠋ writing five thou\r\u001b[K');
});

test.each([{ isTerminal: false }, { term: 'dumb' }])('says nothing with %j', async (options) => {
  const { session, waiting } = scene(options);
  await during(session, 'writing', Promise.resolve());
  expect(waiting).toEqual([]);
});
