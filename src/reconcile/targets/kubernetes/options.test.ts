import { describe, expect, test } from 'vitest';
import { isQualifiedName, isSelector, keyProblem, warningOf } from './names.ts';
import { parseKubernetesOptions } from './options.ts';
import type { TargetOptions } from '../../target.ts';
import { PlumbError } from '#domain/errors';

const secret = { kind: 'Secret', name: 'app' };

/** What is wrong, all at once. */
function diagnosticsOf(at: string, options: TargetOptions): readonly string[] {
  try {
    parseKubernetesOptions(at, options);
    return [];
  } catch (error) {
    if (!(error instanceof PlumbError) || error.code !== 'invalid') throw error;
    return error.diagnostics.map(({ message }) => message);
  }
}

test('says nothing of what was left out', () => {
  expect(parseKubernetesOptions('prod', { objects: [secret] })).toEqual({
    at: 'prod',
    objects: [{ ...secret, immutable: false, labels: {}, annotations: {} }],
    createNamespaces: false,
    restart: true,
  });
});

test('takes everything there is', () => {
  const object = {
    kind: 'ConfigMap',
    name: 'app.v1',
    immutable: true,
    include: ['*_URL'],
    annotations: { 'x.y/n': '' },
  };
  const options = { objects: [secret, object], namespaces: 'tier in (web, api),!legacy', restart: false };
  expect(parseKubernetesOptions('*', options)).toMatchObject({
    selector: 'tier in (web, api),!legacy',
    objects: [secret, object],
    restart: false,
  });
});

const wrong: readonly [what: string, at: string, options: TargetOptions, message: RegExp][] = [
  ['no place', '', { objects: [secret] }, /^expected a namespace/],
  ['a place in capitals', 'Prod', { objects: [secret] }, /^expected a namespace/],
  ['no objects', 'prod', {}, /^objects must be a list/],
  ['an object twice', 'prod', { objects: [secret, { ...secret, include: ['A'] }] }, /^objects has Secret\/app twice/],
  ['two that take the rest', 'prod', { objects: [secret, { ...secret, name: 'b' }] }, /several of kind Secret/],
  ['an unknown option', 'prod', { objects: [secret], prune: true }, /^unknown option "prune"/],
  [
    'an unknown option of an object',
    'prod',
    { objects: [{ ...secret, data: {} }] },
    /^unknown option "objects\[0\].data"/,
  ],
  ['an unknown kind', 'prod', { objects: [{ kind: 'Pod', name: 'a' }] }, /kind must be Secret or ConfigMap/],
  ['an object that is none', 'prod', { objects: ['app'] }, /^objects\[0\] must be a mapping/],
  ['a name in capitals', 'prod', { objects: [{ kind: 'Secret', name: 'App' }] }, /name must be/],
  [
    'a type of a ConfigMap',
    'prod',
    { objects: [{ kind: 'ConfigMap', name: 'a', type: 'Opaque' }] },
    /only for a Secret/,
  ],
  [
    'a type that Kubernetes fills',
    'prod',
    { objects: [{ ...secret, type: 'kubernetes.io/service-account-token' }] },
    /not made by Kubernetes itself/,
  ],
  ['a label that it refuses', 'prod', { objects: [{ ...secret, labels: { a: 'b c' } }] }, /labels has a value/],
  ['a label of ours', 'prod', { objects: [{ ...secret, labels: { 'plumb.dev/x': 'y' } }] }, /kept by Plumb itself/],
  [
    'an annotation without name',
    'prod',
    { objects: [{ ...secret, annotations: { '/': '' } }] },
    /annotations has a name/,
  ],
  [
    'annotations beyond the limit',
    'prod',
    { objects: [{ ...secret, annotations: { a: 'x'.repeat(262_144) } }] },
    /262144/,
  ],
  ['a flag that is none', 'prod', { objects: [secret], restart: 'no' }, /^restart must be true or false/],
  ['a selector of one namespace', 'prod', { objects: [secret], namespaces: 'a=b' }, /only for the place \*/],
  ['no selector of many', '*', { objects: [secret] }, /^namespaces must be a label selector/],
  ['making many', '*', { objects: [secret], namespaces: 'a', createNamespaces: true }, /^createNamespaces needs/],
];
test.each(wrong)('refuses %s', (_, at, options, message) => {
  expect(diagnosticsOf(at, options)).toEqual([expect.stringMatching(message)]);
});

test('says everything that is wrong at once', () => {
  expect(diagnosticsOf('A', { objects: [{ kind: 'Pod', name: 'B' }], more: 1 })).toHaveLength(4);
});

describe('names', () => {
  test.each([
    ['DB_HOST', true],
    ['tls.crt', true],
    ['...', false],
    ['.', false],
    ['..x', false],
    ['.x', true],
    ['a b', false],
    ['ä', false],
    ['x'.repeat(253), true],
    ['x'.repeat(254), false],
  ])('key %s', (name, fits) => expect(keyProblem(name) === undefined).toBe(fits));

  test.each([
    ['a', true],
    ['a=b,c!=d', true],
    ['x.y/a in (b, c)', true],
    ['!a , b', true],
    ['a notin ()', true],
    ['a==', true],
    ['', false],
    ['a b', false],
    ['a in b', false],
    ['a=b,', false],
    ['a>1', false],
    ['a'.repeat(1025), false],
  ])('selector %s', (text, fits) => expect(isSelector(text)).toBe(fits));

  test.each([
    ['a', true],
    ['x.y/a_b', true],
    ['x/y/z', false],
    ['/a', false],
    ['X/a', false],
    ['a-', false],
    ['a'.repeat(64), false],
  ])('label %s', (text, fits) => expect(isQualifiedName(text)).toBe(fits));

  test('warns of what no mapping makes fit', () => {
    expect([
      warningOf({ name: 'A', bytes: 1_048_576 }),
      warningOf({ name: 'A', bytes: 1_048_577 }),
      warningOf({ name: 'a b', bytes: 1 }),
    ]).toEqual([
      undefined,
      'A has 1048577 bytes, expected at most 1048576 in one object of Kubernetes',
      expect.stringContaining('a b is no key'),
    ]);
  });
});
