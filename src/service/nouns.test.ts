import { beforeEach, describe, expect, test } from 'vitest';
import { allow } from '#testing/plumb';
import { refusal, usePlumb } from '#testing/use-plumb';

const plumb = usePlumb();
const use = () => ({ ...plumb().services, root: plumb().root });

describe('projects and environments', () => {
  beforeEach(async () => {
    const { projects, environments, root } = use();
    await projects.put(root, 'app', { owner: 'ann' }, {});
    await environments.put(root, 'app/base', { defaultKind: 'config' }, {});
    await environments.put(root, 'app/prod', { extends: 'base', description: 'd' }, {});
  });

  test('are kept as they were declared', async () => {
    const { projects, environments, root } = use();
    expect(await projects.list(root)).toEqual([{ name: 'app', owner: 'ann' }]);
    expect(await environments.get(root, 'app/prod')).toEqual({
      name: 'app/prod',
      extends: 'base',
      defaultKind: 'secret',
      description: 'd',
    });
    await plumb().restart();
    expect(await use().environments.list(root)).toHaveLength(2);
  });

  test('a put answers the record and its revision, and replaces', async () => {
    const { projects, root } = use();
    const revision = plumb().parts.truthState.view.revision + 1;
    expect(await projects.put(root, 'app', { description: 'd' }, {})).toEqual({
      name: 'app',
      description: 'd',
      revision,
    });
    expect(await refusal(projects.put(root, 'app', {}, { expectAbsent: true }))).toBe('exists: app exists already');
  });

  test.each<[string, object, string]>([
    ['app/stage', { protected: true }, 'unsupported: protected environments are not offered yet'],
    ['app/stage', { extends: 'none' }, 'conflict: the environment app/none is not declared'],
    ['app/stage', { extends: 'stage' }, 'conflict: app/stage cannot extend itself'],
    ['app/base', { extends: 'prod' }, 'conflict: extending would form a cycle: app/base → app/prod → app/base'],
    ['none/x', {}, 'conflict: the project none is not declared'],
    ['app', {}, 'invalid: an environment is named <project>/<environment>'],
    ['app/Stage', {}, 'invalid: a project or environment is named by 1 to 63 of a-z 0-9 -'],
    ['app/stage', { description: 'x'.repeat(4097) }, 'too-large: a description has at most 4096 characters'],
    ['app/stage', { extends: 'prod', protected: false }, 'nothing was refused'],
  ])('put %s %j', async (name, input, expected) => {
    const before = plumb().dump();
    const outcome = await refusal(use().environments.put(use().root, name, input, {}));
    expect(outcome).toBe(expected);
    expect(JSON.stringify(plumb().dump()) === JSON.stringify(before)).toBe(expected !== 'nothing was refused');
  });

  test('what others need is not deleted', async () => {
    const { projects, environments, root } = use();
    expect(await refusal(environments.delete(root, 'app/base', {}))).toBe('conflict: app/base is extended by app/prod');
    expect(await refusal(projects.delete(root, 'app', {}))).toBe(
      'conflict: the project has declared environments: app/base, app/prod',
    );
    const caller = await plumb().callerFor(allow('admin', 'app/base') + allow('admin', 'app'));
    expect(await refusal(environments.delete(caller, 'app/base', {}))).toBe(
      'conflict: app/base is extended by others that may not be listed',
    );
    expect(await refusal(projects.delete(caller, 'app', {}))).toBe(
      'conflict: the project has declared environments: app/base and others',
    );
    await environments.delete(root, 'app/prod', {});
    await environments.delete(root, 'app/base', {});
    await projects.delete(root, 'app', { reason: 'over' });
    expect(await refusal(projects.delete(root, 'app', {}))).toBe('not-found: nothing is at app');
    expect(await projects.list(root)).toEqual([]);
  });

  test.each(['sys', 'App', '', 'a/b', 'x'.repeat(64)])('a project is not named %j', async (name) => {
    expect(await refusal(use().projects.put(use().root, name, {}, {}))).toMatch(/^invalid: a project or environment/);
  });

  test('a list shows what the caller may see', async () => {
    const caller = await plumb().callerFor(allow('list', 'app/prod') + allow('admin', 'app/base'));
    const names = (await use().environments.list(caller)).map(({ name }) => name);
    expect(names).toEqual(['app/base', 'app/prod']);
    expect(await use().projects.list(caller)).toEqual([]);
  });
});

