import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FakeClock } from '#testing/clock';
import { toyMac } from '#testing/toy-fold';
import { memorySlotFile, openSlotFile, type SlotFile } from '#util/files';
import { type AnchorName, openAnchor } from './anchor.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumb-anchor-'));
});
afterAll(() => rm(folder, { recursive: true }));

const headOf = (seq: number) => ({ seq, mac: Buffer.alloc(32, seq) });
const open = (file: SlotFile, clock = new FakeClock(), generation = 1) =>
  openAnchor({ file, clock, mac: toyMac('anchor', generation) });
let files = 0;
const kinds: [string, () => () => SlotFile][] = [
  [
    'memory',
    () => {
      const file = memorySlotFile();
      return () => file;
    },
  ],
  [
    'file',
    () => {
      const path = join(folder, `${files++}`);
      return () => openSlotFile(path);
    },
  ],
];

describe.each(kinds)('an anchor in %s', (_, place) => {
  test('holds what was set last under each name, across openings', async () => {
    const file = place();
    const first = open(file());
    expect([first.state, first.head('truth')]).toEqual(['new', undefined]);
    const sets: [AnchorName, number][] = [
      ['truth', 1],
      ['audit', 7],
      ['truth', 2],
      ['work', 9],
      ['truth', 3],
    ];
    for (const [name, seq] of sets) first.set(name, headOf(seq));
    await first.close();
    const later = open(file());
    expect(later.state).toBe('held');
    expect([later.head('truth'), later.head('work'), later.head('audit')]).toEqual([headOf(3), headOf(9), headOf(7)]);
    await later.close();
  });

  test('goes on from the older slot when the newer one is torn', async () => {
    const file = place();
    const first = open(file());
    for (const seq of [1, 2, 3]) first.set('truth', headOf(seq));
    await first.close();
    const torn = file();
    torn.write(4096 + 60, Buffer.alloc(40, 0xee));
    expect(open(torn).head('truth')).toEqual(headOf(2));
    torn.write(60, Buffer.alloc(40, 0xee));
    expect([open(torn).state, open(torn).head('truth')]).toEqual(['lost', undefined]);
    torn.close();
  });
});

describe('an anchor', () => {
  test('is not believed when any byte of both slots was altered', () => {
    const file = memorySlotFile();
    const anchor = open(file);
    anchor.set('truth', headOf(1));
    anchor.set('truth', headOf(2));
    const image = [...file.read(0, 168)];
    for (let at = 0; at < image.length; at++) {
      const copy = memorySlotFile();
      for (const slot of [0, 4096]) {
        copy.write(slot, file.read(slot, 168));
        copy.write(
          slot + at,
          file.read(slot + at, 1).map((byte) => byte ^ 0x80),
        );
      }
      const state = (() => {
        try {
          return open(copy).state;
        } catch (error) {
          return (error as { code: string }).code;
        }
      })();
      expect([at, state]).toEqual([at, at === 0 ? 'unsupported' : 'lost']);
    }
  });

  test('is synced once a second, however often it is set', async () => {
    const clock = new FakeClock();
    let syncs = 0;
    const file = { ...memorySlotFile(), sync: async () => void syncs++ };
    const anchor = open(file, clock);
    for (let i = 0; i < 50; i++) {
      anchor.set('truth', headOf(i % 250));
      await clock.advance(50);
    }
    expect(syncs).toBe(2);
    await clock.advance(5000);
    expect([syncs, clock.waiting]).toEqual([3, 0]);
    await anchor.flush();
    expect(syncs).toBe(4);
  });

  test('refuses everything after a failed sync or write', async () => {
    const clock = new FakeClock();
    const anchor = open({ ...memorySlotFile(), sync: () => Promise.reject(new Error('EIO')) }, clock);
    anchor.set('truth', headOf(1));
    await clock.advance(1000);
    const unavailable = expect.objectContaining({ code: 'unavailable' }) as unknown;
    expect(() => anchor.set('truth', headOf(2))).toThrow(unavailable);
    await expect(anchor.flush()).rejects.toEqual(unavailable);
    const full = open({
      ...memorySlotFile(),
      write: () => {
        throw new Error('ENOSPC');
      },
    });
    expect(() => full.set('truth', headOf(1))).toThrow(unavailable);
    const closed = open(memorySlotFile());
    await closed.close();
    expect(() => closed.set('truth', headOf(1))).toThrow(unavailable);
  });

  test('goes on under a new MAC key, and does not know a key to come', () => {
    const file = memorySlotFile();
    open(file).set('truth', headOf(1));
    const rotated = open(file, new FakeClock(), 2);
    expect(rotated.head('truth')).toEqual(headOf(1));
    rotated.set('truth', headOf(2));
    expect(open(file, new FakeClock(), 2).head('truth')).toEqual(headOf(2));
    expect(open(file, new FakeClock(), 1).head('truth')).toEqual(headOf(1));
  });

  test('stands in a file for its owner alone, never behind a symbolic link', async () => {
    const path = join(folder, 'modes');
    openSlotFile(path).close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFile(join(folder, 'elsewhere'), '');
    await symlink(join(folder, 'elsewhere'), join(folder, 'link'));
    expect(() => openSlotFile(join(folder, 'link'))).toThrow(/ELOOP/);
  });
});
