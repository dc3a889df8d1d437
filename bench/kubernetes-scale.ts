/** Thousands of syncs to one API server: what they cost at rest, and that none waits for all the others. */
import { setTimeout as sleep } from 'node:timers/promises';
import { applyAll, inParallel } from './bare.ts';
import { inSyncOf, requestsOf, type Scene, sent, startScene, target } from './cluster.ts';
import { type Bench, median, percentile, type Row, rowOf } from './harness.ts';
import { registerReader, startServer } from './server.ts';
import { type KubeObject, secret } from '#testing/kubernetes';

const count = 5000;
const namespaceCount = 500;
/** Syncs beside them that do not read what all of those read. */
const others = 20;
/**
 * Twice the default, to be done in half the time. Much more, and it is the two processors of a small machine that are
 * measured: the API server, its etcd, our server and the bench share them.
 */
const perSecond = 200;
/** Every sync is looked at in a minute, give or take a tenth. */
const restSeconds = 66;
const environment = 'bench/scale';
const sharedPath = `${environment}/shared/URL`;

interface Place {
  readonly scene: Scene;
  readonly namespaces: readonly string[];
}

/** One sync and the object that it keeps. */
interface Kept {
  readonly name: string;
  readonly folder: string;
  readonly namespace: string;
  readonly object: string;
}

type Wanted = (object: KubeObject) => boolean;

function has(name: string, value: string): Wanted {
  const text = Buffer.from(value).toString('base64');
  return ({ data = {} }) => data[name] === text;
}

const numbers = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);

function keptOf({ namespaces }: Place, index: number, prefix = 'app'): Kept {
  const namespace = namespaces[index % namespaces.length] ?? '';
  const object = `${prefix}-${Math.floor(index / namespaces.length)}`;
  return { name: `${prefix}-${index}`, folder: `${environment}/${prefix}-${index}`, namespace, object };
}

const manyOf = (place: Place): readonly Kept[] => numbers(count).map((index) => keptOf(place, index));
const othersOf = (place: Place): readonly Kept[] => numbers(others).map((index) => keptOf(place, index, 'other'));

/** The same objects as ours, under other names. */
function bareObjects(place: Place, url: string): readonly KubeObject[] {
  return manyOf(place).map(({ namespace, object }) =>
    secret(namespace, `bare-${object}`, { OWN: 'first', A: 'a', B: 'b', URL: url }),
  );
}

async function start(watch: 'names' | 'namespaces'): Promise<Place> {
  const scene = await startScene({ watch, requestsPerSecond: perSecond });
  const namespaces: string[] = [];
  await inParallel(numbers(namespaceCount), 8, async () => {
    namespaces.push(await scene.cluster.kube.createNamespace());
  });
  return { scene, namespaces };
}

async function putEntries({ scene: { server } }: Place, kept: readonly Kept[], isShared: boolean): Promise<void> {
  const ops = kept.flatMap(({ folder }) => [
    { op: 'put', path: `${folder}/OWN`, value: 'first' } as const,
    { op: 'put', path: `${folder}/A`, value: 'a' } as const,
    { op: 'put', path: `${folder}/B`, value: 'b' } as const,
    ...(isShared ? [{ op: 'put', path: `${folder}/URL`, value: '${/shared/URL}', form: 'expression' } as const] : []),
  ]);
  for (let from = 0; from < ops.length; from += 1000) {
    await server.client.changes.apply({ reason: 'entries of the benchmark', ops: ops.slice(from, from + 1000) });
  }
}

async function untilInSync({ scene: { server } }: Place, wanted: number): Promise<void> {
  while ((await inSyncOf(server)) < wanted) await sleep(500);
}

