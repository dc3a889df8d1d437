import { describe, expect, test } from 'vitest';
import type { ApiObject } from './cluster.ts';
import { gaveUpAt, rolloutOf } from './rollout.ts';

interface Parts {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly deletionTimestamp?: string;
}

/** Generation 3, seen as such unless the status says otherwise. */
function object({ spec = {}, status = {}, ...metadata }: Parts): ApiObject {
  return { metadata: { name: 'app', generation: 3, ...metadata }, spec, status: { observedGeneration: 3, ...status } };
}

const done = { state: 'done' };
const waiting = (message: string) => ({ state: 'waiting', message });
const unseen = waiting('its controller has not seen the change yet');
const progressing = (reason: string) => ({ type: 'Progressing', status: 'True', reason });

describe('a Deployment', () => {
  const all = { replicas: 3, updatedReplicas: 3, availableReplicas: 3 };
  const of = (parts: Parts) => rolloutOf('Deployment', object({ ...parts, spec: { replicas: 3, ...parts.spec } }));

  test.each([
    ['all are new and available', all, done],
    ['the change is not seen yet', { ...all, observedGeneration: 2 }, unseen],
    ['nothing is known yet', { observedGeneration: undefined }, unseen],
    ['some are old', { ...all, updatedReplicas: 1 }, waiting('1 of 3 pods are new')],
    ['zeros are left out', { replicas: 3 }, waiting('0 of 3 pods are new')],
    ['an old one ends', { ...all, replicas: 4 }, waiting('1 old pod still to end')],
    ['old ones end', { ...all, replicas: 5 }, waiting('2 old pods still to end')],
    ['new ones start', { ...all, availableReplicas: 2 }, waiting('2 of 3 new pods are available')],
    [
      'it moves on, slowly',
      { ...all, availableReplicas: 2, conditions: [progressing('ReplicaSetUpdated')] },
      waiting('2 of 3 new pods are available'),
    ],
    [
      'it gave up',
      { ...all, availableReplicas: 2, unavailableReplicas: 1, conditions: [progressing('ProgressDeadlineExceeded')] },
      {
        state: 'failed',
        message: 'its rollout gave up (ProgressDeadlineExceeded): 2 of 3 new pods are available, 1 not available',
      },
    ],
    [
      'it gave up, which an older change was told',
      { ...all, observedGeneration: 2, conditions: [progressing('ProgressDeadlineExceeded')] },
      unseen,
    ],
    ['it gave up once, and was done later', { ...all, conditions: [progressing('ProgressDeadlineExceeded')] }, done],
    [
      'pods are refused',
      {
        replicas: 3,
        conditions: [
          { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'with the value of something' },
        ],
      },
      waiting('0 of 3 pods are new, and pods cannot be created (FailedCreate)'),
    ],
    [
      'pods were refused once',
      { replicas: 3, conditions: [{ type: 'ReplicaFailure', status: 'False', reason: 'FailedCreate' }] },
      waiting('0 of 3 pods are new'),
    ],
  ])('%s', (_, status, expected) => {
    expect(of({ status })).toEqual(expected);
  });

  test('what it gave up before the restart is no news, until it gives up again', () => {
    const stuck = (lastUpdateTime: string) => {
      const conditions = [{ ...progressing('ProgressDeadlineExceeded'), lastUpdateTime }];
      return object({ spec: { replicas: 3 }, status: { ...all, replicas: 5, conditions } });
    };
    const before = gaveUpAt(stuck('10:00'));
    expect([before, gaveUpAt(object({})), gaveUpAt(object({ status: { conditions: [progressing('X')] } }))]).toEqual([
      '10:00',
      undefined,
      undefined,
    ]);
    expect(rolloutOf('Deployment', stuck('10:00'), before)).toEqual(waiting('2 old pods still to end'));
    expect(rolloutOf('Deployment', stuck('10:01'), before)).toMatchObject({ state: 'failed' });
  });

  test('one replica is what is meant when nothing is said', () => {
    expect(rolloutOf('Deployment', object({}))).toEqual(waiting('0 of 1 pods are new'));
  });

  test('without replicas there is nothing to wait for but the last old ones', () => {
    expect(of({ spec: { replicas: 0 } })).toEqual(done);
    expect(of({ spec: { replicas: 0 }, status: { replicas: 1 } })).toEqual(waiting('1 old pod still to end'));
  });

  test('a paused one waits for a person, unless it is done', () => {
    const paused = 'its rollout is paused: 0 of 3 pods are new, the others follow when it is resumed';
    expect(of({ spec: { paused: true }, status: { replicas: 3 } })).toEqual(waiting(paused));
    expect(of({ spec: { paused: true }, status: all })).toEqual(done);
  });

  test('one that is being deleted is gone', () => {
    expect(of({ status: all, deletionTimestamp: '2026-01-01T00:00:00Z' })).toEqual({ state: 'gone' });
  });
});

