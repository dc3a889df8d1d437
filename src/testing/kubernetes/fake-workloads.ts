/** A cluster whose server is the test: for how workloads are followed and started anew. */
import type { Activator } from '#reconcile/activator';
import type { ApiObject, Cluster, FollowListener, ObjectRef, Selection } from '#reconcile/targets/kubernetes/cluster';
import { Workloads } from '#reconcile/targets/kubernetes/workloads';
import { FakeClock } from '../clock.ts';

interface FakeStream {
  readonly selection: Selection;
  readonly listener: FollowListener;
  stopped: boolean;
}
interface Patched {
  readonly ref: ObjectRef;
  readonly body: unknown;
  readonly fieldManager: string;
}

export const never = new AbortController().signal;
export const secretName = 'n/Secret/conf/A';
export const names: ReadonlySet<string> = new Set([secretName, 'n/ConfigMap/conf/A', 'n/Secret/other/A']);

const unused = (): never => {
  throw new Error('not expected to be called');
};

export class FakeWorkloads {
  readonly clock = new FakeClock();
  readonly streams: FakeStream[] = [];
  readonly patched: Patched[] = [];
  readonly workloads: Workloads;
  /** Of the sync `s`. */
  readonly app: Activator;
  /** How often `app` was told that something moved on. */
  changed = 0;
  /** What the next patch answers or fails with. */
  answer = (): ApiObject => deployment({ generation: 2, marks: { 'plumb.dev/content-s': 'h1' } });

  constructor() {
    const cluster: Cluster = {
      id: 'https://fake',
      get: unused,
      list: unused,
      apply: unused,
      create: unused,
      delete: unused,
      may: unused,
      version: unused,
      close: unused,
      requests: new Map(),
      onRecovered: () => () => undefined,
      follow: (selection, listener) => {
        const opened: FakeStream = { selection, listener, stopped: false };
        this.streams.push(opened);
        return { current: true, stop: () => (opened.stopped = true) };
      },
      patch: async (ref, body, { fieldManager }) => {
        this.patched.push({ ref, body, fieldManager });
        await Promise.resolve();
        return this.answer();
      },
    };
    this.workloads = new Workloads({ cluster, clock: this.clock });
    this.app = this.workloads.activator({ sync: 's', changed: () => (this.changed += 1) });
  }

  /** What is told of a kind now. */
  listener(kind = 'Deployment'): FollowListener {
    const found = this.streams.findLast(({ selection, stopped }) => selection.resource.kind === kind && !stopped);
    if (found === undefined) throw new Error(`nobody follows ${kind}`);
    return found.listener;
  }

  /** The server tells these Deployments, and nothing else. */
  tell(...objects: readonly ApiObject[]): void {
    for (const object of objects) this.listener().seen(object, false);
    for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet']) this.listener(kind).ready();
  }

  consumers(): ReturnType<Activator['consumers']> {
    return this.app.consumers(names, never);
  }

  /** Asks, lets the server tell these, and answers. */
  async follow(...objects: readonly ApiObject[]): ReturnType<Activator['consumers']> {
    const asked = this.consumers();
    this.tell(...objects);
    return asked;
  }
}

export interface Shape {
  readonly name?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly observed?: number;
  readonly marks?: Readonly<Record<string, string>>;
  readonly envFrom?: string;
  readonly updated?: number;
}

/** It reads all of the Secret `conf`, unless the shape says another. */
export function deployment(shape: Shape = {}): ApiObject {
  const {
    name = 'app',
    uid = 'u1',
    generation = 1,
    observed = generation,
    marks = {},
    envFrom = 'conf',
    updated = 0,
  } = shape;
  const template = {
    metadata: { annotations: { 'other.test/a': 'b', ...marks } },
    spec: { containers: [{ name: 'c', envFrom: [{ secretRef: { name: envFrom } }] }] },
  };
  const status = { observedGeneration: observed, replicas: 1, updatedReplicas: updated, availableReplicas: updated };
  return { metadata: { name, namespace: 'n', uid, generation }, spec: { replicas: 1, template }, status };
}
