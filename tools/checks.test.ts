/** A check that cannot fail proves nothing: each is shown a small bad tree and a good one. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkBudgets } from './budgets.ts';
import { checkCommands } from './commands.ts';
import { checks, type Report } from './checks.ts';
import { checkCycles, checkImports } from './imports.ts';
import { checkLinks } from './links.ts';
import type { Check, Tree } from './tree.ts';
import { checkWords } from './words.ts';
import { checkWorld } from './world.ts';

const tree = (files: Readonly<Record<string, string>>): Tree =>
  Object.entries(files).map(([path, text]) => ({ path, text }));
const found = (check: Check, files: Readonly<Record<string, string>>) =>
  check(tree(files)).map(({ path, line, message, level }) => `${level} ${path}:${line ?? 0} ${message}`);
const lines = (count: number) => 'x\n'.repeat(count);

const empty = { 'src/domain/path.ts': '', 'src/service/entries.ts': '', 'src/store/drivers/memory/index.ts': '' };

describe('imports', () => {
  const cases: readonly (readonly [string, string, string, string | undefined])[] = [
    ['down the table', 'src/service/a.ts', "import '#domain/path';", undefined],
    ['up the table', 'src/domain/a.ts', "import '#service/entries';", 'domain may not import service'],
    ['types as well', 'src/domain/a.ts', "import type { X } from '#service/entries';", 'domain may not import service'],
    ['dynamic', 'src/domain/a.ts', "await import('#service/entries');", 'domain may not import service'],
    ['a type in place', 'src/domain/a.ts', "let a: import('#service/entries').X;", 'domain may not import service'],
    ['re-exported', 'src/domain/a.ts', "export { x } from '#service/entries';", 'domain may not import service'],
    [
      'siblings',
      'src/store/drivers/sqlite/a.ts',
      "import '../memory/index.ts';",
      'store/drivers/sqlite may not import',
    ],
    ['an implementation', 'src/service/a.ts', "import '#store/drivers/memory/index';", 'service may not import'],
    ['composition', 'src/server/compose.ts', "import '#store/drivers/memory/index';", undefined],
    ['relative across folders', 'src/service/a.ts', "import '../domain/path.ts';", 'import it as #domain/path'],
    ['by name inside a folder', 'src/service/a.ts', "import '#service/entries';", 'by a relative path'],
    ['nothing there', 'src/service/a.ts', "import '#domain/gone';", '#domain/gone is not there'],
    ['a package in its wrapper', 'src/cli/a.ts', "import '@stricli/core';", undefined],
    ['a package elsewhere', 'src/service/a.ts', "import 'fastify';", 'fastify is wrapped by protocol/rest'],
    ['an unknown package', 'src/cli/a.ts', "import 'left-pad';", 'left-pad is in no row'],
    ['Node in the domain', 'src/domain/a.ts', "import 'node:path';", 'domain imports no module of Node'],
    ['the world', 'src/service/a.ts', "import 'node:fs';", 'node:fs touches the world'],
    ['the world by another door', 'src/cli/a.ts', "process.getBuiltinModule('node:http');", 'touches the world'],
    ['the world at the edge', 'src/store/drivers/memory/a.ts', "import 'node:fs';", undefined],
    ['a folder without a row', 'src/attic/a.ts', '', 'stands in no row'],
    ['a test reaches everywhere', 'src/domain/a.test.ts', "import '#service/entries';", undefined],
  ];
  test.each(cases)('%s', (_name, path, text, message) => {
    const findings = found(checkImports, { ...empty, [path]: text });
    expect(findings).toEqual(message === undefined ? [] : [expect.stringContaining(message)]);
  });
});

test('cycles: a circle is found once, a diamond is none', () => {
  const circle = {
    'src/domain/a.ts': "import './b.ts';",
    'src/domain/b.ts': "import './c.ts';",
    'src/domain/c.ts': "import './a.ts';",
  };
  const text = 'src/domain/a.ts → src/domain/b.ts → src/domain/c.ts → src/domain/a.ts';
  expect(found(checkCycles, circle)).toEqual([expect.stringContaining(text)]);
  const diamond = { ...circle, 'src/domain/c.ts': '', 'src/domain/a.ts': "import './b.ts';\nimport './c.ts';" };
  expect(found(checkCycles, diamond)).toEqual([]);
});

describe('world', () => {
  const cases: readonly (readonly [string, string, string, number])[] = [
    ['a clock', 'src/service/a.ts', 'Date.now();', 1],
    ['a new date of now', 'src/service/a.ts', 'new Date();', 1],
    ['a date that is given', 'src/service/a.ts', 'new Date(0).toISOString();', 0],
    ['a timer', 'src/service/a.ts', 'setTimeout(() => {}, 1);', 1],
    ['chance', 'src/service/a.ts', 'Math.random();', 1],
    ['the process', 'src/service/a.ts', 'const { env } = process;', 1],
    ['by way of globalThis', 'src/service/a.ts', 'globalThis.fetch("x");', 1],
    ['handed on', 'src/service/a.ts', 'run({ fetch });', 1],
    ['handed in', 'src/service/a.ts', 'function run({ fetch, process }: P) { fetch(process.x); }', 0],
    ['declared in another function', 'src/service/a.ts', 'function a(fetch: F) {} function b() { fetch(); }', 1],
    ['a name of something else', 'src/service/a.ts', 'x.process.performance();', 0],
    ['an edge', 'src/util/clock.ts', 'Date.now();', 0],
    ['the client', 'client/src/a.ts', 'setTimeout(() => {}, 1);', 1],
  ];
  test.each(cases)('%s', (_name, path, text, count) => {
    expect(found(checkWorld, { [path]: text })).toHaveLength(count);
  });
});

describe('budgets', () => {
  const of = (size: number) => `function f() {\n${'x();\n'.repeat(size - 2)}}`;
  const methods = (count: number) => Array.from({ length: count }, (_, i) => `m${i}() {}`).join(' ');
  const fields = (count: number) => Array.from({ length: count }, (_, i) => `readonly #f${i}: number;`).join(' ');
  const cases: readonly (readonly [string, string, string, readonly string[]])[] = [
    ['a file of 250', 'src/a.ts', lines(250), []],
    ['a file of 251', 'src/a.ts', lines(251), ['warning src/a.ts:0 lines: 251, budget 250']],
    ['a file of 401', 'src/a.ts', lines(401), ['error src/a.ts:0 lines: 401, budget 400']],
    ['a function of 40', 'src/a.ts', of(40), []],
    ['a function of 41', 'src/a.ts', of(41), ['warning src/a.ts:1 lines of f: 41, budget 40']],
    ['a function of 81', 'src/a.ts', of(81), ['error src/a.ts:1 lines of f: 81, budget 80']],
    ['a long function in a test', 'src/a.test.ts', of(81), []],
    [
      'four parameters',
      'src/a.ts',
      'const f = (a, b, c, d) => a;',
      ['warning src/a.ts:1 parameters of f: 4, budget 3'],
    ],
    [
      'five parameters',
      'src/a.ts',
      'class A { m(a, b, c, d, e) {} }',
      ['error src/a.ts:1 parameters of m: 5, budget 4'],
    ],
    ['12 methods', 'src/a.ts', `class A { ${methods(12)} #p() {} private q() {} }`, []],
    ['13 methods', 'src/a.ts', `class A { ${methods(13)} }`, ['error src/a.ts:1 public methods of A: 13, budget 12']],
    ['8 fields', 'src/a.ts', `class A { ${fields(8)} #own = 1; static s: number; }`, []],
    ['9 fields', 'src/a.ts', `class A { ${fields(9)} }`, ['error src/a.ts:1 constructor fields of A: 9, budget 8']],
    ['any', 'src/a.ts', 'let a: any;', ['error src/a.ts:1 any: budget 0']],
    ['any in a test', 'src/a.test.ts', 'let a = b as any;', ['error src/a.test.ts:1 any: budget 0']],
    ['instructions of 61', 'AGENTS.md', lines(61), ['error AGENTS.md:0 lines: 61, budget 60']],
  ];
  test.each(cases)('%s', (_name, path, text, findings) => {
    expect(found(checkBudgets, { [path]: text })).toEqual(findings);
  });
});

describe('words', () => {
  const cases: readonly (readonly [string, string, string, number])[] = [
    ['a good name', 'src/state/heads.ts', 'export const dataKey = 1;', 0],
    ['a word that says nothing', 'src/state/heads.ts', 'export const data = 1;', 1],
    ['to nobody else', 'src/state/heads.ts', 'function f(data: X) { const info = data; }', 0],
    ['as a part', 'src/state/heads.ts', 'class SealManager {}', 1],
    ['as a part of a parameter', 'src/state/heads.ts', 'function f(urlHelper: X) {}', 1],
    ['in a field', 'src/state/heads.ts', 'interface X { key: string }', 1],
    ['a key where keys are keys', 'src/crypto/chain.ts', 'interface X { key: string }', 0],
    ['in a file name', 'src/state/helpers.ts', '', 1],
    ['in a folder name', 'src/core/heads.ts', '', 1],
    ['the folder util', 'src/util/clock.ts', '', 0],
    ['a number of a tracker', 'docs/a.md', 'see issue #12', 1],
    ['a place of a machine', 'docs/a.md', 'lies in /work/main', 1],
    ['a later', 'src/state/heads.ts', '// TODO', 1],
  ];
  test.each(cases)('%s', (_name, path, text, count) => {
    expect(found(checkWords, { [path]: text })).toHaveLength(count);
  });
});

describe('links', () => {
  const there = { 'docs/b.md': '# One Thing\n', 'src/domain/path.ts': '' };
  const cases: readonly (readonly [string, string, number])[] = [
    ['a file', '[b](b.md) and [code](../src/domain/path.ts)', 0],
    ['a folder', '[domain](../src/domain/)', 0],
    ['a heading', '[b](b.md#one-thing)', 0],
    ['another place', '[x](https://example.com/gone)', 0],
    ['a file that is gone', '[c](c.md)', 1],
    ['a heading that is gone', '[b](b.md#two)', 1],
    ['an example', '```\n[c](c.md)\n```', 0],
  ];
  test.each(cases)('%s', (_name, text, count) => {
    expect(found(checkLinks, { ...there, 'docs/a.md': text })).toHaveLength(count);
  });
});

describe('commands', () => {
  const table = [
    { name: 'get', brief: '' },
    { name: 'sync', brief: '', commands: [{ name: 'plan', brief: '' }] },
  ];
  const flags = async () => new Set(['--reveal', '-e']);
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['one that exists', '$ ./plumb get a/b -e x --reveal', []],
    ['of a group', '$ ./plumb sync plan laptop', []],
    ['the group itself', 'with `plumb sync`', []],
    ['behind another', '$ ./plumb get a; ./plumb gone', ['plumb gone: there is no such command']],
    ['in prose', 'use `plumb sync gone` for it', ['plumb sync gone: there is no such command']],
    ['a flag that is gone', '$ plumb get a --gone=1', ['plumb get has no flag --gone=1']],
    ['flags of another program', '$ plumb get a -- ls --color', []],
  ];
  test.each(cases)('%s', async (_name, text, messages) => {
    const findings = await checkCommands(tree({ 'docs/a.md': text }), table, flags);
    expect(findings.map(({ message }) => message)).toEqual(messages);
  });
});

describe('programs of others, with the configuration of this repository', () => {
  const root = resolve(import.meta.dirname, '..');
  let bad = '';
  beforeAll(() => {
    bad = mkdtempSync(join(tmpdir(), 'plumb-checks-'));
    for (const name of ['tsconfig.json', 'biome.json', '.oxlintrc.json', 'knip.json', 'package.json']) {
      cpSync(join(root, name), join(bad, name));
    }
    symlinkSync(join(root, 'node_modules'), join(bad, 'node_modules'));
    mkdirSync(join(bad, 'tools'));
    symlinkSync(join(root, 'tools/node_modules'), join(bad, 'tools/node_modules'));
    const taken = ['src/domain', 'src/util', 'src/service', 'src/protocol', 'src/server/options.ts', 'proto'];
    for (const name of [...taken, 'tools/generate-api.ts', 'tools/reference.ts']) {
      cpSync(join(root, name), join(bad, name), { recursive: true });
    }
    const files: Readonly<Record<string, string>> = {
      'client/src/types.ts': '// of another day\n',
      'src/main.ts': "import { used } from './used.ts';\n\nvoid used(1);\n",
      'src/used.ts': [
        'export const wrong: number = "text";',
        'export async function used(count: number) {   return count; }',
        'export function careless(text: string): unknown { used(1); return JSON.parse(text).field; }',
      ].join('\n'),
      'src/forgotten.ts': 'export const nobody = 1;\n',
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(bad, path)), { recursive: true });
      writeFileSync(join(bad, path), text);
    }
  });
  afterAll(() => rmSync(bad, { recursive: true }));

  const run = (name: string): Promise<Report> | undefined => checks[name]?.(bad, () => []);
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['types', ["Type 'string' is not assignable to type 'number'"]],
    ['lint', ['no-floating-promises', 'no-unsafe-member-access']],
    ['format', ['src/used.ts']],
    ['unused', ['src/forgotten.ts', 'careless']],
    ['generated', ['client/src/types.ts is not current']],
  ];
  test.each(cases)('%s', async (name, expected) => {
    const report = await run(name);
    expect(report?.ok).toBe(false);
    const text = report?.lines.join('\n');
    for (const part of expected) expect(text).toContain(part);
  });
});