describe('a StatefulSet', () => {
  const of = (updateStrategy: unknown, status: Readonly<Record<string, unknown>>) =>
    rolloutOf('StatefulSet', object({ spec: { replicas: 3, updateStrategy }, status: { replicas: 3, ...status } }));
  const rolling = { type: 'RollingUpdate' };
  const partition = (count: number) => ({ ...rolling, rollingUpdate: { partition: count } });

  test.each([
    ['all are new and available', rolling, { updatedReplicas: 3, availableReplicas: 3 }, done],
    ['one at a time', rolling, { updatedReplicas: 1, availableReplicas: 2 }, waiting('1 of 3 pods are new')],
    [
      'the last one starts',
      rolling,
      { updatedReplicas: 3, availableReplicas: 2 },
      waiting('2 of 3 new pods are available'),
    ],
    [
      'with a partition of zero',
      partition(0),
      { updatedReplicas: 1, availableReplicas: 3 },
      waiting('1 of 3 pods are new'),
    ],
    [
      'on the way to its partition',
      partition(1),
      { updatedReplicas: 1, availableReplicas: 3 },
      waiting('1 of 3 pods are new'),
    ],
    [
      'at its partition',
      partition(1),
      { updatedReplicas: 2, availableReplicas: 3 },
      waiting('its update strategy keeps 1 of 3 pods as they are (partition 1)'),
    ],
    [
      'a partition of more than there are',
      partition(9),
      { updatedReplicas: 0, availableReplicas: 3 },
      waiting('its update strategy keeps 3 of 3 pods as they are (partition 9)'),
    ],
    [
      'OnDelete',
      { type: 'OnDelete' },
      { updatedReplicas: 1, availableReplicas: 3 },
      waiting('its update strategy is OnDelete: 1 of 3 pods are new, the others when they are deleted by hand'),
    ],
    ['OnDelete, after somebody deleted them', { type: 'OnDelete' }, { updatedReplicas: 3, availableReplicas: 3 }, done],
    ['nothing is seen', rolling, { observedGeneration: undefined }, unseen],
  ])('%s', (_, strategy, status, expected) => {
    expect(of(strategy, status)).toEqual(expected);
  });

  test('it never gives up by itself', () => {
    const conditions = [progressing('ProgressDeadlineExceeded')];
    expect(of(rolling, { updatedReplicas: 1, conditions })).toEqual(waiting('1 of 3 pods are new'));
  });
});

describe('a DaemonSet', () => {
  const of = (type: string, status: Readonly<Record<string, unknown>>) =>
    rolloutOf(
      'DaemonSet',
      object({ spec: { updateStrategy: { type } }, status: { desiredNumberScheduled: 2, ...status } }),
    );

  test.each([
    ['all are new and available', 'RollingUpdate', { updatedNumberScheduled: 2, numberAvailable: 2 }, done],
    [
      'some are old',
      'RollingUpdate',
      { updatedNumberScheduled: 1, numberAvailable: 2 },
      waiting('1 of 2 pods are new'),
    ],
    ['new ones start', 'RollingUpdate', { updatedNumberScheduled: 2 }, waiting('0 of 2 new pods are available')],
    ['no node wants it', 'RollingUpdate', { desiredNumberScheduled: 0 }, done],
    [
      'OnDelete',
      'OnDelete',
      { numberAvailable: 2 },
      waiting('its update strategy is OnDelete: 0 of 2 pods are new, the others when they are deleted by hand'),
    ],
  ])('%s', (_, type, status, expected) => {
    expect(of(type, status)).toEqual(expected);
  });
});