/** From the first sync declared until all agree. */
async function declare(place: Place): Promise<number> {
  const { server } = place.scene;
  const runAs = await registerReader(server.client);
  const all = [...manyOf(place), ...othersOf(place)];
  await server.client.changes.apply({ ops: [{ op: 'put', path: sharedPath, value: 'first' }] });
  await putEntries(place, manyOf(place), true);
  await putEntries(place, othersOf(place), false);
  const started = performance.now();
  await inParallel(all, 16, async ({ name, folder, namespace, object }) => {
    const options = { objects: [{ kind: 'Secret', name: object }] };
    await server.client.syncs.put(name, { from: folder, to: `${target}/${namespace}`, runAs, options });
  });
  await untilInSync(place, all.length);
  return (performance.now() - started) / 1000;
}

/** Milliseconds from an acknowledged `set` to the API server, of one other sync after the other as long as `goesOn`. */
async function serve(place: Place, goesOn: (index: number) => boolean): Promise<number[]> {
  const { scene } = place;
  const kept = othersOf(place);
  const times: number[] = [];
  const run = performance.now().toFixed(0);
  for (let index = 0; goesOn(index); index += 1) {
    const { folder, namespace, object } = kept[index % kept.length] as Kept;
    const value = `${run}-${index}`;
    const there = scene.lookout.when(namespace, object, has('OWN', value));
    await scene.server.client.changes.apply({ ops: [{ op: 'put', path: `${folder}/OWN`, value }] });
    const acknowledged = performance.now();
    times.push(Math.max(0, (await there) - acknowledged));
    await sleep(50);
  }
  return times;
}

const ms = (time: number): string => `${time.toFixed(2)} ms`;

async function measureRest({ scene: { server } }: Place, watch: string): Promise<readonly Row[]> {
  const [before, cpu] = [await requestsOf(server), (await server.count()).cpu];
  await sleep(restSeconds * 1000);
  const after = await requestsOf(server);
  const { memory, cpu: cpuAfter } = await server.count();
  const share = ((cpuAfter - cpu) / restSeconds).toFixed(3);
  const streams = [...after].map(([key, value]) => (key.startsWith('watch ') ? value : 0)).reduce((a, b) => a + b, 0);
  const aMinute = (number: number): number => (number * 60) / restSeconds;
  return [
    rowOf(`${watch}: MB of our server`, memory, { text: `${streams} watches opened so far` }),
    rowOf(`${watch}: requests in ${restSeconds} s at rest, but for watches`, sent(before, after), {
      budget: { atMost: 0 },
    }),
    rowOf(`${watch}: renewals of watches a minute`, aMinute(sent(before, after, 'watch')), {
      text: `${share} of a core`,
    }),
  ];
}

async function measureWave(place: Place, round: number): Promise<{ ours: number; bare: number; times: number[] }> {
  const { server, lookout, cluster } = place.scene;
  const all = (prefix: string, value: string): Promise<number> =>
    Promise.all(manyOf(place).map((one) => lookout.when(one.namespace, prefix + one.object, has('URL', value)))).then(
      (times) => Math.max(...times),
    );
  const value = `wave-${round}`;
  const bareEnd = all('bare-', value);
  const bareStart = performance.now();
  await applyAll(bareObjects(place, value), { kube: cluster.kube, perSecond });
  const bare = (await bareEnd) - bareStart;
  await sleep(2500);
  let isOver = false;
  const end = all('', value).then((time) => {
    isOver = true;
    return time;
  });
  const begun = performance.now();
  await server.client.changes.apply({ ops: [{ op: 'put', path: sharedPath, value }] });
  const times = await serve(place, () => !isOver);
  const ours = (await end) - begun;
  await untilInSync(place, count + others);
  return { ours, bare, times };
}

