import { expect, test } from 'vitest';
import type { FolderLoaders } from './evaluate.ts';
import { evaluate, evaluateFolder } from './evaluate.ts';
import { Evaluator } from './evaluator.ts';
import type { Stored } from './lookup.ts';
import { errorOf } from './problem.ts';
import { findCycle, targetsOf } from './references.ts';
import { PlumbError } from '#domain/errors';
import type { Path } from '#domain/path';
import { folderOf } from '#domain/path';
import { serverPrincipal } from '#domain/principal';
import { parseExpression } from '#domain/reference';

interface Plain extends Stored {
  readonly text: string;
}

/** What holds a reference is an expression; `p/dev` and `p/prod` inherit from `p/base`. */
function shelf(entries: Readonly<Record<string, string>>): FolderLoaders<Plain> & { readonly read: string[] } {
  const stored = new Map(Object.entries(entries).map(([path, text]) => [path as Path, plain(path as Path, text)]));
  const read: string[] = [];
  return {
    read,
    head: (path) => stored.get(path),
    children: (folder) => [...stored.values()].filter((one) => folderOf(one.path) === folder),
    chain: (environment) => (environment === 'p/base' ? [environment] : [environment, 'p/base']),
    mayRead: () => true,
    mayList: () => true,
    text(one) {
      read.push(one.path);
      return one.text;
    },
  };
}

function plain(path: Path, text: string): Plain {
  const parsed = parseExpression(text);
  const references = parsed.ok ? parsed.references : [];
  const form = references.length > 0 ? 'expression' : 'literal';
  const version = { version: 1, incarnation: 1, state: 'present', kind: 'config', type: 'string', form } as const;
  const made = { reason: '', author: serverPrincipal, time: 0, revision: 1, references };
  return { path, text, current: { ...version, ...made, value: { id: path, digest: '' } } };
}

/** So many entries, by number. */
function numbered(count: number, entry: (index: number) => [string, string]): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_none, index) => entry(index)));
}

const at = (path: string) => path as Path;

test('each entry is read once, also by several paths of one folder', () => {
  const loaders = shelf({
    'p/dev/A': '${B}${C}',
    'p/dev/B': '${C}${C}',
    'p/dev/C': 'c',
    'p/base/B': 'never',
    'p/base/D': '${A}',
  });
  const { values } = evaluateFolder(at('p/dev'), loaders);
  expect(values.map((value) => [value.path, value.text])).toEqual([
    ['p/dev/A', 'ccc'],
    ['p/dev/B', 'cc'],
    ['p/dev/C', 'c'],
    ['p/dev/D', 'ccc'],
  ]);
  expect(loaders.read.toSorted()).toEqual(['p/base/D', 'p/dev/A', 'p/dev/B', 'p/dev/C']);
});

test('what was touched includes what is absent, and the environments that were looked through', () => {
  const evaluator = new Evaluator(shelf({ 'p/dev/A': '${B}', 'p/base/B': '${/sub/C}' }));
  expect(evaluator.evaluate(at('p/dev/A')).ok).toBe(false);
  expect([...evaluator.touched.paths]).toEqual([
    'p/dev/A',
    'p/dev/B',
    'p/base/B',
    'p/dev',
    'p/base',
    'p/dev/sub/C',
    'p/base/sub/C',
  ]);
});

test('a failure does not spoil what the same evaluator answers next', () => {
  const evaluator = new Evaluator(shelf({ 'p/dev/A': '${B}${NONE}', 'p/dev/B': 'b', 'p/dev/C': '${B}' }));
  expect(evaluator.evaluate(at('p/dev/A')).ok).toBe(false);
  expect(evaluator.evaluate(at('p/dev/C'))).toMatchObject({ ok: true, value: { text: 'b' } });
  expect(evaluator.evaluate(at('p/dev/A'))).toMatchObject({ ok: false, problem: { chain: ['p/dev/A', 'p/dev/NONE'] } });
});

test('a fault of a loader that is not an error of ours is thrown on', () => {
  const broken = {
    ...shelf({ 'p/dev/A': 'a' }),
    text: () => {
      throw new RangeError('a fault');
    },
  };
  expect(() => evaluate(at('p/dev/A'), broken)).toThrow(RangeError);
});

