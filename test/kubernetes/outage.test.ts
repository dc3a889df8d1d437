/** What happens while our server is down, or clusters cannot be reached, is made up for: all of it, and nothing else. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { holds, Site } from './site.ts';
import { type Kubernetes, pathOf, secret, startKubernetes, valuesOf, workload } from '#testing/kubernetes';

type Op = Parameters<Site['client']['changes']['apply']>[0]['ops'][number];

const put = (path: string, value: string): Op => ({ op: 'put', path, value, kind: 'secret' });
const isInSync = (view: Parameters<typeof holds>[0]): boolean => holds(view, 'InSync');
const secretPath = (namespace: string): string => pathOf({ kind: 'Secret', metadata: { namespace, name: 'app' } });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe.skipIf(without('kubernetes'))('on a real API server', () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
  });
  afterAll(() => kubernetes?.stop());

  const deploymentPath = (namespace: string): string => pathOf(workload('Deployment', { namespace, name: 'reader' }));
  /** A Deployment that reads one name of the Secret. */
  const deploy = async (namespace: string, key: string): Promise<void> => {
    const env = [{ name: 'X', valueFrom: { secretKeyRef: { name: 'app', key } } }];
    await kubernetes.kube.put(workload('Deployment', { namespace, name: 'reader' }, { env }));
  };
  const generations = async (namespaces: readonly string[]): Promise<readonly (number | undefined)[]> => {
    const found = await Promise.all(namespaces.map((namespace) => kubernetes.kube.get(deploymentPath(namespace))));
    return found.map((deployment) => deployment?.metadata.generation);
  };
  const sync = (namespace: string, target: string, index: number) => ({
    from: `app/e${index}`,
    to: `${target}:${namespace}`,
    runAs: 'workload/w',
    options: { objects: [{ kind: 'Secret', name: 'app' }] },
  });
  const newNamespaces = (count: number): Promise<readonly string[]> =>
    Promise.all(Array.from({ length: count }, () => kubernetes.kube.createNamespace()));

  test('a thousand changes that a stopped server has missed: each object is written once, each reader restarted once', async () => {
    // Objects 0-9 miss changes of the source, 10-19 hand edits, 20-23 both, and 24-29 none.
    const [fromSource, byHand, both, all] = [10, 20, 24, 30];
    const names = Array.from({ length: 40 }, (_, index) => `N${index}`);
    const isNew = (index: number): boolean => index < fromSource || (index >= byHand && index < both);
    const namespaces = await newNamespaces(all);
    await using site = await Site.open({ kubernetes });
    for (const [index, namespace] of namespaces.entries()) {
      await site.client.changes.apply({ ops: names.map((name) => put(`app/e${index}/${name}`, `first ${name}`)) });
      await deploy(namespace, 'N0');
      await site.client.syncs.put(`s${index}`, sync(namespace, 'k', index));
    }
    await site.until(isInSync);
    expect(new Set(await generations(namespaces))).toEqual(new Set([1]));
    await site.stop();

    await site.start({ targets: false });
    await site.until((view) => holds(view, 'Stalled'));
    let missed = 0;
    for (const index of namespaces.keys()) {
      if (!isNew(index)) continue;
      for (const name of names.slice(0, 36)) {
        await site.client.changes.apply({ ops: [put(`app/e${index}/${name}`, `second ${name}`)] });
        missed += 1;
      }
    }
    await site.stop();
    const hand = kubernetes.kube.patchAs('kubectl-edit');
    for (const [index, namespace] of namespaces.entries()) {
      if (index < fromSource || index >= both) continue;
      for (const name of names.slice(4)) {
        await hand.merge(secretPath(namespace), { data: { [name]: base64(`by hand ${name}`) } });
        missed += 1;
      }
    }
    expect(missed).toBeGreaterThanOrEqual(1000);

    const before = site.writes().length;
    await site.start();
    await site.until((view) => isInSync(view) && view.status?.agree === names.length);
    const written = site.writes().slice(before);
    expect(written.filter((line) => line.includes('/secrets/')).sort()).toEqual(
      namespaces
        .slice(0, both)
        .map((namespace) => `PATCH ${secretPath(namespace)}`)
        .sort(),
    );
    for (const [index, namespace] of namespaces.entries()) {
      const found = await kubernetes.kube.get(secretPath(namespace));
      const expected = names.map((name, at) => [name, `${isNew(index) && at < 36 ? 'second' : 'first'} ${name}`]);
      expect(found === undefined ? {} : valuesOf({ ...found, kind: 'Secret' })).toEqual(Object.fromEntries(expected));
    }
    // Only what reads a name that has another value than before.
    const restarted = namespaces.filter((_, index) => isNew(index));
    for (const namespace of restarted) {
      await kubernetes.kube.waitFor(deploymentPath(namespace), (found) => found?.metadata.generation === 2);
    }
    expect(await generations(namespaces)).toEqual(namespaces.map((_, index) => (isNew(index) ? 2 : 1)));
    const patched = site.writes().filter((line) => line.includes('/deployments/'));
    expect(patched.sort()).toEqual(restarted.map((namespace) => `PATCH ${deploymentPath(namespace)}`).sort());
  });

  describe('two of three clusters that hang', () => {
    const perSecond = 20;
    const many = 30;
    const changes = 50;

    test('do not slow down the third, and catch up within their budgets', async () => {
      await using site = await Site.open({
        kubernetes,
        targets: ['near', 'far', 'farther'],
        more: (name) => (name === 'near' ? '' : `, requestsPerSecond: ${perSecond}`),
      });
      const lost = [site.far('far'), site.far('farther')];
      await site.client.projects.put('app', {});
      const [ours = ''] = await newNamespaces(1);
      await site.client.changes.apply({ ops: [put('app/e0/N', 'first'), put('app/all/N', 'first')] });
      await site.client.syncs.put('near', sync(ours, 'near', 0));
      const namespaces = await newNamespaces(2 * many);
      for (const [at, { name }] of lost.entries()) {
        for (const [index, namespace] of namespaces.slice(at * many, (at + 1) * many).entries()) {
          await site.client.syncs.put(`${name}-${index}`, { ...sync(namespace, name, 0), from: 'app/all' });
        }
      }
      await site.until(isInSync);
      await using arrivals = new Arrivals(kubernetes, ours);

      const before = await latencies(site, arrivals, changes);
      const stalledAt = performance.now();
      for (const { tcp } of lost) tcp.stall();
      const first = await latencies(site, arrivals, changes / 2);
      // Until then their calls hang, each as long as it may.
      for (const { name } of lost) await site.until((view) => view.name !== `${name}-0` || holds(view, 'Error'));
      const callMs = performance.now() - stalledAt;
      const second = await latencies(site, arrivals, changes / 2);
      const hung = [...first, ...second];

      const since = performance.now();
      for (const { tcp } of lost) tcp.resume();
      await site.until(isInSync);
      // Nobody waits for the next look of the minute.
      expect(performance.now() - since).toBeLessThan(45_000);
      for (const { name, times } of lost) {
        const after = times.filter((time) => time >= since);
        expect(after.length, name).toBeGreaterThanOrEqual(many);
        expect(mostPerSecond(after), name).toBeLessThanOrEqual(3 * perSecond);
      }
      for (const namespace of namespaces) {
        expect((await kubernetes.kube.get(secretPath(namespace)))?.data).toEqual({ N: base64(arrivals.last) });
      }

      // Nobody waited for a call that hung. The machine may have been slower for a while, for others have work for it too.
      const after = await latencies(site, arrivals, changes / 2);
      const quiet = Math.max(median(before), median(after));
      expect([worst(hung) / callMs, median(hung) / quiet]).toEqual([
        expect.toSatisfy((ratio: number) => ratio < 0.5),
        expect.toSatisfy((ratio: number) => ratio < 5),
      ]);
    });
  });
});

