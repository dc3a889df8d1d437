import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Host } from './host.ts';
import type { HostOptions } from './host.ts';
import type { Place, Target } from './target.ts';
import { PlumbError } from '#domain/errors';
import type { Condition, SyncStatus } from '#domain/records';
import { FakeClock, SeededRandom, settle } from '#testing/clock';
import { MemoryTarget } from '#testing/simulate/target';
import { MemorySource } from '#testing/source';

let clock: FakeClock;
let source: MemorySource;
let target: MemoryTarget;
let host: Host;
let said: SyncStatus[];

beforeEach(() => {
  clock = new FakeClock();
  source = new MemorySource();
  target = new MemoryTarget();
  said = [];
  host = newHost();
});
afterEach(async () => {
  const stopping = host.stop();
  await clock.advance(20_000);
  await stopping;
});

function newHost(options: Partial<HostOptions> = {}): Host {
  const saved = (_: string, status: SyncStatus): void => void said.push(status);
  const targets = new Map<string, Target>([['memory', target]]);
  return new Host({ source, targets, clock, random: new SeededRandom(1), saved, ...options });
}

/** Lets everything that was woken run: a second passes. */
const rest = (): Promise<void> => clock.advance(1000);
const there = (at: string): Record<string, string> | null => {
  const place = target.peek(at);
  return place === undefined ? null : Object.fromEntries(place.names);
};
const condition = (name: string, type: string): Condition | undefined =>
  source.status(name)?.conditions.find((one) => one.type === type);
/** The conditions that are true, with their reasons. */
const state = (name: string): readonly string[] =>
  (source.status(name)?.conditions ?? [])
    .filter(({ status }) => status === 'true')
    .map(({ type, reason }) => `${type}: ${reason}`);

async function delivered(
  values: Record<string, string>,
  mode: 'repair' | 'report' | 'once' | 'paused' = 'repair',
): Promise<void> {
  source.declare('a');
  source.want('a', values, 1);
  host.start();
  await rest();
  source.declare('a', { mode });
  host.wake('a');
  await rest();
  source.calls.length = 0;
}

