import { expect, test } from 'vitest';
import { dump } from './dump.ts';
import { WorkState } from './work.ts';
import type { Change, WorkOp } from '#domain/change';
import { serverPrincipal } from '#domain/principal';
import type { TokenRecord } from '#domain/records';

function token(accessor: string, hash: string | null, rest: Partial<TokenRecord> = {}): WorkOp {
  const record = hash === null ? null : { principal: serverPrincipal, hash, created: 1, ...rest };
  return { op: 'record', noun: 'token', name: accessor, record };
}

function change(...ops: readonly WorkOp[]): Change<WorkOp> {
  return { revision: 0, author: serverPrincipal, reason: '', requestId: 'r', accessor: '', time: 1, ops };
}

test('tokens are found by hash and by who made them', () => {
  const state = new WorkState();
  const { view } = state;
  state.apply({
    changes: [change(token('a', 'h1'), token('b', 'h2', { parent: 'a' }), token('c', 'h3', { parent: 'a' }))],
  });
  expect(view.tokenByHash('h2')).toBe('b');
  expect(view.tokensMadeBy('a')).toEqual(['b', 'c']);
  expect(view.tokensMadeBy('b')).toEqual([]);
  state.apply({ changes: [change(token('b', 'h2', { parent: 'a', uses: 1 }))] });
  expect(view.record('token', 'b')?.uses).toBe(1);
  expect([...view.records('token')].map(([name]) => name)).toEqual(['a', 'b', 'c']);
  state.apply({ changes: [change(token('b', null), token('c', 'h4'))] });
  expect([view.tokenByHash('h2'), view.tokenByHash('h3'), view.tokenByHash('h4')]).toEqual([undefined, undefined, 'c']);
  expect(view.tokensMadeBy('a')).toEqual([]);
});

test('a draft shows what is staged and leaves the state alone', () => {
  const state = new WorkState();
  state.apply({ changes: [change(token('a', 'h1'))] });
  const before = dump(state);
  const draft = state.draft();
  draft.stage(change(token('a', null), token('b', 'h2', { parent: 'a' })));
  expect([draft.tokenByHash('h1'), draft.tokenByHash('h2'), draft.tokensMadeBy('a'), draft.nextRevision]).toEqual([
    undefined,
    'b',
    ['b'],
    0,
  ]);
  expect(dump(state)).toEqual(before);
});

test('pages + tail = fold(log)', () => {
  const [first, second] = [change(token('a', 'h1'), token('b', 'h2', { parent: 'a' })), change(token('a', null))];
  const state = new WorkState();
  state.apply({ changes: [first] });
  const loaded = new WorkState();
  loaded.loadPages(state.dirtyPages().changed);
  expect(loaded.dirtyPages()).toEqual({ changed: [], removed: [] });
  for (const one of [state, loaded]) one.apply({ changes: [second] });
  expect(dump(loaded)).toEqual(dump(state));
  expect(dump(loaded)).not.toEqual(dump(new WorkState()));
});

test('an op of a newer version is refused', () => {
  const odd = { op: 'record', noun: 'lease', name: 'a', record: {} } as unknown as WorkOp;
  expect(() => new WorkState().apply({ changes: [change(odd)] })).toThrow('does not know: record of lease');
});
