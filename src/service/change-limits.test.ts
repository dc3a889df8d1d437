import { describe, expect, test } from 'vitest';
import type { ChangeRequest, ChangeRequestOp } from './services.ts';
import { changeLimits } from '#domain/change';
import { refusal, usePlumb } from '#testing/use-plumb';

const plumb = usePlumb();

const put = (path: string, value: string, more: object = {}): ChangeRequestOp => ({ op: 'put', path, value, ...more });
const end = (path: string, more: object = {}): ChangeRequestOp => ({ op: 'delete', path, ...more });

function apply(ops: readonly ChangeRequestOp[], more: Omit<ChangeRequest, 'ops'> = {}) {
  return plumb().services.changes.apply(plumb().root, { ops, ...more });
}

describe('limits', () => {
  const long = 'x'.repeat(changeLimits.value);
  const many = (count: number) => Array.from({ length: count }, (_, i) => put(`a/b/K${i}`, ''));
  test.each<[string, () => readonly ChangeRequestOp[], string]>([
    ['no op', () => [], 'invalid: a change has at least one operation'],
    ['10,000 ops', () => many(10_000), 'nothing was refused'],
    ['10,001 ops', () => many(10_001), 'too-large: a change has at most 10000 operations, this one has 10001'],
    ['a value of 1 MiB', () => [put('a/b/X', long)], 'nothing was refused'],
    [
      'a value over 1 MiB',
      () => [put('a/b/X', `${long}x`)],
      'too-large: a value has at most 1048576 bytes, this one has 1048577',
    ],
    [
      'a value over 1 MiB in UTF-8',
      () => [put('a/b/X', 'é'.repeat(600_000))],
      'too-large: a value has at most 1048576 bytes, this one has 1200000',
    ],
    ['16 MiB', () => Array.from({ length: 16 }, (_, i) => put(`a/b/K${i}`, long)), 'nothing was refused'],
    [
      'over 16 MiB',
      () => [...Array.from({ length: 16 }, (_, i) => put(`a/b/K${i}`, long)), put('a/b/L', 'x')],
      'too-large: the values of a change have at most 16777216 bytes together',
    ],
    [
      'a path twice',
      () => [put('a/b/X', '1'), end('a/b/X')],
      'invalid: a/b/X stands twice in the change, expected once',
    ],
    ['a bad path', () => [put('a//X', '1')], 'invalid: a path has no empty segment'],
    ['a reserved path', () => [put('sys/X', '1')], 'invalid: the first segment sys is reserved and holds no entries'],
    [
      '32 tags',
      () => [put('a/b/X', '', { tags: Array.from({ length: 32 }, (_, i) => `t${i}`) })],
      'nothing was refused',
    ],
    [
      '33 tags',
      () => [put('a/b/X', '', { tags: Array.from({ length: 33 }, (_, i) => `t${i}`) })],
      'too-large: an entry has at most 32 tags',
    ],
    ['a bad tag', () => [put('a/b/X', '', { tags: ['a b'] })], 'invalid: a tag is 1 to 64 of A-Z a-z 0-9 . _ : / @ -'],
    [
      'a long owner',
      () => [put('a/b/X', '', { owner: 'x'.repeat(201) })],
      'too-large: an owner has at most 200 characters',
    ],
    [
      'a negative expectation',
      () => [put('a/b/X', '', { expect: -1 })],
      'invalid: an expected version is a whole number, 0 for none',
    ],
    [
      'a describe of nothing',
      () => [{ op: 'describe', path: 'a/b/X' }],
      'invalid: nothing to describe: expected an owner, a description, tags or an expiry',
    ],
    [
      'a bytes expression',
      () => [put('a/b/X', '', { type: 'bytes', form: 'expression' })],
      'invalid: a value of type bytes is always literal',
    ],
    [
      'a value that is no base64',
      () => [put('a/b/X', '@', { type: 'bytes' })],
      'invalid: the value is not of type bytes: expected base64 with padding',
    ],
  ])('%s', async (_name, ops, expected) => {
    expect(await refusal(apply(ops()))).toBe(expected);
  });

  test.each([
    [1000, 'nothing was refused'],
    [1001, 'too-large: a reason has at most 1000 characters'],
  ])('a reason of %i characters', async (length, expected) => {
    expect(await refusal(apply([put('a/b/X', '')], { reason: 'x'.repeat(length) }))).toBe(expected);
  });

  test('every mistake is told at once, with its path', async () => {
    const ops = [
      put('a/b/X', 'no', { type: 'integer' }),
      put('a/b/Y', 'fine'),
      put('a/b/Z', 'no', { type: 'boolean' }),
    ];
    await expect(apply(ops)).rejects.toMatchObject({
      code: 'invalid',
      message: '2 operations of the change cannot be carried out',
      diagnostics: [{ subject: 'a/b/X' }, { subject: 'a/b/Z' }],
    });
  });
});
