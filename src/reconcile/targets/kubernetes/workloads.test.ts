import { beforeEach, describe, expect, test } from 'vitest';
import { PlumbError } from '#domain/errors';
import { deployment, FakeWorkloads, names, never, secretName } from '#testing/kubernetes/fake-workloads';

let fake: FakeWorkloads;
beforeEach(() => {
  fake = new FakeWorkloads();
});

describe('following', () => {
  test('nothing is followed before it is asked about, then three kinds of the namespace, once for all syncs', async () => {
    expect(fake.streams).toEqual([]);
    const other = fake.workloads.activator({ sync: 'other' });
    const both = Promise.all([fake.consumers(), other.consumers(names, never)]);
    fake.tell();
    await both;
    expect(fake.streams.map(({ selection }) => selection)).toEqual(
      ['deployments', 'statefulsets', 'daemonsets'].map((plural) => ({
        resource: expect.objectContaining({ plural, group: 'apps' }),
        namespace: 'n',
      })),
    );
  });

  test('it ends when nobody has asked for ten minutes', async () => {
    await fake.follow(deployment());
    await fake.clock.advance(599_000);
    await fake.consumers();
    await fake.clock.advance(599_000);
    expect(fake.streams.filter(({ stopped }) => stopped)).toEqual([]);
    await fake.clock.advance(1_000);
    expect(fake.streams.every(({ stopped }) => stopped)).toBe(true);
    const again = fake.consumers();
    fake.tell(deployment({ name: 'new' }));
    expect(await again).toEqual([{ id: 'n/Deployment/new', names: [secretName] }]);
    fake.workloads.close();
    expect([fake.streams.every(({ stopped }) => stopped), fake.clock.waiting]).toEqual([true, 0]);
  });

  test('a right that is missing is told to whoever asks, and asked for again the next time', async () => {
    const refused = fake.consumers();
    const error = new PlumbError('forbidden', 'watch statefulsets.apps in namespace n: the right is missing');
    fake.listener('StatefulSet').lost(error);
    await expect(refused).rejects.toBe(error);
    expect(fake.streams.every(({ stopped }) => stopped)).toBe(true);
    await fake.follow(deployment());
    expect(fake.streams).toHaveLength(6);
  });

  test('what cannot be known now is never taken for nothing, and is waited for by the stream itself', async () => {
    await fake.follow(deployment());
    const error = new PlumbError('unavailable', 'the server is away');
    fake.listener().lost(error);
    await expect(fake.consumers()).rejects.toBe(error);
    await expect(fake.app.progress('n/Deployment/app', 'h1', never)).rejects.toBe(error);
    fake.listener().seen(deployment({ name: 'new' }), false);
    fake.listener().ready();
    expect(await fake.consumers()).toEqual([{ id: 'n/Deployment/new', names: [secretName] }]);
    expect(fake.streams).toHaveLength(3);
  });

  test('who asked in vain is told when it is worth asking again: once, when every kind is known', async () => {
    await fake.follow(deployment());
    const error = new PlumbError('unavailable', 'the server is away');
    for (const kind of ['Deployment', 'DaemonSet']) fake.listener(kind).lost(error);
    await expect(fake.consumers()).rejects.toBe(error);
    await expect(fake.consumers()).rejects.toBe(error);
    fake.listener().ready();
    expect(fake.changed).toBe(0);
    fake.listener('DaemonSet').ready();
    expect(fake.changed).toBe(1);
    fake.listener('DaemonSet').ready();
    expect(fake.changed).toBe(1);
  });

  test('a call that is given up ends', async () => {
    const abort = new AbortController();
    const asked = fake.app.consumers(names, abort.signal);
    abort.abort(new PlumbError('unavailable', 'too long'));
    await expect(asked).rejects.toThrow('too long');
    const waiting = fake.consumers();
    fake.workloads.close();
    await expect(waiting).rejects.toThrow('the workloads of namespace n are not followed any more');
  });
});

describe('consumers', () => {
  test('those of the names that they read, of whatever kind', async () => {
    const asked = fake.consumers();
    fake.listener('DaemonSet').seen(deployment({ name: 'agent', envFrom: 'other' }), false);
    fake.tell(deployment(), deployment({ name: 'idle', envFrom: 'nothing' }));
    expect(await asked).toEqual([
      { id: 'n/Deployment/app', names: [secretName] },
      { id: 'n/DaemonSet/agent', names: ['n/Secret/other/A'] },
    ]);
  });

  test('what it reads is read again when its template is another one, and forgotten when it is gone', async () => {
    await fake.follow(deployment());
    const listener = fake.listener();
    listener.seen(deployment({ generation: 2, envFrom: 'nothing' }), false);
    expect(await fake.consumers()).toEqual([]);
    listener.seen(deployment({ generation: 3 }), false);
    expect(await fake.consumers()).toHaveLength(1);
    listener.seen({ metadata: { name: 'app' } }, true);
    expect(await fake.consumers()).toEqual([]);
  });
});
