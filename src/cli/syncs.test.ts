import type { SyncStatus, SyncView } from '@plumbd/client';
import { describe, expect, test } from 'vitest';
import { plan, planned, playSync } from '#testing/sync-views';
import { hintsFor } from './sync-hints.ts';
import { agoText } from './syncs.ts';

const now = Date.UTC(2026, 0, 1);
const play = (answers: object, ...argv: string[]) => playSync({ answers: { ...answers } }, ...argv);
/** A body that has a status of its own. */
const answered = (body: object) => ({ status: 200, body });

const status: SyncStatus = {
  generation: 1,
  conditions: [{ type: 'InSync', status: 'true', reason: 'Agrees', message: 'all agree', since: now }],
  appliedRevision: 1842,
  appliedAt: now - 3000,
  appliedGeneration: 1,
  agree: 67,
  total: 67,
  note: 'repaired 1 name written by kubectl-edit',
};
const sync: SyncView = {
  name: 'changelog-prod',
  from: 'changelog/production',
  target: 'prod-eu',
  at: 'changelog',
  runAs: 'workload/prod-sync',
  mode: 'repair',
  options: { objects: [] },
  generation: 1,
  status,
};
const listed = (...items: SyncView[]) => ({ 'GET /api/v1/syncs': { items } });
const troubled: SyncView = {
  ...sync,
  name: 'b',
  target: 'local',
  at: 'b.env',
  options: {},
  status: {
    generation: 1,
    conditions: [
      { type: 'InSync', status: 'false', reason: 'Differs', message: '2 of 3 names differ', since: now },
      { type: 'Conflict', status: 'true', reason: 'NotOurs', message: 'A is there already', since: now },
    ],
    agree: 1,
    total: 3,
    activation: { state: 'pending', message: 'Deployment/app: 1 of 3 replaced', since: now },
  },
};

describe('status', () => {
  test('is a table', async () => {
    const { stdout } = await play(listed(sync, troubled, { ...sync, name: 'c', status: undefined as never }), 'status');
    expect(stdout).toBe(`NAME             TARGET              IN AGREEMENT   REVISION   LAST CHANGE   NOTES
changelog-prod   prod-eu/changelog   yes (67/67)    1842       3 s ago       repaired 1 name written by kubectl-edit
b                local:b.env         no (1/3)       -          never         Conflict: A is there already; restarting: Deployment/app: 1 of 3 replaced
c                prod-eu/changelog   unknown        -          never         not looked at yet
`);
  });

  test('fits the terminal', async () => {
    const answers = { ...listed(sync, troubled) };
    const { stdout } = await playSync({ answers, terminal: true, columns: 100 }, 'status');
    const lines = stdout.split('\n');
    expect(lines.every((line) => line.length <= 100)).toBe(true);
    expect(lines.map((line) => line.slice(77))).toEqual([
      'NOTES',
      'repaired 1 name written',
      'by kubectl-edit',
      'Conflict: A is there',
      'already; restarting:',
      'Deployment/app: 1 of 3',
      'replaced',
      '',
    ]);
  });

  test.each([
    [0, '0 s ago'],
    [59_999, '59 s ago'],
    [60_000, '1 min ago'],
    [7_200_000, '2 h ago'],
    [200_000_000, '2 d ago'],
    [-5000, '0 s ago'],
  ])('%d ms are %s', (ms, text) => {
    expect(agoText(now - ms, now)).toBe(text);
  });

  test('is followed', async () => {
    const followed = await play(listed(sync), 'watch', '--count', '1', '--json');
    expect(followed.stdout).toBe(`${JSON.stringify({ items: [sync] })}\n`);
    const one = await play(
      { 'GET /api/v1/syncs/changelog-prod': answered(sync) },
      'watch',
      'changelog-prod',
      '--count',
      '1',
    );
    expect(one.stdout).toContain('prod-eu/changelog   yes (67/67)');
  });
});

