import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dump } from './dump.ts';
import type { StatePage } from './pages.ts';
import { TruthState } from './truth.ts';
import type { View } from './view.ts';
import type { Change, TruthOp } from '#domain/change';
import type { Head, PastVersion } from '#domain/entry';
import type { Path } from '#domain/path';
import { comparePaths } from '#domain/path';
import { serverPrincipal } from '#domain/principal';
import { parseExpression } from '#domain/reference';

let values = 0;

/** An expression if it holds a reference; its bytes are the text, unencrypted. */
function put(path: string, text: string, version = 1): TruthOp {
  const parsed = parseExpression(text);
  const references = parsed.ok ? parsed.references : [];
  values += 1;
  return {
    op: 'put',
    path: path as Path,
    version,
    incarnation: 1,
    kind: 'config',
    type: 'string',
    form: references.length > 0 ? 'expression' : 'literal',
    references,
    value: { id: `v-${values}`, digest: `d-${values}`, bytes: Uint8Array.from(Buffer.from(text)) },
  };
}

function end(path: string, state: 'deleted' | 'unset', version: number): TruthOp {
  return { op: 'end', path: path as Path, version, incarnation: 1, state, kind: 'config' };
}

function environment(name: string, base?: string): TruthOp {
  const declared = { defaultKind: 'secret' as const, ...(base === undefined ? {} : { extends: base }) };
  return { op: 'record', noun: 'environment', name, record: declared };
}

function change(revision: number, ops: readonly TruthOp[]): Change<TruthOp> {
  const reason = `reason ${revision % 3}`;
  return { revision, author: serverPrincipal, reason, requestId: 'r', accessor: 'a', time: revision * 10, ops };
}

/** A state after one change per list of ops. */
function stateOf(...changes: readonly (readonly TruthOp[])[]): TruthState {
  const state = new TruthState();
  state.apply({ changes: changes.map((ops, index) => change(index + 1, ops)) });
  return state;
}

const paths = (heads: Iterable<Head>) => [...heads].map((head) => head.path);

test('what becomes of the bytes of pages that were taken, from leaves in use or not, is nothing to the state', () => {
  const state = stateOf([put('a/b', 'one'), put('a/c', 'two')], [put('a/b', 'three', 2)]);
  const expected = dump(state);
  const loaded = new TruthState();
  loaded.loadPages(state.allPages());
  for (const taken of [state, loaded]) for (const { bytes } of taken.allPages()) bytes.fill(0);
  expect([dump(state), dump(loaded)]).toEqual([expected, expected]);
});

test('an empty state', () => {
  const { view } = new TruthState();
  expect(view.revision).toBe(0);
  expect(view.head('a' as Path)).toBeUndefined();
  expect([...view.heads('')]).toEqual([]);
  expect([...view.versions('a' as Path)]).toEqual([]);
  expect(new TruthState().allPages().map((page) => page.name)).toEqual(['revision']);
});

test('what a put, an end, a description and a destroy leave behind', () => {
  const state = stateOf([put('p/e/X', 'one')], [put('p/e/X', '${Y}', 2)], [end('p/e/X', 'deleted', 3)]);
  const { view } = state;
  const x = 'p/e/X' as Path;
  expect(view.head(x)).toEqual({
    path: x,
    current: {
      version: 3,
      incarnation: 1,
      state: 'deleted',
      kind: 'config',
      type: 'string',
      form: 'expression',
      reason: 'reason 0',
      author: serverPrincipal,
      time: 30,
      revision: 3,
      references: [],
    },
    metadata: {},
    revision: 3,
  });
  expect([...view.versions(x)].map((one) => [one.version, one.state, one.form])).toEqual([
    [3, 'deleted', 'expression'],
    [2, 'present', 'expression'],
    [1, 'present', 'literal'],
  ]);
  expect([...view.versions(x, 3)].map((one) => one.version)).toEqual([2, 1]);
  expect([...view.versions(x, 2)].map((one) => one.version)).toEqual([1]);
  expect(view.version(x, 2)?.references).toEqual(['Y']);
  expect(view.version(x, 1)?.value).not.toHaveProperty('bytes');
  expect(view.version(x, 4)).toBeUndefined();

  const metadata = { owner: 'team', tags: ['a'] };
  const erased = [view.version(x, 1)?.value?.id];
  expect(state.apply({ changes: [change(4, [{ op: 'destroy', path: x, versions: [1, 3, 9] }])] })).toEqual(erased);
  expect(state.apply({ changes: [change(5, [{ op: 'describe', path: x, metadata }])] })).toEqual([]);
  expect(view.version(x, 1)).toMatchObject({ version: 1, destroyed: true });
  expect(view.version(x, 1)).not.toHaveProperty('value');
  expect(view.head(x)).toMatchObject({ metadata, revision: 5, current: { version: 3, revision: 3 } });
  expect([...state.liveBlobs()]).toEqual([view.version(x, 2)?.value?.id]);
});

