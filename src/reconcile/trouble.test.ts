import { describe, expect, test } from 'vitest';
import { PlumbError } from '#domain/errors';
import { FaultyTarget, fixedTargets, useKeeping } from '#testing/keeping';

const kept = useKeeping();

describe('drift', () => {
  test('is put right at once, and said', async () => {
    await kept().delivered({ A: '1', B: '2' });
    kept().target.edit('a', 'A', 'by hand');
    kept().target.edit('a', 'B', null);
    await kept().rest();
    expect(kept().there('a')).toEqual({ A: '1', B: '2' });
    expect(kept().syncs.status('a')?.note).toBe('1 created, 1 updated; repaired 2 names changed in the target');
  });

  test.each(['report', 'once'] as const)('is only reported in mode %s, until a person applies', async (mode) => {
    await kept().delivered({ A: '1' }, mode);
    kept().target.edit('a', 'A', 'by hand');
    await kept().rest();
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: 'by hand' }, ['Drifted: Differs']]);
    const plan = await kept().host.apply('a');
    expect(plan.steps).toEqual([{ name: 'A', do: 'update', secret: false, because: 'changed in the target since' }]);
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '1' }, ['InSync: Agrees']]);
  });

  test('once delivers once for every spec', async () => {
    kept().syncs.declare('a', { mode: 'once' });
    kept().syncs.want('a', { A: '1' });
    kept().host.start();
    await kept().rest();
    expect(kept().there('a')).toEqual({ A: '1' });
    kept().syncs.want('a', { A: '2' }, 2);
    kept().host.wake('a');
    await kept().rest();
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '1' }, ['Drifted: Differs']]);
    kept().syncs.declare('a', {});
    kept().host.wake('a');
    await kept().rest();
    expect(kept().there('a')).toEqual({ A: '2' });
  });

  test('report never writes, not even at first', async () => {
    kept().syncs.declare('a', { mode: 'report' });
    kept().syncs.want('a', { A: '1' });
    kept().host.start();
    await kept().rest();
    expect([kept().there('a'), kept().state('a')]).toEqual([null, ['Drifted: Differs']]);
  });

  test('paused neither looks nor writes, nor lets a person apply', async () => {
    await kept().delivered({ A: '1' }, 'paused');
    kept().target.edit('a', 'A', 'by hand');
    await kept().clock.advance(200_000);
    expect([kept().there('a'), kept().state('a'), kept().condition('a', 'InSync')?.status]).toEqual([
      { A: 'by hand' },
      ['Paused: AskedFor'],
      'unknown',
    ]);
    await expect(kept().host.apply('a')).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a fight is given up, and said; a person may go on', async () => {
    await kept().delivered({ A: '1' });
    let edits = 0;
    for (; edits < 50; edits += 1) {
      kept().target.edit('a', 'A', 'theirs');
      await kept().rest();
    }
    expect(kept().target.peek('a')?.writes).toBe(11);
    expect(kept().state('a')).toEqual(['Drifted: Differs', 'Conflict: Oscillation']);
    expect(kept().condition('a', 'Conflict')?.message).toContain('somebody else fight over A');
    await kept().clock.advance(3_600_000);
    expect(kept().there('a')).toEqual({ A: 'theirs' });
    await kept().host.apply('a');
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '1' }, ['InSync: Agrees']]);
  });

  test('a person who edits many things is no fight', async () => {
    await kept().delivered({ A: '1' });
    for (let edit = 0; edit < 50; edit += 1) {
      kept().target.edit('a', 'A', `edit ${edit}`);
      await kept().rest();
    }
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '1' }, ['InSync: Agrees']]);
  });
});

describe('the brake', () => {
  const many = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`N${index}`, 'x']));
  test('many names that vanish wait for a person', async () => {
    await kept().delivered(many);
    kept().syncs.want('a', { N0: 'changed' }, 2);
    kept().host.wake('a');
    await kept().rest();
    expect([kept().there('a'), kept().state('a')]).toEqual([many, ['Drifted: Differs', 'Held: MassDelete']]);
    expect((await kept().host.plan('a')).held).toBe('9 of 10 names would be deleted');
    await kept().host.apply('a');
    expect([kept().there('a'), kept().state('a')]).toEqual([{ N0: 'changed' }, ['InSync: Agrees']]);
  });

  test('or go when the spec says so', async () => {
    await kept().delivered(many);
    kept().syncs.declare('a', { options: { deleteMany: true } });
    kept().syncs.want('a', {}, 2);
    kept().host.wake('a');
    await kept().rest();
    expect(kept().there('a')).toEqual({});
  });
});