describe('apply --wait', () => {
  const activated = (state: 'pending' | 'done' | 'failed') => ({
    ...status,
    activation: { state, message: 'm', since: now },
  });
  const applied = (state: 'pending' | 'done') => ({
    'POST /api/v1/syncs/changelog-prod/apply': answered({ ...plan, problems: [], status: activated(state) }),
  });
  const then = (state: 'done' | 'failed') => ({
    'GET /api/v1/syncs/changelog-prod': answered({ ...sync, status: activated(state) }),
  });

  test('returns when what was written runs', async () => {
    const { code, stdout } = await play(
      { ...applied('pending'), ...then('done') },
      'apply',
      'changelog-prod',
      '--wait',
    );
    expect(code).toBe(0);
    expect(stdout).not.toContain('restarting');
  });

  test('fails when a restart did', async () => {
    const failed = { ...applied('pending'), ...then('failed') };
    const { code, stdout } = await play(failed, 'apply', 'changelog-prod', '--wait');
    expect(code).toBe(1);
    expect(stdout).toContain('restart failed: m');
    expect((await play(failed, 'apply', 'changelog-prod')).code).toBe(0);
  });

  test('asks no more when nothing is on its way', async () => {
    const { requests } = await play({ ...applied('done'), ...then('failed') }, 'apply', 'changelog-prod', '--wait');
    expect(requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`)).toEqual([
      'POST /api/v1/syncs/changelog-prod/apply',
      'GET /api/v1/syncs/changelog-prod',
    ]);
  });
});

describe('explain', () => {
  const entry = (path: string, more: object = {}) => ({ path, version: 3, kind: 'config', ...more });
  const answers = {
    ...planned({}),
    'GET /api/v1/syncs/changelog-prod': answered({ ...sync, status: { ...troubled.status, activation: undefined } }),
    'GET /api/v1/entries': {
      entries: [
        entry('changelog/production/A'),
        entry('changelog/production/DB_PASS', { inheritedFrom: 'changelog/base/DB_PASS' }),
      ],
      folders: [],
      revision: 1,
    },
  };

  test('says from where each name comes, what holds and what to do', async () => {
    const { stdout, stderr } = await play(answers, 'explain', 'changelog-prod');
    expect(stdout).toContain('  to        prod-eu/changelog\n  as        workload/prod-sync\n');
    expect(stdout).toContain('\nConfigMap/app-config\n  A             to adopt  config  changelog/production/A@3\n');
    expect(stdout).toContain('  DB_PASS  to create  secret  inherited: changelog/base/DB_PASS@3\n');
    expect(stdout).toContain('  APP_INSTANCE  not ours  config\n');
    expect(stdout).toContain('  Conflict  true   since 2026-01-01 00:00:00Z  NotOurs: A is there already\n');
    expect(stdout).toContain('\npending\n  2 to create, 2 to adopt, 1 not ours, restarts Deployment/app\n');
    expect(stderr).toMatch(/^hint: plumb sync plan changelog-prod says which names; apply, or --adopt/);
  });

  test('says what it can where the plan is refused', async () => {
    const refused = { status: 403, body: { code: 'forbidden', detail: 'p may not manage the sync' } };
    const { stdout, stderr, code } = await play(
      { ...answers, 'POST /api/v1/syncs/changelog-prod/plan': refused },
      'explain',
      'changelog-prod',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('conditions\n');
    expect(stderr).toContain('note: the place was not looked at: p may not manage the sync\n');
  });

  test('there is a hint for each reason that asks for a person', () => {
    const reasons = ['MassDelete', 'Frozen', 'NotOurs', 'SamePlace', 'Oscillation', 'RightsLost', 'PrincipalDisabled'];
    const others = ['Unevaluable', 'TooLarge', 'CannotCarry', 'InvalidSpec', 'AskedFor', 'Unavailable', 'Forbidden'];
    for (const reason of [...reasons, ...others, 'RestartFailed', 'HeldBack']) {
      const condition = { type: 'Held', status: 'true', reason, message: 'm', since: now } as const;
      expect(hintsFor({ ...sync, status: { ...status, conditions: [condition] } })).toHaveLength(1);
    }
    expect(hintsFor(sync)).toEqual([]);
  });
});

describe('create', () => {
  const create = async (...argv: string[]) => {
    const answers = { 'PUT /api/v1/syncs/s': answered({ ...sync, revision: 9 }) };
    const base = ['create', 's', '--from', 'a/b', '--to', 'eu/ns', '--run-as', 'workload/w'];
    const { requests, stderr, code } = await playSync(
      { answers, files: { '/home/ada/app/o.json': '[1]' } },
      ...base,
      ...argv,
    );
    const body = requests[0]?.body;
    return { stderr, code, options: body === undefined ? undefined : (JSON.parse(body) as SyncView).options };
  };

  test('makes options of flags', async () => {
    const { options } = await create(
      ...[
        '--secret',
        'tls',
        '--secret',
        'app',
        '--secret-type',
        'Opaque',
        '--configmap',
        'conf',
        '--namespaces',
        'a=b',
      ],
      ...['--create-namespaces', '--prefix', 'X_', '--lower', '--only', 'A*', '--except', 'B', '--no-restart'],
      ...['--on-failed-restart', 'hold', '--freeze', 'w1', '--freeze', 'w2', '--adopt', '--delete-many'],
      ...['--option', 'more={"a":[1]}', '--option', 'file=@o.json', '--option', 'plain=text', '--option', 'n=5'],
    );
    expect(options).toEqual({
      objects: [
        { kind: 'Secret', name: 'tls', type: 'Opaque' },
        { kind: 'Secret', name: 'app', type: 'Opaque' },
        { kind: 'ConfigMap', name: 'conf' },
      ],
      namespaces: 'a=b',
      createNamespaces: true,
      names: { only: ['A*'], except: ['B'], case: 'lower', prefix: 'X_' },
      restart: false,
      onFailedRestart: 'hold',
      freeze: ['w1', 'w2'],
      adopt: true,
      deleteMany: true,
      more: { a: [1] },
      file: [1],
      plain: 'text',
      n: 5,
    });
  });

  test('sends none where none are asked for', async () => {
    expect((await create()).options).toBeUndefined();
  });

  test.each([
    [['--upper', '--lower'], 'not both'],
    [['--secret-type', 'x'], '--secret-type goes with --secret'],
    [['--adopt', '--option', 'adopt=true'], 'the option adopt is given twice'],
    [['--option', 'x={'], 'looks like JSON and is none'],
    [['--option', 'x'], '--option is NAME=VALUE'],
  ])('%j is refused before anything is sent', async (argv, message) => {
    const { code, stderr, options } = await create(...argv);
    expect([code, options]).toEqual([2, undefined]);
    expect(stderr).toContain(message);
  });
});
