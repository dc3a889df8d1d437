import { expect, test } from 'vitest';
import { describeRight, requiredRights } from './rights.ts';
import type { RightsQuestion } from './rights.ts';

/** Each with its namespace, or `*`. */
function rights(question: RightsQuestion): readonly string[] {
  return requiredRights(question).map((right) => `${right.namespace ?? '*'}: ${describeRight(right)}`);
}

const objects = [
  { kind: 'Secret', name: 'a' },
  { kind: 'Secret', name: 'b' },
] as const;

test('by name it is the objects themselves, in every namespace, and no kind that is not kept', () => {
  const verbs = ['get', 'create', 'patch', 'delete', 'watch'];
  expect(rights({ namespaces: ['n', 'm'], objects, watch: 'names', restart: false })).toEqual(
    ['n', 'm'].flatMap((namespace) =>
      ['a', 'b'].flatMap((name) => verbs.map((verb) => `${namespace}: ${verb} secrets/${name}`)),
    ),
  );
});

test('watching a namespace is of all of it, writing still by name where names are known', () => {
  const found = rights({ namespaces: ['n'], objects: objects.slice(0, 1), watch: 'namespaces', restart: false });
  const named = ['get', 'create', 'patch', 'delete'].map((verb) => `n: ${verb} secrets/a`);
  expect(found).toEqual([...named, 'n: list secrets', 'n: watch secrets']);
});

test('without names it is both kinds', () => {
  const found = rights({ namespaces: ['n'], watch: 'names', restart: false });
  const verbs = ['get', 'create', 'patch', 'delete', 'watch'];
  expect(found).toEqual(['secrets', 'configmaps'].flatMap((plural) => verbs.map((verb) => `n: ${verb} ${plural}`)));
});

test('restarts take three verbs on three kinds, and nothing where nothing is restarted', () => {
  expect(rights({ namespaces: ['n'], objects: [], watch: 'names', restart: true })).toEqual(
    ['deployments', 'statefulsets', 'daemonsets'].flatMap((plural) =>
      ['list', 'watch', 'patch'].map((verb) => `n: ${verb} ${plural}.apps`),
    ),
  );
  expect(rights({ namespaces: ['n'], objects: [], watch: 'names', restart: false })).toEqual([]);
});

test('namespaces that are selected or made are rights of the whole cluster', () => {
  const question = {
    namespaces: [],
    watch: 'names',
    restart: true,
    selectsNamespaces: true,
    createsNamespaces: true,
  } as const;
  expect(rights(question)).toEqual(['*: list namespaces', '*: watch namespaces', '*: create namespaces']);
});