test('the newest version can be destroyed, and later ones go on', () => {
  const state = stateOf([put('a', 'one')]);
  const id = state.view.head('a' as Path)?.current.value?.id;
  expect(state.apply({ changes: [change(2, [{ op: 'destroy', path: 'a' as Path, versions: [1] }])] })).toEqual([id]);
  expect(state.view.head('a' as Path)).toMatchObject({ current: { version: 1, destroyed: true }, revision: 2 });
  state.apply({ changes: [change(3, [put('a', 'two', 2)])] });
  expect(state.view.version('a' as Path, 1)).toMatchObject({ destroyed: true });
});

test('the version that was the newest at a revision', () => {
  const { view } = stateOf(
    [put('b', '1')],
    [put('a', '1')],
    [put('b', '1', 2)],
    [put('a', '2', 2)],
    [end('a', 'unset', 3)],
  );
  const at = (revision: number) => view.headAt('a' as Path, revision)?.version;
  expect([0, 1, 2, 3, 4, 5, 6].map(at)).toEqual([undefined, undefined, 1, 1, 2, 3, 3]);
  expect(view.headAt('zz' as Path, 5)).toBeUndefined();
});

test('versions come at the end of their pages, whatever path they are of', () => {
  const state = new TruthState();
  const pathOf = (index: number) => `a/${index}`;
  // Each round in another order.
  const round = (version: number) =>
    Array.from({ length: 100 }, (_, i) =>
      change((version - 1) * 100 + i + 1, [put(pathOf((i * version * 7) % 101), 'x', version)]),
    );
  for (let version = 1; version <= 20; version += 1) state.apply({ changes: round(version) });
  const versionPages = () => state.dirtyPages().changed.filter(({ name }) => name.startsWith('versions/'));
  expect(versionPages().length).toBeGreaterThan(3);
  state.apply({ changes: round(21).slice(0, 20) });
  expect(versionPages()).toHaveLength(1);
  const one = pathOf(0) as Path;
  expect([...state.view.versions(one)].map(({ revision }) => revision).slice(0, 3)).toEqual([2001, 1901, 1801]);
  expect(state.view.version(one, 2)?.revision).toBe(101);
  expect([state.view.version(one, 0), state.view.version(one, 22)]).toEqual([undefined, undefined]);
});

test('folders list what is in them, and know the folders below', () => {
  const { view } = stateOf([
    put('a/x', '1'),
    put('a/x-y/1', '1'),
    put('a/x/1', '1'),
    put('a/x/2/3', '1'),
    put('a/z', '1'),
    put('ab', '1'),
    put('a', '1'),
    put('b/gone/1', '1'),
    end('b/gone/1', 'deleted', 2),
  ]);
  expect(paths(view.children(''))).toEqual(['a', 'ab']);
  expect(paths(view.children('a' as Path))).toEqual(['a/x', 'a/z']);
  expect(paths(view.children('a' as Path, 'a/x' as Path))).toEqual(['a/z']);
  expect(paths(view.children('a/x' as Path))).toEqual(['a/x/1']);
  expect(paths(view.children('a/none' as Path))).toEqual([]);
  expect(paths(view.heads('a' as Path))).toEqual(['a/x', 'a/x-y/1', 'a/x/1', 'a/x/2/3', 'a/z']);
  expect(paths(view.heads('a' as Path, 'a/x/1' as Path))).toEqual(['a/x/2/3', 'a/z']);
  expect(paths(view.heads('' as Path, 'a/z' as Path))).toEqual(['ab', 'b/gone/1']);
  expect([...view.folders('')]).toEqual(['a']);
  expect([...view.folders('a' as Path)]).toEqual(['x-y', 'x']);
  expect([...view.folders('a/x' as Path)]).toEqual(['2']);
});

test('chains and heirs of environments', () => {
  const { view } = stateOf([
    environment('p/base'),
    environment('p/staging', 'base'),
    environment('p/review', 'staging'),
    environment('p/odd', 'nowhere'),
    environment('p/one', 'two'),
    environment('p/two', 'one'),
    environment('pp/other', 'base'),
  ]);
  expect(view.chain('p/review')).toEqual(['p/review', 'p/staging', 'p/base']);
  expect(view.chain('p/undeclared')).toEqual(['p/undeclared']);
  expect(view.chain('p/odd')).toEqual(['p/odd', 'p/nowhere']);
  expect(view.chain('p/one')).toEqual(['p/one', 'p/two']);
  expect(view.heirs('p/base')).toEqual(['p/review', 'p/staging']);
  expect(view.heirs('p/review')).toEqual([]);
  expect([...view.records('environment', 'pp/')].map(([name]) => name)).toEqual(['pp/other']);
  expect(view.record('environment', 'p/none')).toBeUndefined();
});

