import { Buffer } from 'node:buffer';
import { beforeAll, describe, expect, test } from 'vitest';
import { attacked, canary } from './attempts.ts';

const { server, send, refusal, refusedInVain, snapshot } = attacked();
const mebi = 1024 * 1024;

beforeAll(async () => {
  await server().client.changes.apply({ ops: [{ op: 'put', path: 'a/b/A', value: 'v' }] });
});

describe('a body', () => {
  const broken = (message: string): string => `400 invalid: the body is not acceptable JSON; ${message}`;
  const shape = (message: string): string => `400 invalid: the body is not what this resource takes; ${message}`;
  const nested = (levels: number): string => `{"value":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
  test.each<[string, string | Uint8Array, string]>([
    ['empty', '', broken('the JSON text ends too early')],
    ['cut off', `{"value":"${canary}`, broken('the JSON text ends too early')],
    ['with a comma too many', `{"value":"${canary}",}`, broken('this is not JSON')],
    ['two of them', `{"value":"${canary}"}{"value":"y"}`, broken('this is not JSON')],
    ['in single quotes', `{'value':'${canary}'}`, broken('this is not JSON')],
    ['with a byte order mark', `\ufeff{"value":"${canary}"}`, '400 invalid: the body is not acceptable JSON'],
    ['with a name twice', `{"value":"${canary}","value":"b"}`, broken('a name is given twice in one object')],
    [
      'with a name twice, once escaped',
      `{"value":"a","\\u0076alue":"b"}`,
      broken('a name is given twice in one object'),
    ],
    ['with __proto__', `{"__proto__":{"value":"${canary}"}}`, broken('__proto__ cannot be a name')],
    ['with __proto__, escaped', `{"\\u005f_proto__":{"value":"x"}}`, broken('__proto__ cannot be a name')],
    ['with constructor', '{"value":"x","constructor":{}}', broken('constructor cannot be a name')],
    ['nested 32 levels', nested(32), shape('expected string')],
    ['nested 33 levels', nested(33), broken('nested deeper than 32 levels')],
    ['nested 100,000 levels', '['.repeat(100_000), broken('nested deeper than 32 levels')],
    ['no UTF-8', Buffer.from('{"value":"\xff"}', 'latin1'), '400 invalid: the body is not valid UTF-8'],
    ['overlong UTF-8', Buffer.from('{"value":"\xc0\xaf"}', 'latin1'), '400 invalid: the body is not valid UTF-8'],
    ['with half a character', '{"value":"\\ud800"}', '400 invalid: a string of the body has an unpaired surrogate'],
    ['null', 'null', shape('expected object')],
    ['a list', '[]', shape('expected object')],
    ['a text', `"${canary}"`, shape('expected object')],
    ['with a number as value', '{"value":1}', shape('expected string')],
    ['with a name that is not known', `{"value":"x","${canary.slice(0, 2)}":1}`, shape('there is no such name here')],
    ['with a kind that is not known', `{"value":"x","kind":"${canary}"}`, shape('expected one of secret, config')],
    ['with an endless number', '{"value":"x","expires":1e400}', shape('expected integer or null')],
  ])('that is %s', async (_name, raw, expected) => {
    expect(await refusedInVain({ method: 'PUT', url: '/entries/a/b/A', raw })).toContain(expected);
  });

  test.each([
    ['text/plain', '415 unsupported: the body must be of type application/json'],
    ['application/x-www-form-urlencoded', '415 unsupported: the body must be of type application/json'],
    ['multipart/form-data; boundary=x', '415 unsupported: the body must be of type application/json'],
    ['application/jsonp', '415 unsupported: the body must be of type application/json'],
  ])('of type %s', async (type, expected) => {
    const attempt = { method: 'PUT', url: '/entries/a/b/A', raw: '{"value":"x"}', headers: { 'content-type': type } };
    expect(await refusedInVain(attempt)).toBe(expected);
  });

  test('pollutes no object of the server', async () => {
    await send({ method: 'PUT', url: '/entries/a/b/__proto__', body: { value: 'x', owner: 'o' } });
    await send({ method: 'PUT', url: '/entries/a/b/constructor', body: { value: 'y' } });
    const { json } = await send({ url: '/values?folder=a/b' });
    const entries = json['entries'] as readonly { readonly path: string; readonly value: string }[];
    expect(entries.map(({ path, value }) => `${path}=${value}`)).toEqual([
      'a/b/A=v',
      'a/b/__proto__=x',
      'a/b/constructor=y',
    ]);
    expect(({} as Record<string, unknown>)['owner']).toBeUndefined();
  });
});