test('a problem becomes an error that keeps its cause', () => {
  const cause = new PlumbError('corrupt', 'cannot be decrypted');
  const broken = {
    ...shelf({ 'p/dev/A': 'a' }),
    text: () => {
      throw cause;
    },
  };
  const evaluation = evaluate(at('p/dev/A'), broken);
  const error = evaluation.ok ? undefined : errorOf(evaluation.problem);
  expect(error).toMatchObject({ code: 'corrupt', message: 'p/dev/A: cannot be decrypted', cause });
});

test('a chain far longer than the limit ends at the limit', () => {
  const links = numbered(20_000, (index) => [`p/dev/L${index}`, `\${L${index + 1}}`]);
  const loaders = shelf(links);
  expect(evaluate(at('p/dev/L0'), loaders)).toMatchObject({ ok: false, problem: { code: 'too-large' } });
  expect(loaders.read).toHaveLength(1001);
});

test('the limit counts what an earlier evaluation had computed already', () => {
  const links = numbered(1002, (index) => [`p/dev/L${index}`, index === 1001 ? 'end' : `\${L${index + 1}}`]);
  const evaluator = new Evaluator(shelf(links));
  expect(evaluator.evaluate(at('p/dev/L1'))).toMatchObject({ ok: true, value: { text: 'end' } });
  expect(evaluator.evaluate(at('p/dev/L0'))).toMatchObject({ ok: false, problem: { code: 'too-large' } });
});

test('results on the way are limited together', () => {
  const big = 'x'.repeat(900_000);
  const chain = numbered(30, (index) => [`p/dev/C${index}`, index === 29 ? big : `\${C${index + 1}}`]);
  const evaluation = evaluate(at('p/dev/C0'), shelf(chain));
  expect(evaluation).toMatchObject({ problem: { code: 'too-large' } });
  expect(JSON.stringify(evaluation)).toContain('the results on the way have more than 16777216 bytes');
});

test('targets of references, without any value', () => {
  const shelves = shelf({ 'p/base/B': 'b', 'p/dev/sub/C': 'c' });
  const found = targetsOf(['B', '/sub/C', 'base:/NONE'], at('p/dev/A'), shelves);
  expect(found.map((target) => [target.written, target.path, target.found?.path])).toEqual([
    ['B', 'p/dev/B', 'p/base/B'],
    ['/sub/C', 'p/dev/sub/C', 'p/dev/sub/C'],
    ['base:/NONE', 'p/base/NONE', undefined],
  ]);
  expect(() => targetsOf(['/x'], at('top'), shelves)).toThrow(PlumbError);
  expect(shelves.read).toEqual([]);
});

test.each<[string, Readonly<Record<string, string>>, readonly string[] | undefined]>([
  ['p/dev/A', { 'p/dev/A': '${A}' }, ['p/dev/A', 'p/dev/A']],
  ['p/dev/A', { 'p/dev/A': '${B}', 'p/dev/B': '${C}', 'p/dev/C': '${B}' }, ['p/dev/B', 'p/dev/C', 'p/dev/B']],
  ['p/dev/A', { 'p/dev/A': '${B}${C}', 'p/dev/B': '${D}', 'p/dev/C': '${D}', 'p/dev/D': 'd' }, undefined],
  ['p/dev/A', { 'p/base/A': '${B}', 'p/base/B': 'b', 'p/dev/B': '${A}' }, ['p/dev/A', 'p/dev/B', 'p/dev/A']],
  ['p/base/A', { 'p/base/A': '${B}', 'p/base/B': 'b', 'p/dev/B': '${A}' }, undefined],
  ['p/dev/A', { 'p/dev/A': '${NONE}' }, undefined],
  ['top', { top: '${/x}' }, undefined],
])('a cycle from %s in %j: %j', (path, entries, expected) => {
  expect(findCycle(at(path), shelf(entries))).toEqual(expected);
});

test('a cycle is looked for without recursion', () => {
  const links = numbered(20_000, (index) => [`p/dev/L${index}`, `\${L${(index + 1) % 20_000}}`]);
  expect(findCycle(at('p/dev/L0'), shelf(links))).toHaveLength(20_001);
});
