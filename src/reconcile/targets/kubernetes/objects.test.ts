import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { route } from './objects.ts';
import { parseKubernetesOptions } from './options.ts';
import { bytesOf, lengthOf, spellBinary, spellBytes, spellText } from './spelling.ts';
import type { DesiredItem } from '../../target.ts';

const secret: DesiredItem = { value: 's', secret: true };
const config: DesiredItem = { value: 'c', secret: false };

/** `<kind>/<object>: keys`, and what is wrong. */
function routed(objects: readonly unknown[], desired: Readonly<Record<string, DesiredItem>>): readonly string[] {
  const options = parseKubernetesOptions('n', { objects });
  const { objects: taken, problems } = route(new Map(Object.entries(desired)), options.objects);
  return [
    ...[...taken].map(([{ kind, name }, items]) => `${kind}/${name}: ${items.map(({ key }) => key).join(' ')}`),
    ...problems.map(({ object, message }) => `${object?.name ?? 'nowhere'}: ${message}`),
  ];
}

describe('routes', () => {
  const a = { kind: 'Secret', name: 'a' };
  const m = { kind: 'ConfigMap', name: 'm' };

  test('secrets to the Secret, config to the ConfigMap', () => {
    expect(routed([a, m], { S: secret, C: config })).toEqual(['Secret/a: S', 'ConfigMap/m: C']);
  });

  test('all to a Secret alone', () => {
    expect(routed([a], { S: secret, C: config })).toEqual(['Secret/a: S C']);
  });

  test('to every object that includes it, and to no other', () => {
    const b = { kind: 'Secret', name: 'b', include: ['TLS_*', 'C'] };
    const c = { kind: 'Secret', name: 'c', include: ['TLS_KEY'] };
    const wish = { TLS_KEY: secret, TLS_CRT: secret, S: secret, C: config };
    expect(routed([a, b, c, m], wish)).toEqual([
      'Secret/a: S',
      'Secret/b: TLS_KEY TLS_CRT C',
      'Secret/c: TLS_KEY',
      'ConfigMap/m: ',
    ]);
  });

  test('no secret to a ConfigMap, however it is asked for', () => {
    const tainted = { ...secret, taint: ['p/URL', 'p/KEY'] };
    expect(routed([a, { ...m, include: ['URL'] }], { URL: tainted })).toEqual([
      'Secret/a: ',
      'ConfigMap/m: ',
      'm: URL is a secret, made from p/URL, made from p/KEY, expected one to be included in a Secret, never in the ConfigMap m',
    ]);
  });

  test('nothing that no object takes', () => {
    expect(routed([{ ...a, include: ['X'] }], { S: secret, C: config })).toEqual([
      'Secret/a: ',
      expect.stringContaining('nowhere: S is a secret, and no object takes it'),
      expect.stringContaining('nowhere: C is config, and no object takes it'),
    ]);
  });
});

describe('spelling', () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.string({ unit: 'binary' }).map((text) => new Uint8Array(Buffer.from(text))),
    fc.uint8Array().map((inner) => new Uint8Array(Buffer.from(spellBinary(inner)))),
  );

  test('gives every sequence of bytes back, and its length', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const spelled = spellBytes(value);
        expect([Buffer.compare(bytesOf(spelled), value), lengthOf(spelled)]).toEqual([0, value.length]);
      }),
      { seed: 1 },
    );
  });

  test('is the same for text, whether it comes as text or as bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => spellText(text) === spellBytes(Buffer.from(text))),
      { seed: 1 },
    );
  });

  test('differs where the bytes differ', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => (spellBytes(a) === spellBytes(b)) === (Buffer.compare(a, b) === 0)),
      { seed: 1 },
    );
  });

  test('is the text itself', () => {
    expect([spellText('a\nb'), spellBytes(Buffer.from('\ufeffx'))]).toEqual(['a\nb', '\ufeffx']);
  });
});
