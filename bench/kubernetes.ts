/** From an acknowledged `set` to the API server, in multiples of one bare server-side apply of the same object. */
import { setTimeout as sleep } from 'node:timers/promises';
import { requestsOf, type Scene, sent, startScene, target } from './cluster.ts';
import { type Bench, median, percentile, type Row, rowOf } from './harness.ts';
import { registerReader } from './server.ts';
import { type KubeObject, pathOf, secret } from '#testing/kubernetes';

const folder = 'bench/sync';
const names = 50;
const changes = 500;
const handEdits = 50;
const burst = 200;

interface Place extends Scene {
  readonly namespace: string;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const has =
  (name: string, value: string) =>
  ({ data = {} }: KubeObject): boolean =>
    data[name] === base64(value);

async function set({ server }: Scene, name: string, value: string): Promise<void> {
  await server.client.changes.apply({ ops: [{ op: 'put', path: `${folder}/${name}`, value }] });
}

/** The same object as ours, one name of it changed, written by one request. */
async function unit({ cluster, namespace }: Place, index: number): Promise<number> {
  const values = Array.from({ length: names }, (_, at) => [`NAME_${at}`, at === 0 ? `value-${index}` : `first-${at}`]);
  const object = secret(namespace, 'yardstick', Object.fromEntries(values) as Record<string, string>);
  const started = performance.now();
  await cluster.kube.patchAs('bench').apply(object, { force: true });
  return performance.now() - started;
}

async function measureSets(place: Place, units: number[]): Promise<readonly Row[]> {
  const { lookout, namespace, server } = place;
  const times: number[] = [];
  const before = await requestsOf(server);
  for (let index = 0; index < changes; index += 1) {
    units.push(await unit(place, index));
    const there = lookout.when(namespace, 'app', has('NAME_0', `value-${index}`));
    await set(place, 'NAME_0', `value-${index}`);
    const acknowledged = performance.now();
    times.push(Math.max(0, (await there) - acknowledged));
  }
  const after = await requestsOf(server);
  const one = median(units);
  const text = (time: number): string => `${time.toFixed(2)} ms; one unit is ${one.toFixed(2)} ms`;
  const [p50, p99] = [median(times), percentile(times, 0.99)];
  const slowest = `; p99 of the units is ${percentile(units, 0.99).toFixed(2)} ms`;
  return [
    rowOf('set to API server, p50', p50 / one, { budget: { atMost: 3 }, text: text(p50) }),
    rowOf('set to API server, p99', p99 / one, { budget: { atMost: 15 }, text: text(p99) + slowest }),
    rowOf('PATCHes for a change', sent(before, after, 'patch') / changes, { budget: { atMost: 1 } }),
    rowOf('other requests for a change', (sent(before, after) - sent(before, after, 'patch')) / changes, {
      budget: { atMost: 0 },
    }),
  ];
}

async function measureHandEdits({ cluster, lookout, namespace }: Place, units: readonly number[]): Promise<Row> {
  const times: number[] = [];
  const editor = cluster.kube.patchAs('kubectl-edit');
  const path = pathOf(secret(namespace, 'app', {}));
  for (let index = 0; index < handEdits; index += 1) {
    const byHand = `by-hand-${index}`;
    await lookout.when(namespace, 'app', has('NAME_1', 'first-1'));
    const edited = lookout.when(namespace, 'app', has('NAME_1', byHand));
    const merged = editor.merge(path, { data: { NAME_1: base64(byHand) } });
    await edited;
    const started = performance.now();
    times.push((await lookout.when(namespace, 'app', has('NAME_1', 'first-1'))) - started);
    await merged;
    // Edits that follow each other closely are somebody fighting, which is another matter.
    await sleep(1000);
  }
  const p50 = median(times);
  return rowOf('hand edit put right, p50', p50 / median(units), {
    budget: { atMost: 6 },
    text: `${p50.toFixed(2)} ms`,
  });
}

async function measureNeedlessWrites({ server }: Place): Promise<Row> {
  const before = await requestsOf(server);
  for (let index = 0; index < 20; index += 1) {
    await server.client.syncs.apply('bench');
    await server.client.changes.apply({ ops: [{ op: 'put', path: 'bench/other/X', value: `${index}` }] });
  }
  const after = await requestsOf(server);
  return rowOf('PATCHes of an object that is right', sent(before, after, 'patch'), { budget: { atMost: 0 } });
}

async function measureBurst(place: Place): Promise<Row> {
  const { server, lookout, namespace } = place;
  const before = await requestsOf(server);
  await Promise.all(Array.from({ length: burst }, (_, index) => set(place, `NAME_${index % names}`, `burst-${index}`)));
  // All are acknowledged; which of two for the same name came last is for the server to say.
  const truth = await server.client.entries.evaluate({ folder });
  const wanted = truth.entries.map(({ path, value }) => has(path.slice(folder.length + 1), value ?? ''));
  await lookout.when(namespace, 'app', (object) => wanted.every((holds) => holds(object)));
  await sleep(500);
  const after = await requestsOf(server);
  return rowOf(`PATCHes for a burst of ${burst} changes`, sent(before, after, 'patch'), {
    budget: { atMost: 20 },
    text: `${truth.entries.length} names right`,
  });
}

export const bench: Bench = {
  about: `a Secret of ${names} names on a real API server, ${changes} changes one after another`,
  async run(print) {
    await using scene = await startScene();
    const { server, cluster, lookout } = scene;
    const namespace = await cluster.kube.createNamespace();
    const place: Place = { ...scene, namespace };
    const runAs = await registerReader(server.client);
    const ops = Array.from(
      { length: names },
      (_, index) => ({ op: 'put', path: `${folder}/NAME_${index}`, value: `first-${index}` }) as const,
    );
    await server.client.changes.apply({ ops });
    const options = { objects: [{ kind: 'Secret', name: 'app' }] };
    await server.client.syncs.put('bench', { from: folder, to: `${target}/${namespace}`, runAs, options });
    await lookout.when(namespace, 'app', has('NAME_49', 'first-49'));
    const units: number[] = [];
    // What is done for the first time only is no part of either.
    for (let index = 0; index < 20; index += 1) {
      await unit(place, index);
      await set(place, 'NAME_0', `warm-${index}`);
      await lookout.when(namespace, 'app', has('NAME_0', `warm-${index}`));
    }
    for (const row of await measureSets(place, units)) print(row);
    print(await measureHandEdits(place, units));
    print(await measureNeedlessWrites(place));
    print(await measureBurst(place));
  },
};
