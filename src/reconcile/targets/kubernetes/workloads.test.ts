import { beforeEach, describe, expect, test } from 'vitest';
import type { Activator } from '../../activator.ts';
import type { ApiObject, Cluster, FollowListener, ObjectRef, Selection } from './cluster.ts';
import { Workloads } from './workloads.ts';
import { PlumbError } from '#domain/errors';
import { FakeClock, settle } from '#testing/clock';

interface Stream {
  readonly selection: Selection;
  readonly listener: FollowListener;
  stopped: boolean;
}
interface Patched {
  readonly ref: ObjectRef;
  readonly body: unknown;
  readonly fieldManager: string;
}

let clock: FakeClock;
let streams: Stream[];
let patched: Patched[];
/** What the next patch answers or fails with. */
let answer: () => ApiObject;
let workloads: Workloads;
let app: Activator;
let changed: number;

const never = new AbortController().signal;
const unused = (): never => {
  throw new Error('not expected to be called');
};
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
  follow(selection, listener) {
    const opened: Stream = { selection, listener, stopped: false };
    streams.push(opened);
    return { current: true, stop: () => (opened.stopped = true) };
  },
  patch(ref, body, { fieldManager }) {
    patched.push({ ref, body, fieldManager });
    return Promise.resolve().then(() => answer());
  },
};

beforeEach(() => {
  clock = new FakeClock();
  [streams, patched, changed] = [[], [], 0];
  answer = () => deployment({ generation: 2, marks: { 'plumb.dev/content-s': 'h1' } });
  workloads = new Workloads({ cluster, clock });
  app = workloads.activator({ sync: 's', changed: () => (changed += 1) });
});

interface Shape {
  readonly name?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly observed?: number;
  readonly marks?: Readonly<Record<string, string>>;
  readonly envFrom?: string;
  readonly updated?: number;
}