describe('delivering', () => {
  test('intent is durable and audited before the write, confirmation comes after it, in one record with the status', async () => {
    source.declare('a');
    source.want('a', { A: '1', SECRET: 's' }, 7);
    const seen: [string, unknown][] = [];
    source.before = (call) => void seen.push([call, there('a')]);
    host.start();
    await rest();
    const written = { A: '1', SECRET: 's' };
    expect(seen).toEqual([
      ['wish a', null],
      ['inventory a', null],
      ['delivery a', null],
      ['status a', written],
    ]);
    expect(there('a')).toEqual(written);
    expect(source.deliveries).toEqual([{ created: ['A', 'SECRET'], updated: [], deleted: [], revision: 7 }]);
    expect(source.status('a')).toMatchObject({ appliedRevision: 7, agree: 2, total: 2, note: '2 created' });
    expect(state('a')).toEqual(['InSync: Agrees']);
  });

  test('what is right is not written again, and nothing is saved', async () => {
    await delivered({ A: '1' });
    host.wake('a');
    await clock.advance(3_600_000);
    expect(target.peek('a')?.writes).toBe(1);
    expect(source.calls.filter((call) => call !== 'wish a')).toEqual([]);
    const full = source.calls.length;
    expect(full).toBeGreaterThanOrEqual(5);
    expect(full).toBeLessThanOrEqual(8);
  });

  test('a change that leads to equal values is only noted as applied', async () => {
    await delivered({ A: '1' });
    source.want('a', { A: '1' }, 9);
    host.wake('a');
    await rest();
    expect([source.calls, target.peek('a')?.writes]).toEqual([['wish a', 'status a'], 1]);
    expect(source.status('a')?.appliedRevision).toBe(9);
  });

  test('changes, additions and removals in the source follow', async () => {
    await delivered({ A: '1', B: '2' });
    target.edit('a', 'FOREIGN', 'stays');
    source.want('a', { B: '3', C: '4' }, 2);
    host.wake('a');
    await rest();
    expect(there('a')).toEqual({ B: '3', C: '4', FOREIGN: 'stays' });
    expect(source.status('a')).toMatchObject({ appliedRevision: 2, note: '1 created, 1 updated, 1 deleted' });
  });

  test('a wake during a run is not lost', async () => {
    await delivered({ A: '1' });
    source.want('a', { A: '2' }, 2);
    source.before = (call) => {
      if (call !== 'inventory a') return;
      source.before = () => undefined;
      source.want('a', { A: '3' }, 3);
      host.wake('a');
    };
    host.wake('a');
    await rest();
    expect(there('a')).toEqual({ A: '3' });
  });

  test('what is there already with equal values is taken over without a write', async () => {
    target.edit('a', 'A', '1');
    source.declare('a');
    source.want('a', { A: '1' });
    host.start();
    await rest();
    expect([target.peek('a')?.writes, Object.keys(source.inventory('a').names)]).toEqual([0, ['A']]);
    source.want('a', { A: '2' }, 2);
    host.wake('a');
    await rest();
    expect(there('a')).toEqual({ A: '2' });
  });

  test('what is there with other values is a conflict until the spec adopts it', async () => {
    target.edit('a', 'A', 'theirs');
    source.declare('a');
    source.want('a', { A: '1', B: '2' });
    host.start();
    await rest();
    expect([there('a'), state('a')]).toEqual([{ A: 'theirs' }, ['Drifted: Differs', 'Conflict: NotOurs']]);
    expect(condition('a', 'Conflict')?.message).toContain('A is there already');
    source.declare('a', { options: { adopt: true } });
    host.wake('a');
    await rest();
    expect([there('a'), state('a')]).toEqual([{ A: '1', B: '2' }, ['InSync: Agrees']]);
  });

  test('what was written to another place is not ours in a new one', async () => {
    await delivered({ A: '1' });
    target.edit('elsewhere', 'A', 'theirs');
    source.declare('a', { at: 'elsewhere' });
    host.wake('a');
    await rest();
    expect([there('elsewhere'), there('a')]).toEqual([{ A: 'theirs' }, { A: '1' }]);
    expect(state('a')).toContain('Conflict: NotOurs');
  });

  test('somebody who writes at the same moment is seen', async () => {
    await delivered({ A: '1' });
    source.want('a', { A: '2' }, 2);
    let edits = 0;
    source.before = (call) => {
      edits += call === 'delivery a' ? 1 : 0;
      if (call === 'delivery a' && edits < 3) target.edit('a', 'FOREIGN', `new ${edits}`);
    };
    host.wake('a');
    await rest();
    expect(there('a')).toEqual({ A: '2', FOREIGN: 'new 2' });
  });
});

describe('drift', () => {
  test('is put right at once, and said', async () => {
    await delivered({ A: '1', B: '2' });
    target.edit('a', 'A', 'by hand');
    target.edit('a', 'B', null);
    await rest();
    expect(there('a')).toEqual({ A: '1', B: '2' });
    expect(source.status('a')?.note).toBe('1 created, 1 updated; repaired 2 names changed in the target');
  });

  test.each(['report', 'once'] as const)('is only reported in mode %s, until a person applies', async (mode) => {
    await delivered({ A: '1' }, mode);
    target.edit('a', 'A', 'by hand');
    await rest();
    expect([there('a'), state('a')]).toEqual([{ A: 'by hand' }, ['Drifted: Differs']]);
    const plan = await host.apply('a');
    expect(plan.steps).toEqual([{ name: 'A', do: 'update', secret: false, because: 'changed in the target since' }]);
    expect([there('a'), state('a')]).toEqual([{ A: '1' }, ['InSync: Agrees']]);
  });

  test('once delivers once for every spec', async () => {
    source.declare('a', { mode: 'once' });
    source.want('a', { A: '1' });
    host.start();
    await rest();
    expect(there('a')).toEqual({ A: '1' });
    source.want('a', { A: '2' }, 2);
    host.wake('a');
    await rest();
    expect([there('a'), state('a')]).toEqual([{ A: '1' }, ['Drifted: Differs']]);
    source.declare('a', {});
    host.wake('a');
    await rest();
    expect(there('a')).toEqual({ A: '2' });
  });

  test('report never writes, not even at first', async () => {
    source.declare('a', { mode: 'report' });
    source.want('a', { A: '1' });
    host.start();
    await rest();
    expect([there('a'), state('a')]).toEqual([null, ['Drifted: Differs']]);
  });

  test('paused neither looks nor writes, nor lets a person apply', async () => {
    await delivered({ A: '1' }, 'paused');
    target.edit('a', 'A', 'by hand');
    await clock.advance(200_000);
    expect([there('a'), state('a'), condition('a', 'InSync')?.status]).toEqual([
      { A: 'by hand' },
      ['Paused: AskedFor'],
      'unknown',
    ]);
    await expect(host.apply('a')).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a fight is given up, and said; a person may go on', async () => {
    await delivered({ A: '1' });
    let edits = 0;
    for (; edits < 50; edits += 1) {
      target.edit('a', 'A', 'theirs');
      await rest();
    }
    expect(target.peek('a')?.writes).toBe(11);
    expect(state('a')).toEqual(['Drifted: Differs', 'Conflict: Oscillation']);
    expect(condition('a', 'Conflict')?.message).toContain('keeps changing A');
    await clock.advance(3_600_000);
    expect(there('a')).toEqual({ A: 'theirs' });
    await host.apply('a');
    expect([there('a'), state('a')]).toEqual([{ A: '1' }, ['InSync: Agrees']]);
  });

  test('a person who edits many things is no fight', async () => {
    await delivered({ A: '1' });
    for (let edit = 0; edit < 50; edit += 1) {
      target.edit('a', 'A', `edit ${edit}`);
      await rest();
    }
    expect([there('a'), state('a')]).toEqual([{ A: '1' }, ['InSync: Agrees']]);
  });
});

