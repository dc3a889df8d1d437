/** Durable writes over REST beside a bare server that parses, encrypts, appends and syncs once for each batch. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { type Bench, compare, median, rowOf } from './harness.ts';
import type { LoadRequest } from './load.ts';
import { round } from './round.ts';
import { startServer } from './server.ts';
import type { YardstickWrites } from './yardstick-writes.ts';

const entries = 10_000;
const seconds = 3;

export const bench: Bench = {
  about: 'one secret a request, durable when answered',
  async run(print) {
    const folder = await mkdtemp(join(tmpdir(), 'plumb-bench-'));
    const server = await startServer();
    const yardstick = await startChild('yardstick-writes.ts');
    const syncs: number[] = [];
    try {
      const port = await yardstick.ask<number>({ file: join(folder, 'log') } satisfies YardstickWrites);
      for (const connections of [1, 16, 64]) {
        const request = (to: number): LoadRequest => ({
          port: to,
          token: server.token,
          kind: 'put',
          connections,
          seconds,
          entries,
        });
        print(
          await compare({
            what: `${connections} connections`,
            unit: 'writes/s',
            budget: { atLeast: 0.4 },
            yardstick: () => round(yardstick.pid, request(port)),
            ours: async () => {
              const before = await server.count();
              const result = await round(server.child.pid, request(server.port));
              const { stats } = await server.count();
              syncs.push((stats.syncs - before.stats.syncs) / (stats.appends - before.stats.appends));
              return result;
            },
          }),
        );
      }
      print(rowOf('syncs of the store for each batch', median(syncs), { budget: { atMost: 1.1 } }));
    } finally {
      await server.stop();
      await yardstick.stop();
      await rm(folder, { recursive: true });
    }
  },
};