/** When values arrive in one namespace, by a watch. */
class Arrivals implements AsyncDisposable {
  readonly #waiting = new Map<string, () => void>();
  readonly #kubernetes: Kubernetes;
  readonly #namespace: string;
  readonly #running: Promise<void>;
  last = '';

  constructor(kubernetes: Kubernetes, namespace: string) {
    this.#kubernetes = kubernetes;
    this.#namespace = namespace;
    this.#running = this.#follow();
  }

  of(value: string): Promise<void> {
    this.last = value;
    return new Promise((resolve) => this.#waiting.set(base64(value), resolve));
  }

  async #follow(): Promise<void> {
    const path = `/api/v1/namespaces/${this.#namespace}/secrets`;
    for await (const { type, object } of this.#kubernetes.kube.watch(path)) {
      if (type === 'DELETED') return;
      this.#waiting.get(object.data?.['N'] ?? '')?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const end = secret(this.#namespace, 'end', {});
    await this.#kubernetes.kube.put(end);
    await this.#kubernetes.kube.delete(pathOf(end));
    await this.#running;
  }
}

let changed = 0;

/** From the answer to a change until it has arrived, in milliseconds. The other clusters have as much to do. */
async function latencies({ client }: Site, arrivals: Arrivals, count: number): Promise<readonly number[]> {
  const found: number[] = [];
  while (found.length < count) {
    changed += 1;
    const value = `value ${changed}`;
    const arrived = arrivals.of(value);
    await client.changes.apply({ ops: [put('app/e0/N', value), put('app/all/N', value)] });
    const from = performance.now();
    await arrived;
    found.push(performance.now() - from);
  }
  return found;
}

function worst(all: readonly number[]): number {
  return Math.max(...all);
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
}

function mostPerSecond(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + 1000).length));
}