const shown = (view: View, path: string) => view.referrers(path as Path).map((one) => `${one.path} < ${one.stored}`);

test('referrers are found by what they read in each environment', () => {
  const { view } = stateOf([
    environment('p/base'),
    environment('p/dev', 'base'),
    environment('p/prod', 'base'),
    put('p/base/HOST', 'h'),
    put('p/base/URL', 'x://${HOST}'),
    put('p/base/db/DSN', '${/HOST}'),
    put('p/prod/HOST', 'h2'),
    put('p/prod/URL', 'own, without a reference'),
    put('p/prod/LINK', '${dev:/HOST}${q/e:/Z}'),
    put('q/e/Z', '1'),
    put('top', '${TOP}'),
    put('p/half', '${dev:/HOST}'),
  ]);
  expect(shown(view, 'p/base/HOST')).toEqual([
    'p/base/URL < p/base/URL',
    'p/base/db/DSN < p/base/db/DSN',
    'p/dev/URL < p/base/URL',
    'p/dev/db/DSN < p/base/db/DSN',
    'p/half < p/half',
    'p/prod/LINK < p/prod/LINK',
  ]);
  expect(shown(view, 'p/prod/HOST')).toEqual(['p/prod/db/DSN < p/base/db/DSN']);
  expect(shown(view, 'p/dev/HOST')).toEqual([
    'p/dev/URL < p/base/URL',
    'p/dev/db/DSN < p/base/db/DSN',
    'p/half < p/half',
    'p/prod/LINK < p/prod/LINK',
  ]);
  expect(shown(view, 'q/e/Z')).toEqual(['p/prod/LINK < p/prod/LINK']);
  expect(shown(view, 'TOP')).toEqual(['top < top']);
  expect(shown(view, 'p/base/URL')).toEqual([]);
});

test('an entry stops being a referrer when it is overwritten or ends', () => {
  const state = stateOf([put('p/e/A', '${B}${B}${/B}${C}')]);
  expect(shown(state.view, 'p/e/B')).toEqual(['p/e/A < p/e/A']);
  state.apply({ changes: [change(2, [put('p/e/A', '${C}', 2)])] });
  expect(shown(state.view, 'p/e/B')).toEqual([]);
  expect(shown(state.view, 'p/e/C')).toEqual(['p/e/A < p/e/A']);
  state.apply({ changes: [change(3, [end('p/e/A', 'deleted', 3)])] });
  expect(shown(state.view, 'p/e/C')).toEqual([]);
  expect(dump(state)['referrers']).toEqual({});
});

test('a draft shows what is staged and leaves the state alone', () => {
  const state = stateOf([put('a', '1')]);
  const before = dump(state);
  const draft = state.draft();
  expect([draft.revision, draft.nextRevision]).toEqual([1, 2]);
  draft.stage(change(2, [put('a', '2', 2), put('b/c', '1'), environment('p/e')]));
  draft.stage(change(3, [end('a', 'deleted', 3)]));
  expect([draft.revision, draft.nextRevision]).toEqual([3, 4]);
  expect(draft.head('a' as Path)?.current.state).toBe('deleted');
  expect([...draft.versions('a' as Path)].map((one) => one.version)).toEqual([3, 2, 1]);
  expect([...draft.folders('')]).toEqual(['b']);
  expect(draft.record('environment', 'p/e')).toEqual({ defaultKind: 'secret' });
  expect(dump(state)).toEqual(before);
});

test('an op of a newer version is refused', () => {
  const odd = { op: 'rename', path: 'a' } as unknown as TruthOp;
  const oddNoun = { op: 'record', noun: 'blueprint', name: 'a', record: {} } as unknown as TruthOp;
  expect(() => stateOf([odd])).toThrow('does not know: rename');
  expect(() => stateOf([oddNoun])).toThrow('does not know: record of blueprint');
  expect(() => new TruthState().loadPages([{ name: 'blueprint/000000', bytes: new Uint8Array(9) }])).toThrow(
    'does not know',
  );
  expect(() => new TruthState().loadPages([{ name: 'revision', bytes: Buffer.from('{}') }])).toThrow('revision');
});

// --- random sequences ------------------------------------------------------------------------------