function deployment(shape: Shape = {}): ApiObject {
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

function stream(kind: string): Stream {
  const found = streams.findLast(({ selection, stopped }) => selection.resource.kind === kind && !stopped);
  if (found === undefined) throw new Error(`nobody follows ${kind}`);
  return found;
}

/** The server tells these Deployments, and nothing else. */
function tell(...objects: readonly ApiObject[]): void {
  for (const object of objects) stream('Deployment').listener.seen(object, false);
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet']) stream(kind).listener.ready();
}

const secretName = 'n/Secret/conf/A';
const names = new Set([secretName, 'n/ConfigMap/conf/A', 'n/Secret/other/A']);
const consumers = (): ReturnType<Activator['consumers']> => app.consumers(names, never);

/** Asks, lets the server tell these, and answers. */
async function follow(...objects: readonly ApiObject[]): ReturnType<Activator['consumers']> {
  const asked = consumers();
  tell(...objects);
  return asked;
}

describe('following', () => {
  test('nothing is followed before it is asked about, then three kinds of the namespace, once for all syncs', async () => {
    expect(streams).toEqual([]);
    const other = workloads.activator({ sync: 'other' });
    const both = Promise.all([consumers(), other.consumers(names, never)]);
    tell();
    await both;
    expect(streams.map(({ selection }) => selection)).toEqual(
      ['deployments', 'statefulsets', 'daemonsets'].map((plural) => ({
        resource: expect.objectContaining({ plural, group: 'apps' }),
        namespace: 'n',
      })),
    );
  });

  test('it ends when nobody has asked for ten minutes', async () => {
    await follow(deployment());
    await clock.advance(599_000);
    await consumers();
    await clock.advance(599_000);
    expect(streams.filter(({ stopped }) => stopped)).toEqual([]);
    await clock.advance(1_000);
    expect(streams.every(({ stopped }) => stopped)).toBe(true);
    const again = consumers();
    tell(deployment({ name: 'new' }));
    expect(await again).toEqual([{ id: 'n/Deployment/new', names: [secretName] }]);
    workloads.close();
    expect([streams.every(({ stopped }) => stopped), clock.waiting]).toEqual([true, 0]);
  });

  test('a right that is missing is told to whoever asks, and asked for again the next time', async () => {
    const refused = consumers();
    const error = new PlumbError('forbidden', 'watch statefulsets.apps in namespace n: the right is missing');
    stream('StatefulSet').listener.lost(error);
    await expect(refused).rejects.toBe(error);
    expect(streams.every(({ stopped }) => stopped)).toBe(true);
    await follow(deployment());
    expect(streams).toHaveLength(6);
  });

  test('what cannot be known now is never taken for nothing, and is waited for by the stream itself', async () => {
    await follow(deployment());
    const error = new PlumbError('unavailable', 'the server is away');
    stream('Deployment').listener.lost(error);
    await expect(consumers()).rejects.toBe(error);
    await expect(app.progress('n/Deployment/app', 'h1', never)).rejects.toBe(error);
    stream('Deployment').listener.seen(deployment({ name: 'new' }), false);
    stream('Deployment').listener.ready();
    expect(await consumers()).toEqual([{ id: 'n/Deployment/new', names: [secretName] }]);
    expect(streams).toHaveLength(3);
  });

  test('a call that is given up ends', async () => {
    const abort = new AbortController();
    const asked = app.consumers(names, abort.signal);
    abort.abort(new PlumbError('unavailable', 'too long'));
    await expect(asked).rejects.toThrow('too long');
    const waiting = consumers();
    workloads.close();
    await expect(waiting).rejects.toThrow('the workloads of namespace n are not followed any more');
  });
});

describe('consumers', () => {
  test('those of the names that they read, of whatever kind', async () => {
    const asked = consumers();
    stream('DaemonSet').listener.seen(deployment({ name: 'agent', envFrom: 'other' }), false);
    tell(deployment(), deployment({ name: 'idle', envFrom: 'nothing' }));
    expect(await asked).toEqual([
      { id: 'n/Deployment/app', names: [secretName] },
      { id: 'n/DaemonSet/agent', names: ['n/Secret/other/A'] },
    ]);
  });

  test('what it reads is read again when its template is another one, and forgotten when it is gone', async () => {
    await follow(deployment());
    const { listener } = stream('Deployment');
    listener.seen(deployment({ generation: 2, envFrom: 'nothing' }), false);
    expect(await consumers()).toEqual([]);
    listener.seen(deployment({ generation: 3 }), false);
    expect(await consumers()).toHaveLength(1);
    listener.seen({ metadata: { name: 'app' } }, true);
    expect(await consumers()).toEqual([]);
  });

  test('files in volumes are no reason where the processes read them again', async () => {
    const object = deployment();
    const spec = {
      volumes: [{ name: 'v', secret: { secretName: 'conf' } }],
      containers: [{ name: 'c', volumeMounts: [{ name: 'v' }] }],
    };
    const mounting = { ...object, spec: { replicas: 1, template: { spec } } };
    expect(await follow(mounting)).toHaveLength(1);
    expect(await workloads.activator({ sync: 's', watchful: true }).consumers(names, never)).toEqual([]);
  });
});

describe('restart', () => {
  test('one annotation of the template is merged, of this very object', async () => {
    await follow(deployment());
    expect(await app.restart('n/Deployment/app', 'h1', never)).toBe(true);
    expect(patched).toEqual([
      {
        ref: { resource: expect.objectContaining({ plural: 'deployments' }), namespace: 'n', name: 'app' },
        body: {
          metadata: { uid: 'u1' },
          spec: { template: { metadata: { annotations: { 'plumb.dev/content-s': 'h1' } } } },
        },
        fieldManager: 'plumb/s',
      },
    ]);
  });

  test('one that carries the mark already, or is gone, is left alone', async () => {
    await follow(deployment({ marks: { 'plumb.dev/content-s': 'h1' } }));
    expect(await app.restart('n/Deployment/app', 'h1', never)).toBe(true);
    expect(await app.restart('n/Deployment/gone', 'h1', never)).toBe(true);
    expect(patched).toEqual([]);
    await app.restart('n/Deployment/app', 'h2', never);
    await workloads.activator({ sync: 'other' }).restart('n/Deployment/app', 'h1', never);
    expect(patched).toHaveLength(2);
  });

  test('what the server answered counts at once, and what the stream tells of before does not', async () => {
    await follow(deployment({ updated: 1 }));
    await app.restart('n/Deployment/app', 'h1', never);
    const old = deployment({ updated: 1 });
    stream('Deployment').listener.seen(old, false);
    expect(await app.progress('n/Deployment/app', 'h1', never)).toMatchObject({ state: 'waiting' });
    expect(await app.restart('n/Deployment/app', 'h1', never)).toBe(true);
    expect(patched).toHaveLength(1);
    stream('Deployment').listener.seen(
      deployment({ generation: 2, marks: { 'plumb.dev/content-s': 'h1' }, updated: 1 }),
      false,
    );
    expect(await app.progress('n/Deployment/app', 'h1', never)).toEqual({ state: 'done' });
    // A server that was put back to an older state is believed.
    stream('Deployment').listener.seen(old, false);
    expect(await app.progress('n/Deployment/app', 'h1', never)).toMatchObject({ state: 'undone' });
  });

  test('ten in a namespace and minute, of all syncs together', async () => {
    const all = Array.from({ length: 12 }, (_, index) => deployment({ name: `app-${index}` }));
    await follow(...all);
    const other = workloads.activator({ sync: 'other' });
    const restart = (index: number): Promise<boolean> =>
      (index % 2 === 0 ? app : other).restart(`n/Deployment/app-${index}`, 'h1', never);
    const first = await Promise.all(all.map((_, index) => restart(index)));
    expect(first).toEqual(all.map((_, index) => index < 10));
    expect(patched).toHaveLength(10);
    await clock.advance(6_000);
    expect([await restart(10), await restart(11)]).toEqual([true, false]);
  });

  test.each(['forbidden', 'invalid', 'mismatch'] as const)(
    'a refusal (%s) costs nothing of the budget',
    async (code) => {
      await follow(deployment());
      answer = () => {
        throw new PlumbError(code, 'patch deployments.apps app in namespace n: refused');
      };
      for (let index = 0; index < 20; index += 1) {
        await expect(app.restart('n/Deployment/app', 'h1', never)).rejects.toThrow('refused');
      }
    },
  );

  test('one whose fate is unknown does', async () => {
    await follow(deployment());
    answer = () => {
      throw new PlumbError('unavailable', 'cut');
    };
    for (let index = 0; index < 10; index += 1) {
      await expect(app.restart('n/Deployment/app', 'h1', never)).rejects.toThrow('cut');
    }
    expect(await app.restart('n/Deployment/app', 'h1', never)).toBe(false);
  });

  test('one that was deleted meanwhile is gone, one that was made again is told apart', async () => {
    await follow(deployment(), deployment({ name: 'again' }));
    answer = () => {
      throw new PlumbError('mismatch', 'it is not there any more', { details: { reason: 'NotFound' } });
    };
    expect(await app.restart('n/Deployment/app', 'h1', never)).toBe(true);
    expect(await app.progress('n/Deployment/app', 'h1', never)).toEqual({ state: 'gone' });
    answer = () => {
      throw new PlumbError('invalid', 'metadata.uid is not valid', { details: { fields: ['metadata.uid'] } });
    };
    await expect(app.restart('n/Deployment/again', 'h1', never)).rejects.toMatchObject({
      code: 'mismatch',
      message: 'n/Deployment/again was deleted and made again meanwhile',
    });
  });
});

describe('progress', () => {
  test('of one that does not carry the mark it says so, whatever its pods do', async () => {
    await follow(deployment({ updated: 1, marks: { 'plumb.dev/content-s': 'h1' } }));
    expect(await app.progress('n/Deployment/app', 'h1', never)).toEqual({ state: 'done' });
    expect(await app.progress('n/Deployment/app', 'h2', never)).toMatchObject({ state: 'undone' });
    expect(await app.progress('n/DaemonSet/app', 'h1', never)).toEqual({ state: 'gone' });
  });

  test('that it gave up on the contents before is no news of these, in whatever order the server tells it', async () => {
    const stuck = (shape: Shape): ApiObject => {
      const object = deployment(shape);
      const conditions = [{ type: 'Progressing', reason: 'ProgressDeadlineExceeded', lastUpdateTime: '10:00' }];
      return { ...object, status: { ...(object['status'] as object), conditions } };
    };
    await follow(stuck({ marks: { 'plumb.dev/content-s': 'bad' } }));
    expect(await app.progress('n/Deployment/app', 'bad', never)).toMatchObject({ state: 'failed' });
    const next = { generation: 2, marks: { 'plumb.dev/content-s': 'h1' } };
    answer = () => {
      stream('Deployment').listener.seen(stuck(next), false);
      return stuck({ ...next, observed: 1 });
    };
    await app.restart('n/Deployment/app', 'h1', never);
    expect(await app.progress('n/Deployment/app', 'h1', never)).toMatchObject({ state: 'waiting' });
    stream('Deployment').listener.seen(stuck({ ...next, generation: 3 }), false);
    expect(await app.progress('n/Deployment/app', 'h1', never)).toMatchObject({ state: 'waiting' });
  });

  test('whoever was told to wait is told once when it has arrived', async () => {
    const marks = { 'plumb.dev/content-s': 'h1' };
    await follow(deployment({ marks }), deployment({ name: 'other', marks }));
    expect(await app.progress('n/Deployment/app', 'h1', never)).toMatchObject({ state: 'waiting' });
    const { listener } = stream('Deployment');
    listener.seen(deployment({ marks }), false);
    listener.seen(deployment({ name: 'other', marks, updated: 1 }), false);
    expect(changed).toBe(0);
    listener.seen(deployment({ marks, updated: 1 }), false);
    listener.seen(deployment({ marks }), false);
    expect(changed).toBe(1);
    await app.progress('n/Deployment/app', 'h1', never);
    listener.seen({ metadata: { name: 'app' } }, true);
    await settle();
    expect(changed).toBe(2);
  });

  test.each(['n/Job/app', 'n/Deployment', 'app', 'n/Deployment/a/b'])('%s is no consumer', async (consumer) => {
    await expect(app.progress(consumer, 'h1', never)).rejects.toThrow('a consumer is not named');
    await expect(app.consumers(new Set([consumer.slice(2)]), never)).rejects.toThrow('a name is not one of the target');
  });
});