describe('the brake', () => {
  const many = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`N${index}`, 'x']));
  test('many names that vanish wait for a person', async () => {
    await delivered(many);
    source.want('a', { N0: 'changed' }, 2);
    host.wake('a');
    await rest();
    expect([there('a'), state('a')]).toEqual([many, ['Drifted: Differs', 'Held: MassDelete']]);
    expect((await host.plan('a')).held).toBe('9 of 10 names would be deleted');
    await host.apply('a');
    expect([there('a'), state('a')]).toEqual([{ N0: 'changed' }, ['InSync: Agrees']]);
  });

  test('or go when the spec says so', async () => {
    await delivered(many);
    source.declare('a', { options: { deleteMany: true } });
    source.want('a', {}, 2);
    host.wake('a');
    await rest();
    expect(there('a')).toEqual({});
  });
});

describe('what cannot be done', () => {
  test('a stalled sync leaves its target as it is', async () => {
    await delivered({ A: '1' });
    source.wishes.set('a', { kind: 'stalled', reason: 'RightLost', message: 'workload/x may not read p/e/A' });
    target.edit('a', 'A', 'by hand');
    host.wake('a');
    await rest();
    expect([there('a'), state('a')]).toEqual([{ A: 'by hand' }, ['Stalled: RightLost']]);
    expect(condition('a', 'InSync')?.status).toBe('unknown');
    source.want('a', { A: '1' });
    host.wake('a');
    await rest();
    expect([there('a'), state('a')]).toEqual([{ A: '1' }, ['InSync: Agrees']]);
  });

  test.each([
    ['an unknown target', { target: 'nowhere' }, 'there is no target nowhere'],
    ['a place that the target refuses', { at: '' }, 'expected the name of a place'],
    ['an unknown option', { options: { colour: 1 } }, 'unknown option colour'],
    ['an option of the wrong type', { options: { adopt: 'yes' } }, 'option adopt must be true or false'],
  ] as const)('%s stalls', async (_, spec, message) => {
    source.declare('a', spec);
    source.want('a', { A: '1' });
    host.start();
    await rest();
    expect([state('a'), condition('a', 'Stalled')?.message]).toEqual([['Stalled: InvalidSpec'], message]);
    expect(() => host.check({ target: 'memory', at: 'a', options: {}, ...spec })).toThrow(message);
    await expect(host.plan('a')).rejects.toMatchObject({ code: 'invalid' });
  });

  test('names that the target cannot carry are all told, and nothing is written', async () => {
    source.declare('a');
    source.want('a', { GOOD: '1', 'BAD-NAME': '2', NUL: 'secret\0' });
    host.start();
    await rest();
    expect([there('a'), state('a')]).toEqual([null, ['Drifted: Differs', 'Error: CannotCarry']]);
    expect(condition('a', 'Error')?.message).toBe(
      'BAD-NAME is not a name of letters, digits and _; NUL has a value with a NUL character',
    );
  });

  test('a target that cannot be read is an error with back-off, never an empty one', async () => {
    await delivered({ A: '1' });
    target.edit('a', 'A', 'by hand');
    const broken = faulty(target, { read: () => Promise.reject(new PlumbError('unavailable', 'gone fishing')) });
    await host.stop();
    host = newHost({ targets: new Map([['memory', broken.target]]) });
    host.start();
    await clock.advance(10_000);
    expect([state('a'), condition('a', 'Error')?.message]).toEqual([['Error: Unavailable'], 'gone fishing']);
    expect(source.calls.filter((call) => call.startsWith('status'))).toHaveLength(1);
    expect(broken.calls('read')).toBeGreaterThanOrEqual(4);
    expect(broken.calls('read')).toBeLessThanOrEqual(7);
    broken.heal();
    await clock.advance(60_000);
    expect([there('a'), state('a')]).toEqual([{ A: '1' }, ['InSync: Agrees']]);
  });

  test('a fault of ours is told without its message', async () => {
    source.declare('a');
    source.want('a', { A: '1' });
    source.before = (call) => (call === 'wish a' ? Promise.reject(new Error('value: hunter2')) : undefined);
    host.start();
    await rest();
    expect([state('a'), JSON.stringify(said).includes('hunter2')]).toEqual([['Error: Internal'], false]);
  });

  test('a target that never answers is given up, and holds nobody else up', async () => {
    const hanging = faulty(target, { read: (at) => (at === 'a' ? new Promise(() => undefined) : undefined) });
    host = newHost({ targets: new Map([['memory', hanging.target]]) });
    for (const name of ['a', 'b']) {
      source.declare(name);
      source.want(name, { A: '1' });
    }
    host.start();
    await rest();
    expect([there('a'), there('b')]).toEqual([null, { A: '1' }]);
    await clock.advance(10_000);
    expect(condition('a', 'Error')?.message).toBe('the target did not answer within 10000 ms');
    expect(host.oldestUnserved()).toBeGreaterThanOrEqual(10_000);
  });

  test.each(['before', 'after'] as const)('a write that fails %s it was carried out is sorted out', async (when) => {
    const failing = faulty(target, {
      write: async (_, write) => {
        if (when === 'after') await write();
        failing.heal();
        throw new Error('connection lost');
      },
    });
    host = newHost({ targets: new Map([['memory', failing.target]]) });
    source.declare('a');
    source.want('a', { A: '1' });
    host.start();
    await rest();
    expect([there('a'), state('a'), target.peek('a')?.writes]).toEqual([{ A: '1' }, ['InSync: Agrees'], 1]);
    expect(Object.values(source.inventory('a').names)).toEqual([{ confirmed: expect.any(String) }]);
  });
});