type Act =
  | {
      readonly do: 'put' | 'deleted' | 'unset' | 'describe' | 'destroy' | 'environment';
      readonly path: string;
      readonly text: string;
    }
  | { readonly do: 'take' | 'reload' };

const path = fc.constantFrom(
  'p/base/A',
  'p/base/B',
  'p/base/d/A',
  'p/dev/A',
  'p/dev/B',
  'p/dev/d/A',
  'q/e/A',
  'top',
  'p/dev/ü',
);
const text = fc.constantFrom('x', '${A}', '${B}${/A}', '${dev:/A}', '${q/e:/A}', 'y'.repeat(30_000));
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      do: fc.constantFrom('put', 'put', 'put', 'deleted', 'unset', 'describe', 'destroy'),
      path,
      text,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('environment' as const), path, text }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('take', 'reload') }) },
);

/** All versions of each path, oldest first: the model to which the state is compared. */
type Model = Map<string, PastVersion[]>;

function opOf(one: Extract<Act, { readonly path: string }>, model: Model): TruthOp {
  const version = (model.get(one.path)?.length ?? 0) + 1;
  if (one.do === 'put') return put(one.path, one.text, version);
  if (one.do === 'describe')
    return { op: 'describe', path: one.path as Path, metadata: { owner: one.text.slice(0, 5) } };
  if (one.do === 'destroy') return { op: 'destroy', path: one.path as Path, versions: [Math.ceil(version / 2)] };
  if (one.do === 'environment')
    return environment(`p/${one.path.includes('dev') ? 'dev' : 'base'}`, one.path.includes('dev') ? 'base' : undefined);
  return end(one.path, one.do, version);
}

function record(model: Model, op: TruthOp, revision: number): void {
  if (op.op === 'put' || op.op === 'end') {
    const versions = model.get(op.path) ?? [];
    model.set(op.path, versions);
    const value = op.op === 'put' ? { value: { id: op.value.id, digest: op.value.digest } } : {};
    const state = op.op === 'put' ? 'present' : op.state;
    versions.push({ version: op.version, state, revision, ...value } as PastVersion);
  } else if (op.op === 'destroy') {
    for (const version of op.versions) {
      const versions = model.get(op.path) ?? [];
      const { value, ...rest } = versions[version - 1] ?? {};
      if (value !== undefined) versions[version - 1] = { ...(rest as PastVersion), destroyed: true };
    }
  }
}

function summary(version: PastVersion | undefined): unknown {
  if (version === undefined) return undefined;
  const { state, revision, destroyed, value } = version;
  return [version.version, state, revision, destroyed ?? false, value?.id];
}

test('state = fold(log) = pages + tail = draft, and agrees with a naive model', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
      const model: Model = new Map();
      const log: Change<TruthOp>[] = [];
      const shelf = new Map<string, Uint8Array>();
      let state = new TruthState();
      for (const one of acts) {
        if ('path' in one) {
          const op = opOf(one, model);
          log.push(change(log.length + 1, [op]));
          record(model, op, log.length);
          state.apply({ changes: log.slice(-1) });
          continue;
        }
        const { changed, removed } = state.dirtyPages();
        for (const page of changed) shelf.set(page.name, Uint8Array.from(page.bytes));
        for (const name of removed) shelf.delete(name);
        if (one.do === 'take') continue;
        state = new TruthState();
        state.loadPages(pagesIn(shelf));
      }
      const replayed = new TruthState();
      replayed.apply({ changes: log });
      expect(dump(state)).toEqual(dump(replayed));
      const copied = new TruthState();
      copied.loadPages(replayed.allPages());
      expect(dump(copied)).toEqual(dump(replayed));
      agrees(state.view, model, log.length);
      const draft = new TruthState().draft();
      for (const entry of log) draft.stage(entry);
      agrees(draft, model, log.length);
      for (const one of model.keys()) expect(draft.referrers(one as Path)).toEqual(state.view.referrers(one as Path));
    }),
    { numRuns: 60, seed: 1 },
  );
});

function pagesIn(shelf: ReadonlyMap<string, Uint8Array>): readonly StatePage[] {
  return [...shelf].map(([name, bytes]) => ({ name, bytes }));
}

function agrees(view: View, model: Model, revision: number): void {
  expect(view.revision).toBe(revision);
  expect(paths(view.heads(''))).toEqual([...model.keys()].sort(comparePaths));
  for (const [name, versions] of model) {
    expect([...view.versions(name as Path)].map(summary)).toEqual(versions.map(summary).reverse());
    const middle = Math.floor(revision / 2);
    const expected = versions.findLast((version) => version.revision <= middle);
    expect(summary(view.headAt(name as Path, middle))).toEqual(summary(expected));
  }
}
