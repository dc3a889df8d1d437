import { beforeEach, describe, expect, test } from 'vitest';
import type { SyncPauseRequest } from './services.ts';
import { allow } from '#testing/plumb';
import { refusal, usePlumb } from '#testing/use-plumb';

const plumb = usePlumb();
const use = () => ({ ...plumb().services, root: plumb().root });
const now = () => plumb().clock.now();
const input = { from: 'app/e', to: 'memory:place', runAs: 'workload/w' };

beforeEach(async () => {
  const { changes, principals, syncs, root } = use();
  await changes.apply(root, { ops: [{ op: 'put', path: 'app/e/x', value: 'x' }] });
  await principals.put(root, 'workload/w', { policies: ['admin'] }, {});
  await syncs.put(root, 's', { ...input, mode: 'report' }, {});
});

describe('a pause', () => {
  test('is part of the sync, changes neither mode nor generation, and wakes the loop', async () => {
    const { syncs, root } = use();
    const before = await syncs.get(root, 's');
    plumb().woken.length = 0;
    const paused = await syncs.pause(root, 's', { reason: 'incident 88', for: '2h' });
    const pause = { until: now() + 7_200_000, reason: 'incident 88', by: 'person/root' };
    expect(paused).toEqual({ ...before, pause, revision: plumb().parts.truthState.view.revision });
    expect(await syncs.get(root, 's')).toEqual({ ...before, pause });
    expect(plumb().woken).toEqual(['s']);
    expect(await syncs.resume(root, 's', { reason: 'over' })).toMatchObject(before);
    expect(await syncs.get(root, 's')).toEqual(before);
    expect(plumb().woken).toEqual(['s', 's']);
  });

  test('takes the place of an earlier one, and lasts without an end', async () => {
    const { syncs, root } = use();
    await syncs.pause(root, 's', { reason: 'one', until: now() + 1 });
    await syncs.pause(root, 's', { reason: 'two' });
    expect((await syncs.get(root, 's')).pause).toEqual({ reason: 'two', by: 'person/root' });
  });

  test('expects the sync that was read, where that is asked for; so does its end', async () => {
    const { syncs, root } = use();
    const seen: object[] = [];
    const expecting = (answer: boolean) => ({
      expect: (present: object) => {
        seen.push(present);
        return answer;
      },
    });
    const { status: _, ...read } = await syncs.get(root, 's');
    const other = 'mismatch: sys/syncs/s has been changed since';
    expect(await refusal(syncs.pause(root, 's', { reason: 'x', ...expecting(false) }))).toBe(other);
    expect((await syncs.get(root, 's')).pause).toBeUndefined();
    const { pause } = await syncs.pause(root, 's', { reason: 'x', ...expecting(true) });
    expect(await refusal(syncs.resume(root, 's', expecting(false)))).toBe(other);
    expect((await syncs.get(root, 's')).pause).toEqual(pause);
    await syncs.resume(root, 's', expecting(true));
    expect(seen).toEqual([read, read, { ...read, pause }, { ...read, pause }]);
  });

  test('stays when the sync is declared anew, until it has ended', async () => {
    const { syncs, root } = use();
    await syncs.pause(root, 's', { reason: 'why', for: '90s' });
    const same = await syncs.put(root, 's', { ...input, mode: 'report' }, {});
    expect(same).toMatchObject({ generation: 1, pause: { reason: 'why' } });
    expect(await syncs.put(root, 's', input, {})).toMatchObject({ generation: 2, pause: { reason: 'why' } });
    await plumb().clock.advance(89_999);
    expect(await syncs.put(root, 's', input, {})).toHaveProperty('pause');
    await plumb().clock.advance(1);
    expect(await syncs.put(root, 's', input, {})).not.toHaveProperty('pause');
    expect((await syncs.get(root, 's')).generation).toBe(2);
  });

  test.each<[SyncPauseRequest, string]>([
    [{ reason: ' ' }, 'invalid: a pause takes a reason'],
    [{ reason: 'x'.repeat(1001) }, 'too-large: a reason has at most 1000 characters'],
    [{ reason: 'x', for: '1h', until: 1 }, 'invalid: a pause has either a length or an end, not both'],
    [
      { reason: 'x', for: '2 hours' },
      'invalid: a duration is a number with s, m, h or d, such as 90s, 15m, 12h or 30d',
    ],
    [{ reason: 'x', for: '0s' }, 'invalid: a duration is a number with s, m, h or d, such as 90s, 15m, 12h or 30d'],
    [{ reason: 'x', until: 0 }, 'invalid: the end of a pause is a time to come, in milliseconds since the epoch'],
    [{ reason: 'x'.repeat(1000), for: '1s' }, 'nothing was refused'],
  ])('%j', async (request, expected) => {
    expect(await refusal(use().syncs.pause(use().root, 's', request))).toBe(expected);
  });

  test('takes the right to manage the sync, and no other', async () => {
    const { syncs, root } = use();
    const keeper = await plumb().callerFor(allow('list, sync', 'sys/syncs/s'), { name: 'person/keeper' });
    const reader = await plumb().callerFor(allow('list', 'sys/syncs/s'));
    const stranger = await plumb().callerFor(allow('list', 'app/**'));
    await syncs.pause(keeper, 's', { reason: 'why' });
    expect((await syncs.get(root, 's')).pause).toEqual({ reason: 'why', by: 'person/keeper' });
    expect(await refusal(syncs.pause(reader, 's', { reason: 'x' }))).toMatch(/^forbidden: .* may not manage the sync/);
    expect(await refusal(syncs.resume(reader, 's', {}))).toMatch(/^forbidden/);
    expect(await refusal(syncs.pause(stranger, 's', { reason: 'x' }))).toBe('not-found: nothing is at sys/syncs/s');
    await syncs.resume(keeper, 's', {});
    expect(await refusal(syncs.resume(keeper, 's', {}))).toBe('conflict: the sync s is not paused');
    expect(await refusal(syncs.pause(root, 'none', { reason: 'x' }))).toBe('not-found: nothing is at sys/syncs/none');
  });
});

