/**
 * From an acknowledged `set` to the file, in multiples of the least that both can cost: one durable append and one
 * write-and-rename of the same file.
 */
import { readFileSync, watch } from 'node:fs';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Appender } from './appender.ts';
import { type Bench, median, percentile, type Row, rowOf } from './harness.ts';
import { registerReader, type Server, startServer } from './server.ts';

const folder = 'bench/sync';
const names = 50;
const changes = 500;
const handEdits = 50;
const burst = 200;
const idleSyncs = 1000;
const idleSeconds = 70;

/** Resolves with the time at which the file's text first satisfies `wanted`: told by the system, not by asking all the time. */
function whenFile(file: string, wanted: (text: string) => boolean): Promise<number> {
  return new Promise((resolve) => {
    const look = () => {
      if (!wanted(readOrEmpty(file))) return;
      const time = performance.now();
      clearInterval(safety);
      watcher.close();
      resolve(time);
    };
    const watcher = watch(dirname(file), look);
    const safety = setInterval(look, 100);
    look();
  });
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

interface Scene {
  readonly server: Server;
  readonly file: string;
  readonly appender: Appender;
}

async function unit({ file, appender, server }: Scene): Promise<number> {
  const text = await readFile(file);
  const copy = join(server.place, 'yardstick.env');
  const started = performance.now();
  await appender.append(text);
  await writeFile(`${copy}.new`, text);
  await rename(`${copy}.new`, copy);
  return performance.now() - started;
}

async function set({ server }: Scene, name: string, value: string): Promise<void> {
  await server.client.changes.apply({ ops: [{ op: 'put', path: `${folder}/${name}`, value }] });
}

async function measureSets(scene: Scene, units: number[]): Promise<readonly Row[]> {
  const times: number[] = [];
  for (let index = 0; index < changes; index += 1) {
    units.push(await unit(scene));
    const there = whenFile(scene.file, (text) => text.includes(`NAME_0=value-${index}\n`));
    await set(scene, 'NAME_0', `value-${index}`);
    const acknowledged = performance.now();
    times.push(Math.max(0, (await there) - acknowledged));
  }
  const one = median(units);
  const text = (time: number) => `${time.toFixed(2)} ms; one unit is ${one.toFixed(2)} ms`;
  const [p50, p99] = [median(times), percentile(times, 0.99)];
  return [
    rowOf('set to file, p50', p50 / one, { budget: { atMost: 5 }, text: text(p50) }),
    rowOf('set to file, p99', p99 / one, { budget: { atMost: 40 }, text: text(p99) }),
  ];
}

async function measureHandEdits(scene: Scene, units: readonly number[]): Promise<Row> {
  const times: number[] = [];
  const right = await readFile(scene.file, 'utf8');
  for (let index = 0; index < handEdits; index += 1) {
    await writeFile(scene.file, right.replace(/NAME_1=.*/, `NAME_1=by-hand-${index}`));
    const started = performance.now();
    times.push((await whenFile(scene.file, (text) => text === right)) - started);
    // Edits that follow each other closely are somebody fighting, which is another matter.
    await sleep(1000);
  }
  const p50 = median(times);
  return rowOf('hand edit put right, p50', p50 / median(units), {
    budget: { atMost: 20 },
    text: `${p50.toFixed(2)} ms`,
  });
}

async function measureIdleWrites(scene: Scene): Promise<Row> {
  const before = await stat(scene.file);
  for (let index = 0; index < 20; index += 1) {
    await scene.server.client.syncs.apply('bench');
    await scene.server.client.changes.apply({ ops: [{ op: 'put', path: 'bench/other/X', value: `${index}` }] });
  }
  const after = await stat(scene.file);
  const rewritten = before.ino === after.ino && before.mtimeMs === after.mtimeMs ? 0 : 1;
  return rowOf('a file that is right is rewritten', rewritten, { budget: { atMost: 0 } });
}

async function measureBurst(scene: Scene): Promise<Row> {
  let writes = 0;
  const watcher = watch(join(scene.server.place, 'out'), (event, name) => {
    if (event === 'rename' && name === 'bench.env') writes += 1;
  });
  await sleep(500);
  const sets = Array.from({ length: burst }, (_, index) => set(scene, `NAME_${index % names}`, `burst-${index}`));
  await Promise.all(sets);
  // All are acknowledged; which of two for the same name came last is for the server to say.
  const truth = await scene.server.client.entries.evaluate({ folder });
  await whenFile(scene.file, (text) => truth.entries.every(({ value }) => text.includes(`=${value}\n`)));
  await sleep(500);
  watcher.close();
  return rowOf('writes for a burst of 200 changes', writes, {
    budget: { atMost: 20 },
    text: `${truth.entries.length} names right`,
  });
}

async function measureIdle({ server }: Scene, runAs: string): Promise<Row> {
  for (let index = 0; index < idleSyncs; index += 1) {
    await server.client.syncs.put(`idle-${index}`, { from: folder, to: `local:idle-${index}.env`, runAs });
  }
  await whenFile(join(server.place, 'out', `idle-${idleSyncs - 1}.env`), (text) => text !== '');
  await sleep(5000);
  const before = await server.count();
  const started = performance.now();
  await sleep(idleSeconds * 1000);
  const share = ((await server.count()).cpu - before.cpu) / ((performance.now() - started) / 1000);
  return rowOf(`share of a core for ${idleSyncs} idle syncs`, share, { budget: { atMost: 0.01 } });
}

export const bench: Bench = {
  about: `a file of ${names} names, ${changes} changes one after another`,
  async run(print) {
    const server = await startServer();
    const appender = await Appender.open(join(server.place, 'yardstick.log'));
    const scene: Scene = { server, appender, file: join(server.place, 'out', 'bench.env') };
    try {
      const runAs = await registerReader(server.client);
      const ops = Array.from(
        { length: names },
        (_, index) => ({ op: 'put', path: `${folder}/NAME_${index}`, value: `first-${index}` }) as const,
      );
      await server.client.changes.apply({ ops });
      await server.client.syncs.put('bench', { from: folder, to: 'local:bench.env', runAs });
      await whenFile(scene.file, (text) => text.includes('NAME_49=first-49'));
      const units: number[] = [];
      for (const row of await measureSets(scene, units)) print(row);
      print(await measureHandEdits(scene, units));
      print(await measureIdleWrites(scene));
      print(await measureBurst(scene));
      print(await measureIdle(scene, runAs));
    } finally {
      await appender.close();
      await server.stop();
    }
  },
};
