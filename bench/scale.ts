/** What a change costs must not depend on what exists or who watches; and what a hundred thousand entries cost. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { type Bench, compare, median, type Row, rowOf, type Sample } from './harness.ts';
import type { LoadResult } from './load.ts';
import { fill, registerReader, type Server, startServer } from './server.ts';
import { folder } from './values.ts';
import type { Watchers } from './watchers.ts';

const few = 100;
const many = 100_000;
const seconds = 5;
const atMost = 1.3;

interface Cost {
  readonly cpu: number;
  readonly calls: number;
}

/** What a `set` costs a server, checkpoints included: 16 connections make enough of them. */
async function costOf(server: Server, entries: number): Promise<Cost> {
  const load = await startChild('load.ts');
  const before = await server.count();
  const request = { port: server.port, token: server.token, kind: 'put', connections: 16, seconds, entries };
  const { requests } = await load.ask<LoadResult>(request);
  const after = await server.count();
  await load.stop();
  return {
    cpu: ((after.cpu - before.cpu) / requests) * 1e6,
    calls: (after.stats.calls - before.stats.calls) / requests,
  };
}

/** Two rows: processor time and calls of the driver for each `set`, of `large` beside `small`. */
async function compareCosts(what: string, large: () => Promise<Cost>, small: () => Promise<Cost>): Promise<Row[]> {
  const calls: { readonly large: number[]; readonly small: number[] } = { large: [], small: [] };
  const sample = async (measure: () => Promise<Cost>, kept: number[]): Promise<Sample> => {
    const cost = await measure();
    kept.push(cost.calls);
    return { value: cost.cpu };
  };
  const row = await compare({
    what: `${what}: CPU of a set`,
    unit: 'µs',
    budget: { atMost },
    yardstick: () => sample(small, calls.small),
    ours: () => sample(large, calls.large),
  });
  const [mine, theirs] = [median(calls.large), median(calls.small)];
  const text = `${mine.toFixed(3)} to ${theirs.toFixed(3)}`;
  return [row, rowOf(`${what}: calls of the driver for a set`, mine / theirs, { budget: { atMost }, text })];
}

async function compareEntries(print: (row: Row) => void): Promise<void> {
  const small = await startServer();
  const large = await startServer();
  try {
    await fill(small.client, few);
    await fill(large.client, many);
    const what = `${many} entries beside ${few}`;
    for (const row of await compareCosts(
      what,
      () => costOf(large, many),
      () => costOf(small, few),
    )) {
      print(row);
    }
  } finally {
    await small.stop();
    await large.stop();
  }
}

async function addWatchers(server: Server, count: number): Promise<Child> {
  const child = await startChild('watchers.ts');
  const address = `http://127.0.0.1:${server.port}`;
  await child.ask<number>({ address, token: server.token, under: 'bench/other', count } satisfies Watchers);
  return child;
}

async function addSyncs(server: Server, count: number): Promise<void> {
  const runAs = await registerReader(server.client);
  await server.client.changes.apply({ ops: [{ op: 'put', path: 'bench/other/X', value: 'x' }] });
  for (let index = 0; index < count; index += 1) {
    await server.client.syncs.put(`other-${index}`, { from: 'bench/other', to: `local:other-${index}.env`, runAs });
  }
  await sleep(3000);
}

async function compareListeners(print: (row: Row) => void): Promise<void> {
  const small = await startServer();
  const large = await startServer();
  const watchers: Child[] = [];
  try {
    for (const [server, count] of [
      [small, 1],
      [large, 1000],
    ] as const) {
      await fill(server.client, few);
      watchers.push(await addWatchers(server, count));
      await addSyncs(server, count);
    }
    const what = '1000 watchers and syncs of other paths beside 1';
    for (const row of await compareCosts(
      what,
      () => costOf(large, few),
      () => costOf(small, few),
    )) {
      print(row);
    }
  } finally {
    for (const child of [...watchers, small, large]) await child.stop();
  }
}

/** A server is started again over the same store, in turn with what reads and MACs its bytes. */
async function compareStart(print: (row: Row) => void): Promise<void> {
  const place = await mkdtemp(join(tmpdir(), 'plumb-bench-'));
  try {
    const first = await startServer({ place });
    await fill(first.client, many);
    const { token } = first;
    await first.stop();
    const memory: number[] = [];
    print(
      await compare({
        what: `start with ${many} entries`,
        unit: 's',
        budget: { atMost: 5 },
        yardstick: async () => {
          const child = await startChild('yardstick-start.ts');
          const value = await child.ask<number>(join(place, 'store'));
          await child.stop();
          return { value };
        },
        ours: async () => {
          const server = await startServer({ place, token });
          const load = await startChild('load.ts');
          const target = { port: server.port, token, connections: 16, seconds, entries: many };
          await load.ask<LoadResult>({ ...target, kind: 'get' });
          memory.push((await server.count()).memory);
          await load.stop();
          await server.stop();
          return { value: server.startSeconds };
        },
      }),
    );
    const text = `MB after reading them at random, all in ${folder}`;
    print(rowOf(`memory with ${many} entries`, Math.max(...memory), { budget: { atMost: 400 }, text }));
  } finally {
    await rm(place, { recursive: true });
  }
}

export const bench: Bench = {
  about: 'the cost of a change is that of the change; a store of many entries',
  async run(print) {
    await compareStart(print);
    await compareEntries(print);
    await compareListeners(print);
  },
};
