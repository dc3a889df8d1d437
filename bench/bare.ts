/** Server-side applies and nothing else, at a rate that is no higher than ours may be. */
import { Budget } from '#reconcile/targets/kubernetes/budget';
import type { KubeClient, KubeObject } from '#testing/kubernetes';
import { systemClock } from '#util/clock';

/** As many at once as our server has runs for one target. */
const atOnce = 8;

export interface BareOptions {
  readonly kube: KubeClient;
  /** As of our target: twice as many at once after a rest. */
  readonly perSecond: number;
}

/** Does `work` with every item, several at a time. */
export async function inParallel<T>(items: Iterable<T>, most: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: most }, worker));
}

export async function applyAll(objects: readonly KubeObject[], { kube, perSecond }: BareOptions): Promise<void> {
  const budget = new Budget({ clock: systemClock, perSecond, burst: 2 * perSecond });
  const { signal } = new AbortController();
  const bare = kube.patchAs('bench');
  await inParallel(objects, atOnce, async (object) => {
    await budget.take('user', signal);
    await bare.apply(object, { force: true });
  });
}