describe('a value', () => {
  const put = (value: string, rest: object = {}) =>
    ({ method: 'PUT', url: '/entries/a/v/V', body: { value, ...rest } }) as const;

  test.each([
    ['plain', 'x'],
    ['of quotes, escaped in JSON', '"'],
    ['of control characters, six bytes each in JSON', '\u0001'],
  ])('of 1 MiB, %s', async (_name, character) => {
    expect((await send(put(character.repeat(mebi)))).status).toBeLessThan(300);
    expect((await send({ url: '/entries/a/v/V' })).json['value']).toBe(character.repeat(mebi));
  });

  test.each([
    [
      '1 MiB and a byte',
      'x'.repeat(mebi + 1),
      '413 too-large: a value has at most 1048576 bytes, this one has 1048577',
    ],
    [
      'half a MiB and one of two-byte characters',
      'é'.repeat(mebi / 2 + 1),
      '413 too-large: a value has at most 1048576',
    ],
    ['10 MiB', 'x'.repeat(10 * mebi), '413 too-large: the body is larger than this resource takes'],
  ])('of %s', async (_name, value, expected) => {
    expect(await refusedInVain(put(value))).toContain(expected);
  });

  test.each([
    ['integer', canary],
    ['integer', '1.0'],
    ['integer', '0x10'],
    ['number', 'NaN'],
    ['number', '1e999'],
    ['boolean', 'TRUE'],
    ['url', `no url ${canary}`],
    ['json', `{"a":"${canary}"`],
    ['json', `{"a":"${canary}","a":1}`],
    ['json', '['.repeat(100_000)],
    ['pem', `-----BEGIN X-----\n${canary}`],
    ['bytes', `**${canary}**`],
  ])('that is not of type %s: %s', async (type, value) => {
    expect(await refusedInVain(put(value, { type }))).toContain(`400 invalid: the value is not of type ${type}: `);
  });

  test.each([
    ['reason', 'r'.repeat(1000), 'r'.repeat(1001), '413 too-large: a reason has at most 1000 characters'],
    ['owner', 'o'.repeat(200), 'o'.repeat(201), '413 too-large: an owner has at most 200 characters'],
    ['description', 'd'.repeat(4096), 'd'.repeat(4097), '413 too-large: a description has at most 4096 characters'],
    ['tags', tags(32), tags(33), '413 too-large: an entry has at most 32 tags'],
    ['tags', ['t'.repeat(64)], ['t'.repeat(65)], '400 invalid: a tag is 1 to 64 of A-Z a-z 0-9 . _ : / @ -'],
    ['tags', ['a:b/c@d._-'], ['a b'], '400 invalid: a tag is 1 to 64 of A-Z a-z 0-9 . _ : / @ -'],
    ['expires', 0, -1, '400 invalid: expires is a time in milliseconds since the epoch'],
  ])('with the %s at and above its limit', async (name, at, above, expected) => {
    expect((await send(put('x', { [name]: at }))).status).toBeLessThan(300);
    expect(await refusedInVain(put('x', { [name]: above }))).toContain(expected);
  });
});

function tags(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `t${i}`);
}

describe('a change', () => {
  const ops = (count: number, value = 'x') =>
    Array.from({ length: count }, (_, i) => ({ op: 'put', path: `a/many/K${i}`, value }));
  const change = (body: object) => ({ method: 'POST', url: '/changes', body });

  test('of 10,000 operations is one revision, of 10,001 none', async () => {
    const { revision } = server().running.services.system.health();
    expect((await send(change({ ops: ops(10_000) }))).json['revision']).toBe(revision + 1);
    expect(await refusedInVain(change({ ops: ops(10_001) }))).toBe(
      '413 too-large: a change has at most 10000 operations, this one has 10001',
    );
  });

  test('of 16 MiB of values is made, of one byte more is not', async () => {
    const full = ops(16, 'y'.repeat(mebi));
    expect(await refusal(change({ ops: full }))).toBe('200');
    expect(await refusedInVain(change({ ops: [...full, { op: 'put', path: 'a/b/Z', value: 'z' }] }))).toBe(
      '413 too-large: the values of a change have at most 16777216 bytes together',
    );
  });

  test.each<[string, object, string]>([
    ['without operations', { ops: [] }, 'expected at least 1'],
    ['of an operation that is not known', { ops: [{ op: 'purge', path: 'a/b/A' }] }, 'expected one of put'],
    ['of a path twice', { ops: [...ops(1), { op: 'delete', path: 'a/many/K0' }] }, 'stands twice in the change'],
    ['that expects less than nothing', { ops: [{ ...ops(1)[0], expect: -1 }] }, 'expected at least 0'],
    ['that destroys version 0', { ops: [{ op: 'destroy', path: 'a/b/A', versions: [0] }] }, 'expected at least 1'],
    ['that destroys nothing', { ops: [{ op: 'destroy', path: 'a/b/A', versions: [] }] }, 'expected at least 1'],
    ['that destroys what is not there', { ops: [{ op: 'destroy', path: 'a/b/A', versions: [1, 9] }] }, 'at version 9'],
    ['that unsets nothing', { ops: [{ op: 'unset', path: 'a/b/NOT' }] }, 'nothing is at a/b/NOT'],
    ['that deletes nothing', { ops: [{ op: 'delete', path: 'a/b/NOT' }] }, 'nothing of its own is at a/b/NOT'],
    [
      'whose last operation is wrong',
      { ops: [...ops(3, canary), { op: 'put', path: 'sys/x', value: canary }] },
      'reserved',
    ],
    [
      'whose last expectation fails',
      { ops: [...ops(3), { op: 'put', path: 'a/b/A', value: 'x', expect: 7 }] },
      'mismatch',
    ],
  ])('%s', async (_name, body, expected) => {
    expect(await refusedInVain(change(body))).toContain(expected);
  });

  test('tried first is refused alike, and changes nothing when it is not', async () => {
    const before = await snapshot();
    expect(await refusal(change({ dryRun: true, ops: ops(3) }))).toBe('200');
    expect(await snapshot()).toBe(before);
    expect(
      await refusedInVain(change({ dryRun: true, ops: [{ op: 'put', path: 'a/../b', value: canary }] })),
    ).toContain('400 invalid: a segment must not be . or ..');
  });
});

