/** A disk that is full: files are right or as they were, never half-written. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { makeMemoryDisk } from '../fault/disk.ts';
import { without } from '../fault/without.ts';
import { conditions, pass, until, World } from './world.ts';

let world: World;
const disks: ReturnType<typeof makeMemoryDisk>[] = [];
afterEach(async () => {
  await world.end();
  for (const disk of disks.splice(0)) disk.remove();
});

function full(): { readonly folder: string; fill(): void; free(): void } {
  const disk = makeMemoryDisk(1);
  disks.push(disk);
  const ballast = join(disk.folder, 'ballast');
  return {
    folder: disk.folder,
    fill() {
      const block = Buffer.alloc(4096);
      try {
        for (;;) writeFileSync(ballast, block, { flag: 'a' });
      } catch {
        // Nothing more fits.
      }
    },
    free: () => rmSync(ballast),
  };
}

const long = 'x'.repeat(60_000);
const minute = () => pass(world, 10_000);

test.skipIf(without('mount'))(
  'the disk of the files: the old file stays whole, and the new one comes when there is room',
  async () => {
    world = await World.make();
    const disk = full();
    world.configure({ roots: { main: disk.folder } });
    const path = join(disk.folder, '.env');
    const agent = await world.start();
    const before = readFileSync(path, 'utf8');
    disk.fill();
    await world.set({ A: long });
    await until(() => conditions(agent).some((one) => one.startsWith('Error: ')), minute);
    expect(readFileSync(path, 'utf8')).toBe(before);
    for (let time = 0; time < 20; time += 1) await minute();
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(readdirSync(disk.folder).sort()).toEqual(['.env', 'ballast']);
    disk.free();
    await until(() => readFileSync(path, 'utf8').includes(long), minute);
    await world.rest(agent);
    expect(conditions(agent)).toEqual(['InSync: Agrees']);
  },
);

test.skipIf(without('mount'))(
  'the disk of what is remembered: nothing is written that could not be remembered, and files stay whole',
  async () => {
    world = await World.make();
    const disk = full();
    world.configure({ state: join(disk.folder, 'state') });
    const agent = await world.start();
    const before = readFileSync(world.path(), 'utf8');
    disk.fill();
    await world.set({ A: 'two', ...Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`NAME_${i}`, 'new'])) });
    await until(() => world.lines.some((line) => line.includes('cannot be kept for later')), minute);
    for (let time = 0; time < 20; time += 1) await minute();
    expect(readFileSync(world.path(), 'utf8')).toBe(before);
    disk.free();
    await until(() => readFileSync(world.path(), 'utf8').includes('A=two'), minute);
    await world.rest(agent);
    expect(conditions(agent)).toEqual(['InSync: Agrees']);
    await agent.stop();
    const again = await world.start();
    expect(conditions(again)).toEqual(['InSync: Agrees']);
  },
);
