import { describe, expect, test } from 'vitest';
import { settle } from '#testing/clock';
import { useKeeping } from '#testing/keeping';

const kept = useKeeping();

describe('delivering', () => {
  test('intent is durable and audited before the write, confirmation comes after it, in one record with the status', async () => {
    kept().syncs.declare('a');
    kept().syncs.want('a', { A: '1', SECRET: 's' }, 7);
    const seen: [string, unknown][] = [];
    kept().syncs.before = (call) => void seen.push([call, kept().there('a')]);
    kept().host.start();
    await kept().rest();
    const written = { A: '1', SECRET: 's' };
    expect(seen).toEqual([
      ['wish a', null],
      ['inventory a', null],
      ['delivery a', null],
      ['status a', written],
    ]);
    expect(kept().there('a')).toEqual(written);
    expect(kept().syncs.deliveries).toEqual([
      { entries: ['A', 'SECRET'], created: ['A', 'SECRET'], updated: [], deleted: [], revision: 7 },
    ]);
    expect(kept().syncs.status('a')).toMatchObject({ appliedRevision: 7, agree: 2, total: 2, note: '2 created' });
    expect(kept().state('a')).toEqual(['InSync: Agrees']);
  });

  test('once, without the loop: each sync is looked at, and nothing comes back', async () => {
    kept().syncs.declare('a');
    kept().syncs.declare('b', { at: 'a' });
    kept().syncs.declare('c');
    for (const name of ['a', 'b', 'c']) kept().syncs.want(name, { A: '1' });
    await kept().host.once(['a', 'b', 'c']);
    expect([kept().there('a'), kept().there('c')]).toEqual([null, { A: '1' }]);
    expect(kept().state('a')).toEqual(['Conflict: SamePlace']);
    expect(kept().host.busy).toBe(0);
  });

  test('what is right is not written again, and nothing is saved', async () => {
    await kept().delivered({ A: '1' });
    kept().host.wake('a');
    await kept().clock.advance(3_600_000);
    expect(kept().target.peek('a')?.writes).toBe(1);
    expect(kept().syncs.calls.filter((call) => call !== 'wish a')).toEqual([]);
    const full = kept().syncs.calls.length;
    expect(full).toBeGreaterThanOrEqual(5);
    expect(full).toBeLessThanOrEqual(8);
  });

  test('a change that leads to equal values is only noted as applied', async () => {
    await kept().delivered({ A: '1' });
    kept().syncs.want('a', { A: '1' }, 9);
    kept().host.wake('a');
    await kept().rest();
    expect([kept().syncs.calls, kept().target.peek('a')?.writes]).toEqual([['wish a', 'status a'], 1]);
    expect(kept().syncs.status('a')?.appliedRevision).toBe(9);
  });

  test('changes, additions and removals in the source follow', async () => {
    await kept().delivered({ A: '1', B: '2' });
    kept().target.edit('a', 'FOREIGN', 'stays');
    kept().syncs.want('a', { B: '3', C: '4' }, 2);
    kept().host.wake('a');
    await kept().rest();
    expect(kept().there('a')).toEqual({ B: '3', C: '4', FOREIGN: 'stays' });
    expect(kept().syncs.status('a')).toMatchObject({ appliedRevision: 2, note: '1 created, 1 updated, 1 deleted' });
  });

  test('a wake during a run is not lost', async () => {
    await kept().delivered({ A: '1' });
    kept().syncs.want('a', { A: '2' }, 2);
    kept().syncs.before = (call) => {
      if (call !== 'inventory a') return;
      kept().syncs.before = () => undefined;
      kept().syncs.want('a', { A: '3' }, 3);
      kept().host.wake('a');
    };
    kept().host.wake('a');
    await kept().rest();
    expect(kept().there('a')).toEqual({ A: '3' });
  });

  test('what is there already with equal values is taken over without a write', async () => {
    kept().target.edit('a', 'A', '1');
    kept().syncs.declare('a');
    kept().syncs.want('a', { A: '1' });
    kept().host.start();
    await kept().rest();
    expect([kept().target.peek('a')?.writes, Object.keys(kept().syncs.inventory('a').names)]).toEqual([0, ['A']]);
    kept().syncs.want('a', { A: '2' }, 2);
    kept().host.wake('a');
    await kept().rest();
    expect(kept().there('a')).toEqual({ A: '2' });
  });

  test('what is there with other values is a conflict until the spec adopts it', async () => {
    kept().target.edit('a', 'A', 'theirs');
    kept().syncs.declare('a');
    kept().syncs.want('a', { A: '1', B: '2' });
    kept().host.start();
    await kept().rest();
    expect([kept().there('a'), kept().state('a')]).toEqual([
      { A: 'theirs' },
      ['Drifted: Differs', 'Conflict: NotOurs'],
    ]);
    expect(kept().condition('a', 'Conflict')?.message).toContain('A is there already');
    kept().syncs.declare('a', { options: { adopt: true } });
    kept().host.wake('a');
    await kept().rest();
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '1', B: '2' }, ['InSync: Agrees']]);
  });

  test('what was written to another place is not ours in a new one', async () => {
    await kept().delivered({ A: '1' });
    kept().target.edit('elsewhere', 'A', 'theirs');
    kept().syncs.declare('a', { at: 'elsewhere' });
    kept().host.wake('a');
    await kept().rest();
    expect([kept().there('elsewhere'), kept().there('a')]).toEqual([{ A: 'theirs' }, { A: '1' }]);
    expect(kept().state('a')).toContain('Conflict: NotOurs');
  });

  test('somebody who writes at the same moment is seen', async () => {
    await kept().delivered({ A: '1' });
    kept().syncs.want('a', { A: '2' }, 2);
    let edits = 0;
    kept().syncs.before = (call) => {
      edits += call === 'delivery a' ? 1 : 0;
      if (call === 'delivery a' && edits < 3) kept().target.edit('a', 'FOREIGN', `new ${edits}`);
    };
    kept().host.wake('a');
    await kept().rest();
    expect(kept().there('a')).toEqual({ A: '2', FOREIGN: 'new 2' });
  });
});

