import { beforeEach, describe, expect, test } from 'vitest';
import type { ApiObject } from './cluster.ts';
import { PlumbError } from '#domain/errors';
import { settle } from '#testing/clock';
import { deployment, FakeWorkloads, never } from '#testing/kubernetes/fake-workloads';
import type { Shape } from '#testing/kubernetes/fake-workloads';

let fake: FakeWorkloads;
beforeEach(() => {
  fake = new FakeWorkloads();
});

describe('restart', () => {
  test('one annotation of the template is merged, of this very object', async () => {
    await fake.follow(deployment());
    expect(await fake.app.restart('n/Deployment/app', 'h1', never)).toBe(true);
    expect(fake.patched).toEqual([
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
    await fake.follow(deployment({ marks: { 'plumb.dev/content-s': 'h1' } }));
    expect(await fake.app.restart('n/Deployment/app', 'h1', never)).toBe(true);
    expect(await fake.app.restart('n/Deployment/gone', 'h1', never)).toBe(true);
    expect(fake.patched).toEqual([]);
    await fake.app.restart('n/Deployment/app', 'h2', never);
    await fake.workloads.activator({ sync: 'other' }).restart('n/Deployment/app', 'h1', never);
    expect(fake.patched).toHaveLength(2);
  });

  test('what the server answered counts at once, and what the stream tells of before does not', async () => {
    await fake.follow(deployment({ updated: 1 }));
    await fake.app.restart('n/Deployment/app', 'h1', never);
    const old = deployment({ updated: 1 });
    fake.listener().seen(old, false);
    expect(await fake.app.progress('n/Deployment/app', 'h1', never)).toMatchObject({ state: 'waiting' });
    expect(await fake.app.restart('n/Deployment/app', 'h1', never)).toBe(true);
    expect(fake.patched).toHaveLength(1);
    fake.listener().seen(deployment({ generation: 2, marks: { 'plumb.dev/content-s': 'h1' }, updated: 1 }), false);
    expect(await fake.app.progress('n/Deployment/app', 'h1', never)).toEqual({ state: 'done' });
    // A server that was put back to an older state is believed.
    fake.listener().seen(old, false);
    expect(await fake.app.progress('n/Deployment/app', 'h1', never)).toMatchObject({ state: 'undone' });
  });

  test('ten in a namespace and minute, of all syncs together', async () => {
    const all = Array.from({ length: 12 }, (_, index) => deployment({ name: `app-${index}` }));
    await fake.follow(...all);
    const other = fake.workloads.activator({ sync: 'other' });
    const restart = (index: number): Promise<boolean> =>
      (index % 2 === 0 ? fake.app : other).restart(`n/Deployment/app-${index}`, 'h1', never);
    const first = await Promise.all(all.map((_, index) => restart(index)));
    expect(first).toEqual(all.map((_, index) => index < 10));
    expect(fake.patched).toHaveLength(10);
    await fake.clock.advance(6_000);
    expect([await restart(10), await restart(11)]).toEqual([true, false]);
  });

  test.each(['forbidden', 'invalid', 'mismatch'] as const)(
    'a refusal (%s) costs nothing of the budget',
    async (code) => {
      await fake.follow(deployment());
      fake.answer = () => {
        throw new PlumbError(code, 'patch deployments.apps app in namespace n: refused');
      };
      for (let index = 0; index < 20; index += 1) {
        await expect(fake.app.restart('n/Deployment/app', 'h1', never)).rejects.toThrow('refused');
      }
    },
  );

  test('one whose fate is unknown does', async () => {
    await fake.follow(deployment());
    fake.answer = () => {
      throw new PlumbError('unavailable', 'cut');
    };
    for (let index = 0; index < 10; index += 1) {
      await expect(fake.app.restart('n/Deployment/app', 'h1', never)).rejects.toThrow('cut');
    }
    expect(await fake.app.restart('n/Deployment/app', 'h1', never)).toBe(false);
  });

  test('one that was deleted meanwhile is gone, one that was made again is told apart', async () => {
    await fake.follow(deployment(), deployment({ name: 'again' }));
    fake.answer = () => {
      throw new PlumbError('mismatch', 'it is not there any more', { details: { reason: 'NotFound' } });
    };
    expect(await fake.app.restart('n/Deployment/app', 'h1', never)).toBe(true);
    expect(await fake.app.progress('n/Deployment/app', 'h1', never)).toEqual({ state: 'gone' });
    fake.answer = () => {
      throw new PlumbError('invalid', 'metadata.uid is not valid', { details: { fields: ['metadata.uid'] } });
    };
    await expect(fake.app.restart('n/Deployment/again', 'h1', never)).rejects.toMatchObject({
      code: 'mismatch',
      message: 'n/Deployment/again was deleted and made again meanwhile',
    });
  });
});

describe('progress', () => {
  test('of one that does not carry the mark it says so, whatever its pods do', async () => {
    await fake.follow(deployment({ updated: 1, marks: { 'plumb.dev/content-s': 'h1' } }));
    expect(await fake.app.progress('n/Deployment/app', 'h1', never)).toEqual({ state: 'done' });
    expect(await fake.app.progress('n/Deployment/app', 'h2', never)).toMatchObject({ state: 'undone' });
    expect(await fake.app.progress('n/DaemonSet/app', 'h1', never)).toEqual({ state: 'gone' });
  });

  test('that it gave up on the contents before is no news of these, in whatever order the server tells it', async () => {
    const stuck = (shape: Shape): ApiObject => {
      const object = deployment(shape);
      const conditions = [{ type: 'Progressing', reason: 'ProgressDeadlineExceeded', lastUpdateTime: '10:00' }];
      return { ...object, status: { ...(object['status'] as object), conditions } };
    };
    await fake.follow(stuck({ marks: { 'plumb.dev/content-s': 'bad' } }));
    expect(await fake.app.progress('n/Deployment/app', 'bad', never)).toMatchObject({ state: 'failed' });
    const next = { generation: 2, marks: { 'plumb.dev/content-s': 'h1' } };
    fake.answer = () => {
      fake.listener().seen(stuck(next), false);
      return stuck({ ...next, observed: 1 });
    };
    await fake.app.restart('n/Deployment/app', 'h1', never);
    expect(await fake.app.progress('n/Deployment/app', 'h1', never)).toMatchObject({ state: 'waiting' });
    fake.listener().seen(stuck({ ...next, generation: 3 }), false);
    expect(await fake.app.progress('n/Deployment/app', 'h1', never)).toMatchObject({ state: 'waiting' });
  });

  test('whoever was told to wait is told once when it has arrived', async () => {
    const marks = { 'plumb.dev/content-s': 'h1' };
    await fake.follow(deployment({ marks }), deployment({ name: 'other', marks }));
    expect(await fake.app.progress('n/Deployment/app', 'h1', never)).toMatchObject({ state: 'waiting' });
    const listener = fake.listener();
    listener.seen(deployment({ marks }), false);
    listener.seen(deployment({ name: 'other', marks, updated: 1 }), false);
    expect(fake.changed).toBe(0);
    listener.seen(deployment({ marks, updated: 1 }), false);
    listener.seen(deployment({ marks }), false);
    expect(fake.changed).toBe(1);
    await fake.app.progress('n/Deployment/app', 'h1', never);
    listener.seen({ metadata: { name: 'app' } }, true);
    await settle();
    expect(fake.changed).toBe(2);
  });

  test.each(['n/Job/app', 'n/Deployment', 'app', 'n/Deployment/a/b'])('%s is no consumer', async (consumer) => {
    await expect(fake.app.progress(consumer, 'h1', never)).rejects.toThrow('a consumer is not named');
    await expect(fake.app.consumers(new Set([consumer.slice(2)]), never)).rejects.toThrow(
      'a name is not one of the target',
    );
  });
});
