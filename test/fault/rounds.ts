/** Faults that come again and again, a few rounds in `npm test` and many in the long run. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SeededRandom } from '#testing/clock';
import { startWriter } from './child.ts';
import type { Ext4Disk } from './disk.ts';
import { examine, type Verdict } from './store.ts';

/** The highest number known to be durable under each name. */
type Known = ReadonlyMap<string, number>;

/** A process with 8 writers, killed at some moment after a few acknowledged writes. */
export async function killed(folder: string, before: Known, random: SeededRandom): Promise<Known> {
  const writer = startWriter({ folder, writers: 8, before });
  await writer.until(1 + random.below(150));
  writer.kill();
  await writer.ended;
  return writer.acknowledged;
}

export interface PowerOptions {
  readonly random: SeededRandom;
  /** As the driver's; default `full`. */
  readonly synchronous?: 'full' | 'off';
}

/** A process with 8 writers whose power goes. */
export async function powerCut(disk: Ext4Disk, before: Known, options: PowerOptions): Promise<Known> {
  const { random, synchronous = 'full' } = options;
  const writer = startWriter({ folder: disk.folder, writers: 8, before, synchronous });
  await writer.until(1 + random.below(400));
  disk.cutPower();
  writer.kill();
  await writer.ended;
  disk.remount();
  return writer.acknowledged;
}

/** Rounds on one store, each going on from what the one before has left; ends with the first that is not whole. */
export async function rounds(
  count: number,
  folder: string,
  fault: (before: Known) => Promise<Known>,
): Promise<readonly Verdict['outcome'][]> {
  const outcomes: Verdict['outcome'][] = [];
  let known: Known = new Map();
  while (outcomes.length < count) {
    const verdict = await examine(folder, await fault(known));
    outcomes.push(verdict.outcome);
    if (verdict.outcome !== 'whole') return outcomes;
    known = verdict.written;
  }
  return outcomes;
}

/** What {@link rounds} answers when nothing was ever lost. */
export function allWhole(count: number): readonly Verdict['outcome'][] {
  return Array.from({ length: count }, () => 'whole');
}

/** Works on a copy of `folder`, which is removed afterwards. */
export async function onCopy<T>(folder: string, work: (copy: string) => Promise<T>): Promise<T> {
  const parent = mkdtempSync(join(tmpdir(), 'plumb-copy-'));
  const copy = join(parent, 'store');
  try {
    cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
    return await work(copy);
  } finally {
    rmSync(parent, { recursive: true, maxRetries: 10 });
  }
}