describe('policies', () => {
  test('are refused with every mistake at its place', async () => {
    const text = 'allow read on **\nallow fly on a/**\ndeny read a\n';
    await expect(use().policies.put(use().root, 'p', { text }, {})).rejects.toMatchObject({
      code: 'invalid',
      diagnostics: [{ line: 2 }, { line: 3 }],
    });
    expect(await refusal(use().policies.get(use().root, 'p'))).toBe('not-found: nothing is at sys/policies/p');
  });

  test('come back as they were written', async () => {
    const text = '# ours\nallow list, read on a/**  \n';
    await use().policies.put(use().root, 'p', { text }, {});
    expect(await use().policies.get(use().root, 'p')).toEqual({ name: 'p', grammar: 'plumb', text });
  });

  test('one that somebody holds is not deleted', async () => {
    const { policies, principals, root } = use();
    await policies.put(root, 'p', { text: '' }, {});
    await principals.put(root, 'person/ann', { policies: ['p'] }, {});
    expect(await refusal(policies.delete(root, 'p', {}))).toBe('conflict: the policy is held by person/ann');
    await principals.put(root, 'person/ann', { policies: [] }, {});
    expect(await refusal(policies.delete(root, 'p', {}))).toBe('nothing was refused');
  });

  test('the one of administrators stays as it is', async () => {
    const { policies, root } = use();
    const expected = 'conflict: the policy admin is built in and stays as it is';
    expect(await refusal(policies.put(root, 'admin', { text: '' }, {}))).toBe(expected);
    expect(await refusal(policies.delete(root, 'admin', {}))).toBe(expected);
  });

  test.each(['', 'A', 'a/b', '-a', 'x'.repeat(64)])('one is not named %j', async (name) => {
    expect(await refusal(use().policies.put(use().root, name, { text: '' }, {}))).toMatch(
      /^invalid: a policy is named/,
    );
  });

  test('one of 64 Ki characters is the longest', async () => {
    const put = (length: number) => refusal(use().policies.put(use().root, 'p', { text: '#'.repeat(length) }, {}));
    expect(await put(65_536)).toBe('nothing was refused');
    expect(await put(65_537)).toBe('too-large: a policy has at most 65536 characters');
  });
});

describe('principals', () => {
  test.each<[string, object, string]>([
    ['person/ann', {}, 'nothing was refused'],
    ['robot/ann', {}, 'invalid: a principal is named <kind>/<name>'],
    ['person/ann', { policies: ['none', 'nor-this'] }, 'invalid: there is no policy none, nor-this'],
    ['workload/plumb-server', {}, 'invalid: workload/plumb-server is the server itself and cannot be registered'],
    ['person/ann', { policies: ['admin'], disabled: true, description: 'd' }, 'nothing was refused'],
  ])('put %s %j', async (name, input, expected) => {
    expect(await refusal(use().principals.put(use().root, name, input, {}))).toBe(expected);
  });

  test('a disabled one is refused at once, and an enabled one goes on', async () => {
    const caller = await plumb().callerFor(allow('write', '**'), { name: 'person/ann' });
    const { tokens, principals, changes, root } = use();
    const { token } = await tokens.create(root, { principal: 'person/ann' });
    const write = () => refusal(changes.apply(caller, { ops: [{ op: 'put', path: 'a/X', value: '' }] }));
    await principals.put(root, 'person/ann', { policies: ['p1'], disabled: true }, {});
    expect(await refusal(plumb().callerOf(token))).toBe(
      'unauthenticated: the principal of the token is disabled or gone',
    );
    expect(await write()).toMatch(/^unauthenticated/);
    await principals.put(root, 'person/ann', { policies: ['p1'] }, {});
    expect(await refusal(plumb().callerOf(token))).toBe('nothing was refused');
    expect(await write()).toBe('nothing was refused');
  });

  test('tokens of one that was deleted do not come to life with a new one of the name', async () => {
    const { tokens, principals, root } = use();
    await principals.put(root, 'person/ann', {}, {});
    const { token } = await tokens.create(root, { principal: 'person/ann' });
    await principals.delete(root, 'person/ann', {});
    expect(await refusal(plumb().callerOf(token))).toMatch(/^unauthenticated/);
    await principals.put(root, 'person/ann', {}, {});
    expect(await refusal(plumb().callerOf(token))).toBe('unauthenticated: the token is unknown or was revoked');
  });
});
