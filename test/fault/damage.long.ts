import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SeededRandom } from '#testing/clock';
import { startWriter } from './child.ts';
import { damages, inflict } from './damage.ts';
import { onCopy } from './rounds.ts';
import { examine } from './store.ts';

let parent: string;
let folder: string;
let acknowledged: ReadonlyMap<string, number>;
beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'plumb-damage-'));
  folder = join(parent, 'store');
  const writer = startWriter({ folder, writers: 8, stopAfter: 1_500 });
  const { code, lines, errors } = await writer.ended;
  expect({ code, last: lines.at(-1), errors }).toEqual({ code: null, last: expect.stringMatching(/^ack/), errors: '' });
  acknowledged = writer.acknowledged;
});
afterAll(() => rmSync(parent, { recursive: true }));

test.each(damages.map((damage) => [damage.file, damage.how, damage] as const))(
  'a store with %s %s is whole or refused, 60 times',
  async (_file, _how, damage) => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const verdict = await onCopy(folder, (copy) => {
        inflict(damage, copy, new SeededRandom(seed));
        return examine(copy, acknowledged);
      });
      expect(verdict.outcome, `seed ${seed}`).toMatch(/^(whole|refused)$/);
    }
  },
);