describe('two syncs on one place', () => {
  async function rivals(): Promise<void> {
    for (const name of ['a', 'b']) {
      source.declare(name, { at: 'same' });
      source.want(name, { A: name });
    }
    host.start();
    await rest();
  }

  test('are both refused, each naming the other, and nothing is written', async () => {
    await rivals();
    expect([there('same'), state('a'), state('b')]).toEqual([null, ['Conflict: SamePlace'], ['Conflict: SamePlace']]);
    expect(condition('a', 'Conflict')?.message).toContain('sync b');
    expect(condition('b', 'Conflict')?.message).toContain('sync a');
    expect((await host.plan('a')).problems).toEqual([expect.stringContaining('sync b')]);
    expect(await host.apply('a')).toMatchObject({ problems: [expect.stringContaining('sync b')] });
    expect(there('same')).toBeNull();
  });

  test.each([
    ['moves away', () => source.declare('b', { at: 'other' })],
    ['is paused', () => source.declare('b', { mode: 'paused' })],
    ['is deleted', () => void source.specs.delete('b')],
  ])('when one %s the other goes on at once', async (_, change) => {
    await rivals();
    change();
    host.wake('b');
    await rest();
    expect([there('same'), state('a')]).toEqual([{ A: 'a' }, ['InSync: Agrees']]);
  });

  test('one that moves in stops both', async () => {
    await delivered({ A: '1' });
    source.declare('b', { at: 'a' });
    source.want('b', { A: 'b' });
    host.wake('b');
    await rest();
    target.edit('a', 'A', 'by hand');
    await rest();
    expect([there('a'), state('a'), state('b')]).toEqual([
      { A: 'by hand' },
      ['Conflict: SamePlace'],
      ['Conflict: SamePlace'],
    ]);
  });
});

