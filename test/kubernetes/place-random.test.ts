/** Several syncs and others, all at once in the same objects, in an order that chance decides: at rest each has what is its own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { clusterFor } from './clusters.ts';
import { Keeper } from './keeper.ts';
import { PlumbError } from '#domain/errors';
import { targetWatches } from '#domain/records';
import type { Cluster } from '#reconcile/targets/kubernetes/cluster';
import {
  type KubeClient,
  KubeError,
  type Kubernetes,
  type KubeObject,
  pathOf,
  secret,
  startKubernetes,
  valuesOf,
} from '#testing/kubernetes';

const steps = 60;
const syncNames = ['one', 'two', 'three'];

/** Numbers below `limit`, the same for the same seed. */
function chance(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** A sync that runs whenever it is told to, and again as long as it is outrun. */
class Running {
  wish: Record<string, string> = {};
  readonly #keeper: Keeper;
  #run: Promise<void> = Promise.resolve();
  runs = 0;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
    keeper.place.watch?.(() => this.wake());
  }

  wake(): void {
    this.runs += 1;
    this.#run = this.#run.then(() => this.#settle());
  }

  /** When nothing is left to do. */
  async idle(): Promise<void> {
    for (let seen = -1; seen !== this.runs; ) {
      seen = this.runs;
      await this.#run;
    }
  }

  async #settle(): Promise<void> {
    for (let tries = 0; tries < 20; tries += 1) {
      try {
        await this.#keeper.keep({ ...this.wish }, { adopt: true });
        return;
      } catch (error) {
        if (!(error instanceof PlumbError) || error.code !== 'mismatch') throw error;
      }
    }
    throw new Error('outrun twenty times');
  }
}

describe.skipIf(without('kubernetes'))('chance', () => {
  let kubernetes: Kubernetes;
  let cluster: Cluster;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    cluster = clusterFor(kubernetes);
  });
  afterAll(async () => {
    await cluster?.close();
    await kubernetes?.stop();
  });

  describe.each(targetWatches)('followed by %s', (watch) => {
    test.each([1, 2, 3, 4, 5])('seed %i', async (seed) => {
      const next = chance(seed);
      const at = await kubernetes.kube.createNamespace();
      const path = pathOf({ kind: 'Secret', metadata: { namespace: at, name: 'app' } });
      const syncs = await Promise.all(
        syncNames.map(async (sync) => [sync, new Running(await Keeper.open({ cluster, at, watch, sync }))] as const),
      );
      const foreign: Record<string, string> = {};
      const others = othersAt(kubernetes.kube, { at, foreign, next });
      for (let step = 0; step < steps; step += 1) {
        const [sync, running] = syncs[next(3)] ?? [];
        if (next(2) === 0 && sync !== undefined && running !== undefined) {
          const key = `${sync}_${next(4)}`;
          if (next(4) === 0) delete running.wish[key];
          else running.wish[key] = `v${next(1000)}`;
          running.wake();
        } else {
          await others[next(20) === 0 ? 4 : next(4)]?.();
        }
        if (next(3) === 0) await running?.idle();
      }
      // Everyone is told of everything, sooner or later, and never needs to be asked to look.
      await kubernetes.kube.waitFor(path, (found) => holds(found, { ...foreign, ...wishes(syncs) }));
      for (const [, running] of syncs) await running.idle();
      expect(holds(await kubernetes.kube.get(path), { ...foreign, ...wishes(syncs) })).toBe(true);
    });
  });
});

function wishes(syncs: readonly (readonly [string, Running])[]): Record<string, string> {
  return Object.fromEntries(syncs.flatMap(([, { wish }]) => Object.entries(wish)));
}

/** A name that somebody set again after it was let go is theirs: there may be more. */
function holds(found: KubeObject | undefined, wanted: Readonly<Record<string, string>>): boolean {
  const values = found === undefined ? {} : valuesOf({ ...found, kind: 'Secret' });
  return Object.entries(wanted).every(([key, value]) => values[key] === value);
}

interface Others {
  readonly at: string;
  /** What is theirs alone, and stays. */
  readonly foreign: Record<string, string>;
  readonly next: (limit: number) => number;
}

/** What others do: change and remove names of ours, keep their own, take the label off, delete the object. */
function othersAt(kube: KubeClient, { at, foreign, next }: Others): readonly (() => Promise<unknown>)[] {
  const path = pathOf({ kind: 'Secret', metadata: { namespace: at, name: 'app' } });
  const ours = (): string => `${syncNames[next(syncNames.length)]}_${next(4)}`;
  // There may be no object.
  const merge = (body: unknown): Promise<unknown> => kube.patchAs('kubectl-edit').merge(path, body).catch(refused);
  return [
    () => merge({ data: { [ours()]: Buffer.from(`hand ${next(1000)}`).toString('base64') } }),
    () => merge({ data: { [ours()]: null } }),
    async () => {
      foreign[`FOREIGN_${next(3)}`] = `f${next(1000)}`;
      await kube.patchAs('foreign').apply(secret(at, 'app', foreign), { force: true });
    },
    () => merge({ metadata: { labels: { 'plumb.dev/managed': null } } }),
    async () => {
      await kube.delete(path).catch(refused);
      for (const key of Object.keys(foreign)) delete foreign[key];
    },
  ];
}

function refused(error: unknown): void {
  if (!(error instanceof KubeError) || error.status !== 404) throw error;
}