async function measureWaves(place: Place, quiet: readonly number[]): Promise<readonly Row[]> {
  const rounds = [await measureWave(place, 1), await measureWave(place, 2)];
  const [ours, bare] = [median(rounds.map((round) => round.ours)), median(rounds.map((round) => round.bare))];
  const times = rounds.flatMap((round) => round.times);
  const [p50, p99] = [median(times), percentile(times, 0.99)];
  const one = median(quiet);
  return [
    rowOf(`one change that ${count} syncs read, beside as many bare applies`, ours / bare, {
      budget: { atMost: 1.5 },
      text: `${(ours / 1000).toFixed(1)} s to ${(bare / 1000).toFixed(1)} s at ${perSecond} requests a second`,
    }),
    rowOf('another change meanwhile, p50, beside its quiet time', p50 / one, {
      budget: { atMost: 10 },
      text: `${ms(p50)} to ${ms(one)}; ${times.length} changes`,
    }),
    rowOf('the same, p99', p99 / one, { text: ms(p99) }),
  ];
}

/** Our server is started anew, and looks at everything: nothing is known, every watch is opened. */
async function measureResync(place: Place, quiet: readonly number[]): Promise<readonly Row[]> {
  const { scene } = place;
  await scene.server.stop();
  scene.server = await startServer(scene.options);
  const before = await requestsOf(scene.server);
  const started = performance.now();
  // As when it was quiet, the first change of a namespace is apart: its workloads are followed from then on.
  const first = await serve(place, (index) => index < others);
  const seconds = (0.8 * count) / perSecond;
  const times = await serve(place, () => performance.now() - started < seconds * 1000);
  const opened = sent(before, await requestsOf(scene.server), 'watch');
  const [p50, p99] = [median(times), percentile(times, 0.99)];
  const quiet99 = percentile(quiet, 0.99);
  return [
    rowOf('a change in a full resync, p99, beside a quiet server', p99 / quiet99, {
      budget: { atMost: 5 },
      text: `${ms(p99)} to ${ms(quiet99)}; p50 ${ms(p50)}; ${times.length} changes while ${opened} watches were opened`,
    }),
    rowOf('the first change of a namespace there, p50 in ms', median(first), {
      text: `slowest ${ms(Math.max(...first))}`,
    }),
  ];
}

async function measureNames(print: (row: Row) => void): Promise<void> {
  const place = await start('names');
  await using scene = place.scene;
  const bareStart = performance.now();
  await applyAll(bareObjects(place, 'first'), { kube: scene.cluster.kube, perSecond });
  const bare = (performance.now() - bareStart) / 1000;
  const first = await declare(place);
  const text = `${first.toFixed(1)} s; as many bare applies take ${bare.toFixed(1)} s`;
  print(rowOf('names: first full agreement, beside bare applies', first / bare, { text }));
  for (const row of await measureRest(place, 'names')) print(row);
  // The first change of a namespace follows its workloads; that is no part of the quiet time.
  const apart = await serve(place, (index) => index < others);
  print(rowOf('names: the first change of a namespace, p50 in ms', median(apart), {}));
  const quiet = await serve(place, (index) => index < 200);
  print(
    rowOf('names: a change while all is quiet, p50 in ms', median(quiet), {
      text: `p99 ${ms(percentile(quiet, 0.99))}`,
    }),
  );
  for (const row of await measureWaves(place, quiet)) print(row);
  for (const row of await measureResync(place, quiet)) print(row);
}

async function measureNamespaces(print: (row: Row) => void): Promise<void> {
  const place = await start('namespaces');
  await using scene = place.scene;
  const first = await declare(place);
  const requests = [...(await requestsOf(scene.server))].map(([key, value]) => `${value} ${key}`).join(', ');
  print(rowOf('namespaces: first full agreement in s', first, { text: requests }));
  for (const row of await measureRest(place, 'namespaces')) print(row);
}

const about = `${count} syncs over ${namespaceCount} namespaces of a real API server, ${perSecond} requests a second at most`;

export const bench: Bench = { about: `${about}, a watch for each object`, run: measureNames };
export const namespacesBench: Bench = { about: `${about}, a watch for each namespace`, run: measureNamespaces };
