/** The Role of the examples says what the code says. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readYaml } from '#format/yaml';
import { describeRight, requiredRights } from '#reconcile/targets/kubernetes/rights';
import type { RightsQuestion } from '#reconcile/targets/kubernetes/rights';
import type { KubeObject, Rule } from '#testing/kubernetes';

const objects = [
  { kind: 'Secret', name: 'app-secrets' },
  { kind: 'ConfigMap', name: 'app-config' },
] as const;
const documents = readFileSync(resolve(import.meta.dirname, '../../examples/kubernetes/role.yaml'), 'utf8').split(
  /^---$/m,
);

interface RoleObject extends KubeObject {
  readonly rules?: readonly Rule[];
}

/** The rules of a Role of the file, as the rights that they give. */
function rightsOf(name: string): readonly string[] {
  const roles = documents
    .map((text) => readYaml(text, 'role.yaml') as RoleObject)
    .filter(({ kind }) => kind === 'Role');
  const { rules = [] } = roles.find(({ metadata }) => metadata.name === name) ?? {};
  return rules.flatMap(({ apiGroups: [group = ''], resources, resourceNames = [''], verbs }) =>
    resources.flatMap((resource) =>
      resourceNames.flatMap((object) =>
        verbs.map(
          (verb) => `${verb} ${resource}${group === '' ? '' : `.${group}`}${object === '' ? '' : `/${object}`}`,
        ),
      ),
    ),
  );
}

describe('the documented Roles give what is required, and nothing else', () => {
  const of = (question: Omit<RightsQuestion, 'namespaces'>): readonly string[] =>
    requiredRights({ ...question, namespaces: ['changelog'] })
      .map(describeRight)
      .sort();

  test('by name, with restarts', () => {
    const granted = [...rightsOf('plumb'), ...rightsOf('plumb-restarts')].sort();
    expect(granted).toHaveLength(19);
    expect(granted).toEqual(of({ objects, watch: 'names', restart: true }));
  });

  test('by name, without restarts', () => {
    expect([...rightsOf('plumb')].sort()).toEqual(of({ objects, watch: 'names', restart: false }));
  });

  test('for a whole namespace', () => {
    expect([...rightsOf('plumb-namespace')].sort()).toEqual(of({ watch: 'namespaces', restart: false }));
  });
});
