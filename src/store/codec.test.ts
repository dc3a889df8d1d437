import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Change } from '#domain/change';
import { changeLimits } from '#domain/change';
import type { PrincipalName } from '#domain/principal';
import { put } from '#testing/toy-fold';
import { decodeBody, decodeHead, encodeChange, encodePages, encodeRecord, recordLimit } from './codec.ts';
import type { LogOp } from './fold.ts';

const head = { stream: 'truth', seq: 12, macGeneration: 2, checkpoint: 3, revision: 40 } as const;
const change = (ops: readonly LogOp[], reason = 'why'): Change<LogOp> => ({
  revision: 40,
  author: 'person/ann' as PrincipalName,
  reason,
  requestId: 'r1',
  accessor: 'acc',
  time: 1_767_225_600_000,
  ops,
});
const record = (key: 'changes' | 'pages', body: string) => encodeRecord(head, key, body);
const rawRecord = (text: string) => Buffer.concat([Buffer.from(text), Buffer.alloc(32)]);
const changes = (ops: unknown, more = '') =>
  rawRecord(
    `{"v":1,"stream":"truth","seq":1,"mk":1,"cp":0,"rev":1,"changes":[{"revision":1,"author":"a","reason":"","requestId":"","accessor":"","time":1,"ops":${JSON.stringify(ops)}${more}}]}`,
  );

describe('records', () => {
  test('of changes come back as they were, but for the bytes of values', () => {
    const value = { id: 'v-1', bytes: Buffer.from('sealed'), digest: 'd' };
    const given = change([{ op: 'put', value }, { op: 'end' }]);
    const { text, blobs } = encodeChange('truth', given);
    expect(text).not.toContain('sealed');
    expect(blobs).toEqual([{ id: 'v-1', bytes: value.bytes }]);
    const expected = { ...given, ops: [{ op: 'put', value: { ...value, bytes: new Uint8Array(0) } }, { op: 'end' }] };
    expect(decodeBody(record('changes', `[${text}]`))).toEqual({ changes: [expected] });
    expect(decodeHead(record('changes', `[${text}]`))).toEqual(head);
  });

  test('come back whatever text is in them', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(
      fc.property(text, fc.dictionary(text, text), (reason, names) => {
        const given = change([{ op: 'record', names } as LogOp], reason);
        expect(decodeBody(record('changes', `[${encodeChange('truth', given).text}]`))).toEqual({ changes: [given] });
      }),
      { seed: 1 },
    );
  });

  test('of pages come back as they were', () => {
    const pages = [{ name: 'heads/0', seq: 12, digest: 'd' }];
    expect(decodeBody(record('pages', encodePages('truth', pages).text))).toEqual({ pages });
    const many = Array.from({ length: 20_000 }, (_, seq) => ({ name: `heads/${seq}`, seq, digest: 'd'.repeat(43) }));
    const { text, blobs } = encodePages('truth', many);
    expect([text.length < 200, blobs.length]).toEqual([true, 1]);
  });

  test.each([
    [recordLimit - 300, 0],
    [recordLimit, 1],
  ])('a change of %i bytes is spilled into %i blobs', (bytes, spilled) => {
    const { text, blobs } = encodeChange('truth', change([{ op: 'x'.repeat(bytes) }]));
    expect(text.length <= recordLimit).toBe(true);
    expect(blobs).toHaveLength(spilled);
  });

  test('the largest change fits', () => {
    const ops = Array.from({ length: changeLimits.ops }, (_, index) => put(`${index}`.padStart(1024, 'p'), ''));
    const { text, blobs } = encodeChange('truth', change(ops));
    expect(text.length).toBeLessThan(400);
    expect(blobs).toHaveLength(changeLimits.ops + 1);
  });
});

describe('what is not a record of ours is refused', () => {
  test.each([
    ['nothing', new Uint8Array(0), 'corrupt'],
    ['only a MAC', new Uint8Array(32), 'corrupt'],
    ['not JSON', rawRecord('hello'), 'corrupt'],
    ['another stream', rawRecord('{"v":1,"stream":"else","seq":1,"mk":1,"cp":0,"rev":1,"changes":[]}'), 'corrupt'],
    ['a negative seq', rawRecord('{"v":1,"stream":"truth","seq":-1,"mk":1,"cp":0,"rev":1,"changes":[]}'), 'corrupt'],
    [
      'fields in another order',
      rawRecord('{"stream":"truth","v":1,"seq":1,"mk":1,"cp":0,"rev":1,"changes":[]}'),
      'corrupt',
    ],
    ['a newer format', rawRecord('{"v":2,"anything":1}'), 'unsupported'],
  ])('%s', (_, bytes, code) => {
    expect(() => decodeHead(bytes)).toThrow(expect.objectContaining({ code }));
  });

  test.each([
    ['broken JSON', rawRecord('{"v":1,"stream":"truth","seq":1,"mk":1,"cp":0,"rev":1,"changes":['), 'corrupt'],
    ['neither changes nor pages', rawRecord('{"v":1,"stream":"truth","seq":1,"mk":1,"cp":0,"rev":1}'), 'unsupported'],
    [
      'both',
      rawRecord('{"v":1,"stream":"truth","seq":1,"mk":1,"cp":0,"rev":1,"changes":[],"pages":[]}'),
      'unsupported',
    ],
    [
      'another field',
      rawRecord('{"v":1,"stream":"truth","seq":1,"mk":1,"cp":0,"rev":1,"changes":[],"x":1}'),
      'unsupported',
    ],
    ['another field in a change', changes([], ',"x":1'), 'unsupported'],
    ['an op without a name', changes([{}]), 'unsupported'],
    ['an op that is null', changes([null]), 'unsupported'],
    ['a value with bytes', changes([{ op: 'put', value: { id: 'a', digest: 'b', bytes: 'c' } }]), 'unsupported'],
    ['ops that are a number', changes(7), 'unsupported'],
    [
      'a page of two',
      rawRecord('{"v":1,"stream":"truth","seq":1,"mk":1,"cp":1,"rev":1,"pages":[["a",1]]}'),
      'unsupported',
    ],
  ])('%s', (_, bytes, code) => {
    expect(() => decodeBody(bytes)).toThrow(expect.objectContaining({ code }));
  });
});