describe('deleting a sync', () => {
  test('leaves the target alone unless asked', async () => {
    const { syncs, root } = use();
    await syncs.delete(root, 's', {});
    expect(plumb().withdrawn).toEqual([]);
  });

  test('takes back what it wrote when asked, by who may manage it', async () => {
    const { syncs, root } = use();
    const reader = await plumb().callerFor(allow('list', 'sys/syncs/s'));
    expect(await refusal(syncs.delete(reader, 's', { deleteOwned: true }))).toMatch(/^forbidden/);
    expect(plumb().withdrawn).toEqual([]);
    await syncs.delete(root, 's', { deleteOwned: true, reason: 'over' });
    expect(plumb().withdrawn).toEqual(['s']);
    expect(await refusal(syncs.get(root, 's'))).toBe('not-found: nothing is at sys/syncs/s');
  });
});

describe('a sync that cannot take everything back', () => {
  const nothing = { revision: 0, steps: [], foreign: [], remarks: [], inAgreement: false };
  const asked = usePlumb(() => ({
    reconciling: () => ({
      check: () => undefined,
      plan: () => Promise.reject(new Error('not asked for')),
      apply: () => Promise.reject(new Error('not asked for')),
      wake: () => undefined,
      retarget: () => undefined,
      withdraw: async (sync) => ({
        ...nothing,
        sync,
        target: 'memory',
        at: 'place',
        problems: ['Secret/a: immutable'],
      }),
    }),
  }));

  test('stays', async () => {
    const { services, root } = asked();
    await services.changes.apply(root, { ops: [{ op: 'put', path: 'app/e/x', value: 'x' }] });
    await services.principals.put(root, 'workload/w', { policies: ['admin'] }, {});
    await services.syncs.put(root, 's', input, {});
    expect(await refusal(services.syncs.delete(root, 's', { deleteOwned: true }))).toBe(
      'conflict: not everything that s wrote could be removed; the sync stays',
    );
    expect(await services.syncs.get(root, 's')).toMatchObject({ name: 's' });
  });
});
