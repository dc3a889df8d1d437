import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readYaml } from '#format/yaml';
import { FakeTerminal } from '#testing/terminal';
import { yamlDocuments, yamlText } from './yaml-text.ts';

describe('JSON as YAML', () => {
  test('is what people would write', () => {
    const content = {
      path: 'a/b/HOST',
      version: 2,
      secret: false,
      none: null,
      left: undefined,
      tags: ['web', 'db'],
      origin: [{ path: 'a/b', nested: { list: [] } }, []],
      empty: {},
    };
    expect(yamlText(content)).toBe(`path: a/b/HOST
version: 2
secret: false
none: null
tags:
- web
- db
origin:
- path: a/b
  nested:
    list: []
- []
empty: {}
`);
  });

  test.each([
    'yes',
    'No',
    'on',
    'y',
    'null',
    '~',
    '0123',
    '1e3',
    '0x1f',
    '1_000',
    '12:30',
    '2026-01-01',
    '.5',
    '=',
    '',
    ' a',
    'a ',
    'a: b',
    'a #b',
    '- a',
    '*a',
    '&a',
    '!a',
    '"a"',
    'a\nb',
    '\u202ea',
    '@a',
    '`a',
  ])('the text %j stands in quotes', (text) => {
    expect(yamlText({ text })).toMatch(/^text: ".*"\n$/);
    expect(yamlText({ text })).not.toContain('\u202e');
  });

  test('reads as the same', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (content) => {
        const plain: unknown = JSON.parse(JSON.stringify(content));
        // A YAML reader has no minus zero of JSON, and refuses the name of a prototype.
        fc.pre(!JSON.stringify(plain).includes('__proto__'));
        expect(readYaml(yamlText(plain), 'x')).toEqual(plain);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test('of a stream begins with a line of its own', () => {
    expect(yamlDocuments.next({ a: 1 }) + yamlDocuments.next(['x'])).toBe('---\na: 1\n---\n- x\n');
  });
});

describe('--format', () => {
  const answers = { 'GET /api/v1/whoami': { principal: 'person/ada', policies: ['admin'], accessor: 'yes' } };
  const run = (...argv: string[]) =>
    new FakeTerminal({ env: { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 't' }, answers }).run('whoami', ...argv);

  test('yaml', async () => {
    expect((await run('--format', 'yaml')).stdout).toBe('principal: person/ada\npolicies:\n- admin\naccessor: "yes"\n');
  });

  test('json is --json, table is what people get', async () => {
    expect(await run('--format', 'json')).toEqual(await run('--json'));
    expect(await run('--format', 'table')).toEqual(await run());
    expect(await run('--format', 'json', '--json')).toEqual(await run('--json'));
  });

  test.each(['yaml', 'table'])('%s excludes --json', async (format) => {
    expect(await run('--json', '--format', format)).toEqual({
      code: 2,
      stdout: '',
      stderr: `error: --json and --format ${format} exclude each other\n`,
    });
  });
});