describe('what cannot be done', () => {
  test('a stalled sync leaves its target as it is', async () => {
    await kept().delivered({ A: '1' });
    kept().syncs.wishes.set('a', { kind: 'stalled', reason: 'RightLost', message: 'workload/x may not read p/e/A' });
    kept().target.edit('a', 'A', 'by hand');
    kept().host.wake('a');
    await kept().rest();
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: 'by hand' }, ['Stalled: RightLost']]);
    expect(kept().condition('a', 'InSync')?.status).toBe('unknown');
    kept().syncs.want('a', { A: '1' });
    kept().host.wake('a');
    await kept().rest();
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '1' }, ['InSync: Agrees']]);
  });

  test.each([
    ['an unknown target', { target: 'nowhere' }, 'there is no target nowhere'],
    ['a place that the target refuses', { at: '' }, 'expected the name of a place'],
    ['an unknown option', { options: { colour: 1 } }, 'unknown option colour'],
    ['an option of the wrong type', { options: { adopt: 'yes' } }, 'option adopt must be true or false'],
  ] as const)('%s stalls', async (_, spec, message) => {
    kept().syncs.declare('a', spec);
    kept().syncs.want('a', { A: '1' });
    kept().host.start();
    await kept().rest();
    expect([kept().state('a'), kept().condition('a', 'Stalled')?.message]).toEqual([['Stalled: InvalidSpec'], message]);
    expect(() => kept().host.check({ target: 'memory', at: 'a', options: {}, ...spec })).toThrow(message);
    await expect(kept().host.plan('a')).rejects.toMatchObject({ code: 'invalid' });
  });

  test('names that the target cannot carry are all told, and nothing is written', async () => {
    kept().syncs.declare('a');
    kept().syncs.want('a', { GOOD: '1', 'BAD-NAME': '2', NUL: 'secret\0' });
    kept().host.start();
    await kept().rest();
    expect([kept().there('a'), kept().state('a')]).toEqual([null, ['Drifted: Differs', 'Error: CannotCarry']]);
    expect(kept().condition('a', 'Error')?.message).toBe(
      'BAD-NAME is not a name of letters, digits and _; NUL has a value with a NUL character',
    );
  });

  test('a target that cannot be read is an error with back-off, never an empty one', async () => {
    await kept().delivered({ A: '1' });
    kept().target.edit('a', 'A', 'by hand');
    const broken = new FaultyTarget(kept().target, {
      read: () => Promise.reject(new PlumbError('unavailable', 'gone fishing')),
    });
    await kept().host.stop();
    kept().host = kept().newHost({ targets: fixedTargets({ memory: broken }) });
    kept().host.start();
    await kept().clock.advance(10_000);
    expect([kept().state('a'), kept().condition('a', 'Error')?.message]).toEqual([
      ['Error: Unavailable'],
      'gone fishing',
    ]);
    expect(kept().syncs.calls.filter((call) => call.startsWith('status'))).toHaveLength(1);
    expect(broken.reads).toBeGreaterThanOrEqual(4);
    expect(broken.reads).toBeLessThanOrEqual(7);
    broken.heal();
    await kept().clock.advance(60_000);
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '1' }, ['InSync: Agrees']]);
  });

  test('a fault of ours is told without its message', async () => {
    kept().syncs.declare('a');
    kept().syncs.want('a', { A: '1' });
    const fault = new Error('value: hunter2');
    kept().syncs.before = (call) => (call === 'wish a' ? Promise.reject(fault) : undefined);
    const faults: unknown[] = [];
    kept().host = kept().newHost({ failed: (...found) => faults.push(found) });
    kept().host.start();
    await kept().rest();
    expect([kept().state('a'), JSON.stringify(kept().said).includes('hunter2')]).toEqual([['Error: Internal'], false]);
    expect(faults[0]).toEqual(['a', fault]);
  });

  test('a target that never answers is given up, and holds nobody else up', async () => {
    const hanging = new FaultyTarget(kept().target, {
      read: (at) => (at === 'a' ? new Promise(() => undefined) : undefined),
    });
    kept().host = kept().newHost({ targets: fixedTargets({ memory: hanging }) });
    for (const name of ['a', 'b']) {
      kept().syncs.declare(name);
      kept().syncs.want(name, { A: '1' });
    }
    kept().host.start();
    await kept().rest();
    expect([kept().there('a'), kept().there('b')]).toEqual([null, { A: '1' }]);
    await kept().clock.advance(10_000);
    expect(kept().condition('a', 'Error')?.message).toBe('the target did not answer within 10000 ms');
    expect(kept().host.oldestUnserved()).toBeGreaterThanOrEqual(10_000);
  });

  test.each(['before', 'after'] as const)('a write that fails %s it was carried out is sorted out', async (when) => {
    const failing = new FaultyTarget(kept().target, {
      write: async (_, write) => {
        if (when === 'after') await write();
        failing.heal();
        throw new Error('connection lost');
      },
    });
    kept().host = kept().newHost({ targets: fixedTargets({ memory: failing }) });
    kept().syncs.declare('a');
    kept().syncs.want('a', { A: '1' });
    kept().host.start();
    await kept().rest();
    expect([kept().there('a'), kept().state('a'), kept().target.peek('a')?.writes]).toEqual([
      { A: '1' },
      ['InSync: Agrees'],
      1,
    ]);
    expect(Object.values(kept().syncs.inventory('a').names)).toEqual([{ confirmed: expect.any(String) }]);
  });
});
