/** What a terminal would obey is never sent to one, in whatever form a value is printed. */
import { expect, test } from 'vitest';
import { FakeTerminal } from '#testing/terminal';

/** CSI in one character, the title of the window, from right to left, a line separator, a tag that nobody sees. */
const obeyed = 'a\u009b31mb\u001b]0;t\u0007\u202ec\u2028\u{e0041}';
const entry = {
  path: 'a/b/NAME',
  kind: 'config',
  type: 'string',
  form: 'literal',
  version: 1,
  incarnation: 1,
  revision: 1,
  time: 1,
  author: 'person/ada',
  reason: obeyed,
  value: obeyed,
  secret: false,
  origin: [],
  etag: '1.1',
};
const answers = {
  'GET /api/v1/values': { folder: 'a/b', revision: 1, entries: [entry] },
  'GET /api/v1/entries': { folder: 'a/b', folders: [], entries: [entry] },
  'GET /api/v1/entries/a/b/NAME': entry,
};
const env = { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 'plumb.aaaaaaaa.b' };
const run = (terminal: boolean, line: string) => new FakeTerminal({ env, answers, terminal }).run(...line.split(' '));
const hidden = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

test.each([
  'get a/b/NAME',
  'get a/b/NAME --json',
  'get a/b/NAME --format yaml',
  'list a/b --json',
  'export a/b',
  'export a/b --format json',
  'export a/b --format yaml',
  'export a/b --format toml',
  'export a/b --format shell',
])('%s', async (line) => {
  const { code, stdout } = await run(true, line);
  expect([code, hidden.exec(stdout)?.[0]]).toEqual([0, undefined]);
  expect(stdout).toMatch(/a\\/);
});

test('JSON for a terminal says the same as JSON for a program', async () => {
  const [shown, piped] = [await run(true, 'get a/b/NAME --json'), await run(false, 'get a/b/NAME --json')];
  expect(JSON.parse(shown.stdout)).toEqual(JSON.parse(piped.stdout));
  expect(JSON.parse(shown.stdout)).toMatchObject({ value: obeyed, reason: obeyed });
  expect(piped.stdout).toContain('\u009b');
});

test('a program reads what an export has, to the byte', async () => {
  expect((await run(false, 'export a/b')).stdout).toContain('\u009b31mb');
});
