/** The log on SQLite beside a file that is appended to and synced: what chain, blobs and a database cost. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PrincipalName } from '#domain/principal';
import { openAnchor } from '#store/anchor';
import { openLog } from '#store/committer';
import { openSqlite } from '#store/drivers/sqlite/index';
import { put, type ToyDraft, ToyFold, type ToyOp, toyMac } from '#testing/toy-fold';
import { openSlotFile } from '#util/files';
import { systemClock } from '#util/clock';
import { Appender } from './appender.ts';
import { type Bench, compare, type Sample } from './harness.ts';

const duration = 1500;
const author = 'person/bench' as PrincipalName;

/** Runs `write` over and over in `writers` loops; answers how many a second. */
async function rateOf(writers: number, write: (index: number) => Promise<unknown>): Promise<number> {
  let count = 0;
  const started = performance.now();
  const loop = async () => {
    while (performance.now() - started < duration) await write(count++);
  };
  await Promise.all(Array.from({ length: writers }, loop));
  return count / ((performance.now() - started) / 1000);
}

async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'plumb-bench-'));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function ourLog(folder: string, writers: number): Promise<Sample> {
  const driver = await openSqlite(join(folder, 'store'));
  const file = openSlotFile(join(folder, 'anchor'));
  const log = await openLog<ToyOp, ToyDraft>({
    driver,
    stream: 'truth',
    fold: new ToyFold(),
    mac: toyMac('truth'),
    storeId: 'benchmrk',
    anchor: openAnchor({ file, mac: toyMac('anchor'), clock: systemClock }),
    clock: systemClock,
    onFatal: (error) => {
      throw error;
    },
  });
  const secret = randomBytes(100).toString('hex');
  const before = driver.stats;
  const value = await rateOf(writers, (index) => {
    const ops = [put(`n${index % 16}`, secret)];
    return log.commit({ author, reason: 'bench', requestId: 'r', accessor: '', prepare: () => ops });
  });
  const { syncs, appends } = driver.stats;
  await log.close();
  await driver.close();
  return { value, beside: { 'syncs per append': (syncs - before.syncs) / (appends - before.appends) } };
}

async function bareFile(folder: string, writers: number): Promise<Sample> {
  const appender = await Appender.open(join(folder, 'log'));
  const bytes = randomBytes(700);
  const value = await rateOf(writers, () => appender.append(bytes));
  await appender.close();
  return { value };
}

export const bench: Bench = {
  about: 'commits of one value of 200 bytes, beside one file with fdatasync for each batch in flight',
  async run(print) {
    for (const writers of [1, 16]) {
      print(
        await compare({
          what: `${writers} writers`,
          unit: 'commits/s',
          ours: () => inFolder((folder) => ourLog(folder, writers)),
          yardstick: () => inFolder((folder) => bareFile(folder, writers)),
        }),
      );
    }
  },
};
