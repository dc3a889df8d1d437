import { describe, expect, test } from 'vitest';
import type { ManagedFields } from './cluster.ts';
import { managerOf, Ownership } from './ownership.ts';
import { combined } from './write-failures.ts';
import { PlumbError } from '#domain/errors';
import type { ErrorCode } from '#domain/errors';

const at = (minute: number): string => `2026-11-22T14:0${minute}:00Z`;

/** Somebody who holds these keys. */
const entry = (manager: string, minute: number, ...keys: readonly string[]): ManagedFields => ({
  manager,
  operation: 'Update',
  time: at(minute),
  fieldsV1: { 'f:data': Object.fromEntries([['.', {}], ...keys.map((key) => [`f:${key}`, {}] as const)]) },
});
const us = managerOf('app');
const ownership = (...fields: readonly ManagedFields[]): Ownership => new Ownership(fields, us);

describe('the writer of a name', () => {
  test('is nobody where it is us, or where nobody is known', () => {
    const owners = ownership(entry(us, 1, 'A'), entry('helm', 2, 'B'));
    expect([owners.writerOf('data', 'A'), owners.writerOf('data', 'C')]).toEqual([undefined, undefined]);
  });

  test('is the last of those who hold it', () => {
    const owners = ownership(entry('helm', 3, 'A'), entry('kubectl-edit', 5, 'A'), entry('x', 4, 'A', 'B'));
    expect(owners.writerOf('data', 'A')).toEqual({ name: 'kubectl-edit', at: Date.parse(at(5)) });
  });

  test('is not somebody who agrees with us, unless it is another sync', () => {
    const owners = ownership(entry(us, 1, 'A', 'B'), entry('plumb/other', 2, 'A'), entry('helm', 5, 'A', 'B'));
    expect(owners.writerOf('data', 'B')).toBeUndefined();
    expect(owners.writerOf('data', 'A')).toEqual({ name: 'plumb/other', at: Date.parse(at(2)), sync: 'other' });
  });

  test('is told by the part of the object that the name stands in', () => {
    expect(ownership(entry('helm', 1, 'A')).writerOf('binaryData', 'A')).toBeUndefined();
  });

  test('may be one without a name or a time', () => {
    const { fieldsV1 = {} } = entry('', 1, 'A');
    expect(ownership({ fieldsV1 }).writerOf('data', 'A')).toEqual({ name: 'an unknown manager' });
  });
});

test('an object is only ours if nobody else has a part in it', () => {
  expect([
    ownership(entry(us, 1, 'A')).isSole,
    ownership(entry(us, 1, 'A'), entry('helm', 1)).isSole,
    ownership(entry(us, 1, 'A'), { ...entry('kubelet', 1), subresource: 'status' }).isSole,
    ownership().isSole,
  ]).toEqual([true, false, true, false]);
});

test('what only we hold goes when we leave it out', () => {
  const owners = ownership(entry(us, 1, 'A', 'B'), entry('helm', 2, 'B'));
  expect(['A', 'B', 'C'].map((key) => owners.holdsAlone('data', key))).toEqual([true, false, false]);
});

describe('several failures', () => {
  const failed = (...codes: readonly ErrorCode[]): unknown =>
    combined(
      codes.map((code, index) => ({ group: `n/Secret/${index}`, error: new PlumbError(code, `${code} happened`) })),
      5,
    );

  test.each<[readonly ErrorCode[], ErrorCode]>([
    [['mismatch', 'mismatch'], 'mismatch'],
    [['mismatch', 'unavailable'], 'unavailable'],
    [['unavailable', 'forbidden', 'invalid'], 'forbidden'],
    [['mismatch', 'conflict'], 'conflict'],
  ])('%s are %s', (codes, code) => {
    expect(failed(...codes)).toMatchObject({
      code,
      message: `${codes.length} of 5 objects could not be written`,
      diagnostics: codes.map((one, index) => ({ subject: `n/Secret/${index}`, message: `${one} happened` })),
    });
  });

  test('of one object are its own', () => {
    expect(failed('invalid')).toMatchObject({ code: 'invalid', message: 'invalid happened' });
  });

  test('that nobody expected say nothing of themselves', () => {
    const both = [new Error('value'), new Error('value')].map((error) => ({ group: 'g', error }));
    expect(JSON.stringify(combined(both, 2))).not.toContain('value');
  });
});
