import { expect, test } from 'vitest';
import { entryText } from './entry-text.ts';
import type { EvaluatedEntry } from '#service/services';

const plain: EvaluatedEntry = {
  path: 'changelog/production/DB_PASS',
  kind: 'secret',
  type: 'string',
  form: 'literal',
  version: 3,
  incarnation: 1,
  revision: 40,
  time: 1_767_225_600_000,
  author: 'person/ann',
  reason: 'said "so"',
  value: 'line 1\nline 2 \\ "quoted" \u00e9',
  secret: true,
  origin: [{ path: 'changelog/production/DB_PASS', version: 3, revision: 40 }],
  etag: '1.3',
};

const entries: readonly (readonly [string, EvaluatedEntry])[] = [
  ['an ordinary entry', plain],
  ['another author', { ...plain, author: 'person/bob' }],
  ['another reason', { ...plain, reason: '' }],
  ['a path beyond ASCII', { ...plain, path: 'a/b/\u00fc', origin: [{ path: 'a/b/\u00fc', version: 3, revision: 40 }] }],
  ['a described one', { ...plain, owner: 'team/a', description: 'what it is', tags: ['a'], expires: 1 }],
  ['an inherited one', { ...plain, inheritedFrom: 'a/b', origin: [{ path: 'a/b', version: 1, revision: 2 }] }],
  ['one made of others', { ...plain, origin: [...plain.origin, { path: 'a/b', version: 1, revision: 2 }] }],
];

for (const [name, entry] of entries) {
  test(`${name} is written as JSON.stringify writes it`, () => {
    expect(JSON.parse(entryText(entry))).toEqual(entry);
    const { inheritedFrom, owner, description, tags, expires, value, secret, origin, etag, ...summary } = entry;
    const described = { inheritedFrom, owner, description, tags, expires };
    expect(entryText({ ...summary, ...described, value, secret, origin, etag } as EvaluatedEntry)).toBe(
      JSON.stringify({ ...summary, ...described, value, secret, origin, etag }),
    );
  });
}
