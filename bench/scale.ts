/** What a change costs must not depend on what exists or who watches; and what a hundred thousand entries cost. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';
import { type Bench, compare, formatNumber, type Row, rowOf } from './harness.ts';
import type { LoadResult } from './load.ts';
import { fill, registerReader, type Server, startServer } from './server.ts';
import { folder } from './values.ts';
import type { Watchers } from './watchers.ts';

const few = 100;
const many = 100_000;
/** Of one round: after eight seconds without work V8 sweeps the heap twice, and then grows it anew. */
const seconds = 3;
const rounds = 14;
const atMost = 1.3;

interface Measured {
  readonly server: Server;
  readonly entries: number;
}

/** Of all rounds together. */
class Costs {
  readonly #server: Server;
  readonly #entries: number;
  #requests = 0;
  #cpu = 0;
  #calls = 0;

  constructor({ server, entries }: Measured) {
    this.#server = server;
    this.#entries = entries;
  }

  /** Answers the microseconds of processor time of a `set` in this round. 16 connections make enough for checkpoints. */
  async round(): Promise<number> {
    const load = await startChild('load.ts');
    const before = await this.#server.count();
    const { port, token } = this.#server;
    const request = { port, token, kind: 'put', connections: 16, seconds, entries: this.#entries };
    const { requests } = await load.ask<LoadResult>(request);
    const after = await this.#server.count();
    await load.stop();
    const cpu = (after.cpu - before.cpu) * 1e6;
    this.#requests += requests;
    this.#cpu += cpu;
    this.#calls += after.stats.calls - before.stats.calls;
    return cpu / requests;
  }

  get cpu(): number {
    return this.#cpu / this.#requests;
  }

  get calls(): number {
    return this.#calls / this.#requests;
  }
}

/**
 * Two rows: processor time and calls of the driver for each `set`, of `large` beside `small`. Of all rounds together,
 * not their median: a checkpoint, or a sweep of the heap, comes in some rounds only, and is part of the cost.
 */
async function compareCosts(what: string, large: Measured, small: Measured): Promise<Row[]> {
  const [mine, theirs] = [new Costs(large), new Costs(small)];
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Each is the first one every other time.
    const first = round % 2 === 0 ? theirs : mine;
    const values = new Map([[first, await first.round()]]);
    for (const other of [mine, theirs]) if (other !== first) values.set(other, await other.round());
    ratios.push((values.get(mine) ?? Number.NaN) / (values.get(theirs) ?? Number.NaN));
  }
  const budget = { atMost };
  const range = `rounds ${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  const cpu = `${formatNumber(mine.cpu)} µs to ${formatNumber(theirs.cpu)}; ${range}`;
  const calls = `${mine.calls.toFixed(3)} to ${theirs.calls.toFixed(3)}`;
  return [
    rowOf(`${what}: CPU of a set`, mine.cpu / theirs.cpu, { budget, text: cpu }),
    rowOf(`${what}: calls of the driver for a set`, mine.calls / theirs.calls, { budget, text: calls }),
  ];
}

async function compareEntries(print: (row: Row) => void): Promise<void> {
  const small = await startServer();
  const large = await startServer();
  try {
    await fill(small.client, few);
    await fill(large.client, many);
    const what = `${many} entries beside ${few}`;
    const rows = await compareCosts(what, { server: large, entries: many }, { server: small, entries: few });
    for (const row of rows) print(row);
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
    const rows = await compareCosts(what, { server: large, entries: few }, { server: small, entries: few });
    for (const row of rows) print(row);
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