describe('a policy', () => {
  const put = (text: string) => ({ method: 'PUT', url: '/policies/big', body: { text } }) as const;
  const rules = (count: number): string => 'allow read on a\n'.repeat(count);

  test.each([
    ['rules', rules(1000), rules(1001), 'a policy has at most 1000 rules, this one has 1001'],
    ['rules, ten times', rules(1000), rules(4000), 'a policy has at most 1000 rules, this one has 4000'],
    ['characters', `#${'x'.repeat(65_535)}`, `#${'x'.repeat(65_536)}`, 'a policy has at most 65536 characters'],
    ['bytes of a pattern', `allow read on ${'x'.repeat(1024)}`, `allow read on ${'x'.repeat(1025)}`, '1024 bytes'],
  ])('at and above its limit of %s', async (_name, at, above, expected) => {
    expect(await refusal(put(at))).toBe('200');
    expect(await refusedInVain(put(above))).toContain(expected);
  });

  test.each([
    ['permit read on a', 'expected allow or deny'],
    ['allow reed on a', 'there is no such action'],
    ['allow read on a/../b', 'a segment must not be . or ..'],
    ['allow read on a/**/b', '** stands only at the end of a pattern'],
    ['allow read on a*', '* stands for a whole segment'],
    ['allow read on a if kind = public', 'expected secret or config'],
    ['allow read on a if address in 10.0.0.1/8', 'expected an IPv4 or IPv6 address'],
    ['allow read on a if time in 08:00-08:00 UTC', 'expected two different times'],
    ['allow read on a if kind = secret or tag = x', 'expected and'],
    ['allow read on a\u2028allow * on **', 'expected if'],
    [`deny read on "a" b`, 'expected if'],
  ])('%j', async (text, expected) => {
    expect(await refusedInVain(put(`# first\n${text}\n`))).toContain(expected);
  });

  test.each(['admin'])('%s stays as it is', async (name) => {
    const attempt = { method: 'PUT', url: `/policies/${name}`, body: { text: 'deny * on **' } };
    expect(await refusedInVain(attempt)).toBe('409 conflict: the policy admin is built in and stays as it is');
    expect(await refusedInVain({ method: 'DELETE', url: `/policies/${name}` })).toContain('409 conflict');
  });
});

describe('a name', () => {
  test.each([
    ['/projects/__proto__', 'a project or environment is named'],
    ['/projects/sys', 'a project or environment is named'],
    [`/projects/${'p'.repeat(64)}`, 'a project or environment is named'],
    ['/projects/P', 'a project or environment is named'],
    ['/policies/..', 'a policy is named'],
    ['/policies/__proto__', 'a policy is named'],
    ['/principals/person/__proto__', 'a principal is named'],
    ['/principals/root/x', 'a principal is named'],
    ['/principals/constructor/x', 'a principal is named'],
    ['/environments/x/y', 'the project x is not declared'],
  ])('%s', async (url, expected) => {
    const body = url.startsWith('/policies') ? { text: '' } : {};
    expect(await refusedInVain({ method: 'PUT', url, body })).toContain(expected);
  });
});