describe('plans', () => {
  test('say what would be done and change nothing', async () => {
    await delivered({ A: '1', B: '2' }, 'report');
    target.edit('a', 'A', 'by hand');
    target.edit('a', 'F', 'x');
    await rest();
    source.want('a', { A: '1', C: '3' }, 5);
    const before = structuredClone(target.peek('a')?.version);
    source.calls.length = 0;
    expect(await host.plan('a')).toEqual({
      sync: 'a',
      revision: 5,
      target: 'memory',
      at: 'a',
      steps: [
        { name: 'A', do: 'update', secret: false, because: 'changed in the target since' },
        { name: 'B', do: 'delete', secret: true, because: 'no longer in the source' },
        { name: 'C', do: 'create', secret: false },
      ],
      foreign: ['F'],
      remarks: [],
      problems: [],
      inAgreement: false,
    });
    expect([target.peek('a')?.version, source.calls]).toEqual([before, ['wish a']]);
  });

  test('of a sync that does not exist yet', async () => {
    source.want('new', { A: '1' });
    source.declare('shape', { at: 'new' });
    const supposed = source.spec('shape');
    source.specs.delete('shape');
    host.start();
    expect(await host.plan('new', supposed)).toMatchObject({
      steps: [{ name: 'A', do: 'create' }],
      inAgreement: false,
    });
    await rest();
    expect(there('new')).toBeNull();
  });

  test('of one that is nowhere is not found', async () => {
    await expect(host.plan('nobody')).rejects.toMatchObject({ code: 'not-found' });
    await expect(host.apply('nobody')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('of a stalled one say why', async () => {
    await delivered({ A: '1' });
    source.wishes.set('a', { kind: 'stalled', reason: 'RightLost', message: 'may not read p/e/A' });
    expect(await host.plan('a')).toMatchObject({ problems: ['may not read p/e/A'], steps: [], inAgreement: false });
  });
});

test('apply and the loop take turns', async () => {
  await delivered({ A: '1' });
  source.want('a', { A: '2' }, 2);
  host.wake('a');
  const plans = await Promise.all([host.apply('a'), host.apply('a'), settle()]);
  await rest();
  expect([plans[0]?.inAgreement, plans[1]?.inAgreement, target.peek('a')?.writes]).toEqual([
    expect.any(Boolean),
    true,
    2,
  ]);
});

test('a sync that is deleted is forgotten, its target stays', async () => {
  await delivered({ A: '1' });
  source.specs.delete('a');
  host.wake('a');
  await rest();
  target.edit('a', 'A', 'by hand');
  await clock.advance(300_000);
  expect([there('a'), source.calls]).toEqual([{ A: 'by hand' }, []]);
});

interface Faults {
  readonly read?: (at: string) => Promise<never> | undefined;
  readonly write?: (at: string, write: () => Promise<string>) => Promise<string>;
}

/** A target with faults, until it is healed. */
function faulty(inner: Target, faults: Faults): { target: Target; calls: (of: string) => number; heal: () => void } {
  let present: Faults = faults;
  const counts = new Map<string, number>();
  const count = (of: string): void => void counts.set(of, (counts.get(of) ?? 0) + 1);
  const wrap = (place: Place, at: string): Place => ({
    ...place,
    read: (request, signal) => {
      count('read');
      return present.read?.(at) ?? place.read(request, signal);
    },
    write: (request, signal) => {
      count('write');
      const write = (): Promise<string> => place.write(request, signal);
      return present.write?.(at, write) ?? write();
    },
  });
  return {
    target: {
      type: inner.type,
      check: (at, options) => inner.check(at, options),
      identity: (at, options) => inner.identity(at, options),
      open: async (at, options) => wrap(await inner.open(at, options), at),
      close: () => inner.close(),
    },
    calls: (of) => counts.get(of) ?? 0,
    heal: () => {
      present = {};
    },
  };
}
