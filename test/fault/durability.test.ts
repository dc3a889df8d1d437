import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SeededRandom } from '#testing/clock';
import { type Ext4Disk, makeExt4 } from './disk.ts';
import { allWhole, killed, powerCut, rounds } from './rounds.ts';
import { examine } from './store.ts';
import { without } from './without.ts';

describe('kill -9 under 8 writers', () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'plumb-kill-'));
    folder = join(parent, 'store');
  });
  afterEach(() => rmSync(parent, { recursive: true, maxRetries: 10 }));

  test('loses nothing that was acknowledged', async () => {
    const random = new SeededRandom(1);
    expect(await rounds(6, folder, (before) => killed(folder, before, random))).toEqual(allWhole(6));
  });

  test('is judged by something that sees one write too few and one too many', async () => {
    const acknowledged = await killed(folder, new Map(), new SeededRandom(2));
    const shifted = (by: number) => new Map([...acknowledged].map(([name, number]) => [name, number + by]));
    expect((await examine(folder, shifted(2))).outcome).toBe('lost');
    expect((await examine(folder, shifted(-2))).outcome).toBe('wrong');
    expect((await examine(folder, acknowledged)).outcome).toBe('whole');
  });
});

describe.skipIf(without('ext4', 'mount', 'python3'))('a power cut under 8 writers', () => {
  let disk: Ext4Disk;
  beforeEach(() => {
    disk = makeExt4(64);
  });
  afterEach(() => disk.remove());

  test('loses nothing that was acknowledged', async () => {
    const random = new SeededRandom(4);
    const outcomes = await rounds(3, disk.folder, (before) => powerCut(disk, before, { random }));
    expect(outcomes).toEqual(allWhole(3));
  });

  test('loses it when SQLite does not sync, which shows that the cut is real', async () => {
    const options = { random: new SeededRandom(5), synchronous: 'off' } as const;
    const outcomes = await rounds(3, disk.folder, (before) => powerCut(disk, before, options));
    expect(outcomes.at(-1)).toMatch(/^(lost|refused)$/);
  });
});
