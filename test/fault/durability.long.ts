import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '#testing/clock';
import { makeExt4 } from './disk.ts';
import { allWhole, killed, powerCut, rounds } from './rounds.ts';
import { without } from './without.ts';

test('300 kill -9 under 8 writers lose nothing that was acknowledged', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'plumb-kill-'));
  const folder = join(parent, 'store');
  const random = new SeededRandom(100);
  const outcomes = await rounds(300, folder, (before) => killed(folder, before, random));
  rmSync(parent, { recursive: true, maxRetries: 10 });
  expect(outcomes).toEqual(allWhole(300));
});

describe.skipIf(without('ext4', 'mount', 'python3'))('power cuts under 8 writers', () => {
  test('50 of one store lose nothing that was acknowledged', async () => {
    const disk = makeExt4(128);
    const random = new SeededRandom(200);
    const cut = rounds(50, disk.folder, (before) => powerCut(disk, before, { random }));
    const outcomes = await cut.finally(() => disk.remove());
    expect(outcomes).toEqual(allWhole(50));
  });

  test('10 of a new store each lose nothing that was acknowledged', async () => {
    const random = new SeededRandom(300);
    const outcomes: string[] = [];
    while (outcomes.length < 10) {
      const disk = makeExt4(64);
      const cut = rounds(1, disk.folder, (before) => powerCut(disk, before, { random }));
      outcomes.push(...(await cut.finally(() => disk.remove())));
    }
    expect(outcomes).toEqual(allWhole(10));
  });
});
