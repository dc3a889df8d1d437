/** Reads over REST, each authorised, recorded and decrypted, beside a bare server that answers bodies of the same size. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startChild } from './child.ts';
import { type Bench, compare, median, rowOf } from './harness.ts';
import type { LoadRequest } from './load.ts';
import { round } from './round.ts';
import { fill, type Server, startServer } from './server.ts';
import { folder, nameOf } from './values.ts';
import type { YardstickReads } from './yardstick-reads.ts';

const entries = 10_000;
const connections = 16;
const seconds = 3;

async function auditLines(server: Server): Promise<number> {
  const text = await readFile(join(server.place, 'store', 'audit.log'), 'latin1');
  return text.split(`${folder}/${nameOf(0).slice(0, -6)}`).length - 1;
}

const requestTo = (server: Pick<Server, 'port' | 'token'>): LoadRequest => ({
  port: server.port,
  token: server.token,
  kind: 'get',
  connections,
  seconds,
  entries,
});

export const bench: Bench = {
  about: `${entries} secrets read at random, ${connections} connections, every body checked`,
  async run(print) {
    const server = await startServer();
    const silent = await startServer({ audit: false });
    const yardstick = await startChild('yardstick-reads.ts');
    try {
      await fill(server.client, entries);
      await fill(silent.client, entries);
      const sample = JSON.stringify(await server.client.entries.get({ path: `${folder}/${nameOf(0)}` }));
      const port = await yardstick.ask<number>({ sample, entries } satisfies YardstickReads);
      const bare = { port, token: server.token };
      await round(yardstick.pid, requestTo(bare));
      let asked = 0;
      const before = await auditLines(server);
      const withAudit: number[] = [];
      const without: number[] = [];
      print(
        await compare({
          what: 'reads',
          unit: 'requests/s',
          budget: { atLeast: 0.5 },
          yardstick: () => round(yardstick.pid, requestTo(bare)),
          ours: async () => {
            const plain = await round(silent.child.pid, requestTo(silent));
            without.push(plain.cpu);
            const result = await round(server.child.pid, requestTo(server));
            withAudit.push(result.cpu);
            asked += result.requests;
            return result;
          },
        }),
      );
      const share = median(withAudit) / median(without) - 1;
      const text = `${(median(withAudit) * 1e6).toFixed(1)} µs to ${(median(without) * 1e6).toFixed(1)} µs`;
      print(rowOf('what audit adds to the CPU of a request', share, { budget: { atMost: 0.15 }, text }));
      const recorded = (await auditLines(server)) - before;
      // Requests that were in flight when a round ended are recorded and not counted.
      const missing = Math.max(0, asked - recorded) / asked;
      print(rowOf('requests without an audit line', missing, { budget: { atMost: 0 }, text: `${recorded} lines` }));
    } finally {
      for (const each of [server, silent, yardstick]) await each.stop();
    }
  },
};