describe('two syncs on one place', () => {
  async function rivals(): Promise<void> {
    for (const name of ['a', 'b']) {
      kept().syncs.declare(name, { at: 'same' });
      kept().syncs.want(name, { A: name });
    }
    kept().host.start();
    await kept().rest();
  }

  test('are both refused, each naming the other, and nothing is written', async () => {
    await rivals();
    expect([kept().there('same'), kept().state('a'), kept().state('b')]).toEqual([
      null,
      ['Conflict: SamePlace'],
      ['Conflict: SamePlace'],
    ]);
    expect(kept().condition('a', 'Conflict')?.message).toContain('sync b');
    expect(kept().condition('b', 'Conflict')?.message).toContain('sync a');
    expect((await kept().host.plan('a')).problems).toEqual([expect.stringContaining('sync b')]);
    expect(await kept().host.apply('a')).toMatchObject({ problems: [expect.stringContaining('sync b')] });
    expect(kept().there('same')).toBeNull();
  });

  test.each([
    ['moves away', () => kept().syncs.declare('b', { at: 'other' })],
    ['is paused', () => kept().syncs.declare('b', { mode: 'paused' })],
    ['is deleted', () => void kept().syncs.specs.delete('b')],
  ])('when one %s the other goes on at once', async (_, change) => {
    await rivals();
    change();
    kept().host.wake('b');
    await kept().rest();
    expect([kept().there('same'), kept().state('a')]).toEqual([{ A: 'a' }, ['InSync: Agrees']]);
  });

  test('one that moves in stops both', async () => {
    await kept().delivered({ A: '1' });
    kept().syncs.declare('b', { at: 'a' });
    kept().syncs.want('b', { A: 'b' });
    kept().host.wake('b');
    await kept().rest();
    kept().target.edit('a', 'A', 'by hand');
    await kept().rest();
    expect([kept().there('a'), kept().state('a'), kept().state('b')]).toEqual([
      { A: 'by hand' },
      ['Conflict: SamePlace'],
      ['Conflict: SamePlace'],
    ]);
  });
});

describe('plans', () => {
  test('say what would be done and change nothing', async () => {
    await kept().delivered({ A: '1', B: '2' }, 'report');
    kept().target.edit('a', 'A', 'by hand');
    kept().target.edit('a', 'F', 'x');
    await kept().rest();
    kept().syncs.want('a', { A: '1', C: '3' }, 5);
    const before = structuredClone(kept().target.peek('a')?.version);
    kept().syncs.calls.length = 0;
    expect(await kept().host.plan('a')).toEqual({
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
    expect([kept().target.peek('a')?.version, kept().syncs.calls]).toEqual([before, ['wish a']]);
  });

  test('of a sync that does not exist yet', async () => {
    kept().syncs.want('new', { A: '1' });
    kept().syncs.declare('shape', { at: 'new' });
    const supposed = kept().syncs.spec('shape');
    if (supposed === undefined) throw new Error('it was declared');
    kept().syncs.specs.delete('shape');
    kept().host.start();
    expect(await kept().host.plan('new', { supposed })).toMatchObject({
      steps: [{ name: 'A', do: 'create' }],
      inAgreement: false,
    });
    await kept().rest();
    expect(kept().there('new')).toBeNull();
  });

  test('of one that is nowhere is not found', async () => {
    await expect(kept().host.plan('nobody')).rejects.toMatchObject({ code: 'not-found' });
    await expect(kept().host.apply('nobody')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('of a stalled one say why', async () => {
    await kept().delivered({ A: '1' });
    kept().syncs.wishes.set('a', { kind: 'stalled', reason: 'RightLost', message: 'may not read p/e/A' });
    expect(await kept().host.plan('a')).toMatchObject({
      problems: ['may not read p/e/A'],
      steps: [],
      inAgreement: false,
    });
  });
});

test('apply and the loop take turns', async () => {
  await kept().delivered({ A: '1' });
  kept().syncs.want('a', { A: '2' }, 2);
  kept().host.wake('a');
  const plans = await Promise.all([kept().host.apply('a'), kept().host.apply('a'), settle()]);
  await kept().rest();
  expect([plans[0]?.inAgreement, plans[1]?.inAgreement, kept().target.peek('a')?.writes]).toEqual([
    expect.any(Boolean),
    true,
    2,
  ]);
});

test('a sync that is deleted is forgotten, its target stays', async () => {
  await kept().delivered({ A: '1' });
  kept().syncs.specs.delete('a');
  kept().host.wake('a');
  await kept().rest();
  kept().target.edit('a', 'A', 'by hand');
  await kept().clock.advance(300_000);
  expect([kept().there('a'), kept().syncs.calls]).toEqual([{ A: 'by hand' }, []]);
});
