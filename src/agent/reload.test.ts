import { expect, test } from 'vitest';
import { Reload } from './reload.ts';
import { FakeClock, SeededRandom } from '#testing/clock';

/** A reload whose command the test ends. */
function make(now = false) {
  const clock = new FakeClock();
  const started: { at: number; changed: string | undefined; end: (problem?: string) => void; signal: AbortSignal }[] =
    [];
  let told = 0;
  const reload = new Reload(
    {
      clock,
      random: { ...new SeededRandom(1), bytes: () => new Uint8Array(), next: () => 0.5 },
      env: { PATH: '/bin' },
      run: async ({ env, signal }) => {
        const ended = Promise.withResolvers<string | undefined>();
        started.push({ at: clock.monotonic(), changed: env['PLUMB_CHANGED'], end: ended.resolve, signal });
        return now ? 'ended with exit code 1' : await ended.promise;
      },
    },
    { sync: 'app', path: '/etc/app/.env', command: ['x'], timeoutMs: 1000, env: {} },
  );
  reload.onTried(() => {
    told += 1;
  });
  const state = async (mark: string) => (await reload.progress('reload', mark)).state;
  return { clock, reload, started, state, told: () => told };
}

test('a failure is tried again after a second, doubling up to five minutes, without end', async () => {
  const { clock, reload, started, told } = make(true);
  await reload.restart('reload', 'm');
  await clock.advance(3_600_000);
  const gaps = started.slice(1).map(({ at }, index) => at - (started[index]?.at ?? 0));
  expect(gaps.slice(0, 11)).toEqual([
    1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000,
  ]);
  expect([started.length > 18, told()]).toEqual([true, started.length]);
});

test('newer contents wait for the command that runs, and then have their own; its end says nothing of them', async () => {
  const { clock, reload, started, state } = make();
  await reload.restart('reload', 'one');
  await reload.restart('reload', 'two');
  expect(started).toHaveLength(1);
  started[0]?.end();
  await clock.advance(0);
  expect([started.length, await state('two')]).toEqual([2, 'waiting']);
  started[1]?.end();
  await clock.advance(0);
  expect([await state('two'), started.length, clock.waiting]).toEqual(['done', 2, 0]);
});

test('newer contents end the waiting for the next try', async () => {
  const { clock, reload, started, state } = make();
  await reload.restart('reload', 'one');
  started[0]?.end('ended with exit code 1');
  await clock.advance(0);
  expect(await state('one')).toBe('failed');
  await reload.restart('reload', 'two');
  await clock.advance(0);
  expect([started.length, clock.waiting]).toEqual([2, 0]);
});

test('names that changed are told together until a command went well; not known after a start', async () => {
  const { clock, reload, started } = make();
  reload.writing(['A']);
  await reload.restart('reload', '1');
  reload.writing(['B']);
  started[0]?.end('failed');
  await clock.advance(1000);
  started[1]?.end();
  await clock.advance(0);
  reload.writing(['C', 'D']);
  await reload.restart('reload', '2');
  reload.writing(['E']);
  started[2]?.end('failed');
  await clock.advance(1000);
  expect(started.map(({ changed }) => changed)).toEqual([undefined, undefined, 'C D', 'C D E']);
});

test('stopping waits for the command that runs, then asks it to end; nothing is tried after it', async () => {
  const { clock, reload, started } = make();
  await reload.restart('reload', 'm');
  let isClosed = false;
  const closing = reload.close().then(() => {
    isClosed = true;
  });
  await clock.advance(9_999);
  expect([isClosed, started[0]?.signal.aborted]).toEqual([false, false]);
  await clock.advance(1);
  expect(started[0]?.signal.aborted).toBe(true);
  started[0]?.end('was ended');
  await closing;
  await clock.advance(600_000);
  expect(started).toHaveLength(1);
});
