/** What somebody with some rights tries in order to get at more. */
import { beforeAll, describe, expect, test } from 'vitest';
import { attacked, canary } from './attempts.ts';
import type { Attempt } from './attempts.ts';

const { server, send, refusal, refusedInVain, person } = attacked();

beforeAll(async () => {
  const { projects, environments, changes } = server().client;
  await projects.put('app', {});
  await environments.put('app/base', {});
  for (const name of ['prod', 'dev']) await environments.put(`app/${name}`, { extends: 'base' });
  const put = (path: string, value: string, rest: object = {}) => ({ op: 'put' as const, path, value, ...rest });
  await changes.apply({
    ops: [
      put('app/base/SHARED', canary),
      put('app/prod/PASS', canary),
      put('app/dev/PASS', 'dev'),
      put('app/prod/HOST', 'host', { kind: 'config' }),
      put('app/prod/LOCKED', canary, { tags: ['locked'] }),
    ],
  });
});

const narrowed = async (token: string, policy: number): Promise<string> => {
  const { policies } = await server().clientOf(token).whoami();
  return (
    await server()
      .clientOf(token)
      .tokens.create({ policies: [policies[policy - 1] ?? ''] })
  ).token;
};
const putDev = (name: string, body: object, token: string): Attempt => ({
  method: 'PUT',
  url: `/entries/app/dev/${name}`,
  body,
  token,
});

describe('a token that names some of the policies', () => {
  test('keeps what the others deny', async () => {
    const token = await person('allow list, read, write on app/**', 'deny read, write on app/prod/PASS');
    const less = await narrowed(token, 1);
    for (const bearer of [token, less]) {
      expect(await refusedInVain({ url: '/entries/app/prod/PASS', token: bearer })).toContain('403 forbidden');
      const write = { method: 'PUT', url: '/entries/app/prod/PASS', body: { value: 'x' }, token: bearer };
      expect(await refusedInVain(write)).toContain('403 forbidden');
    }
    expect(await refusal({ url: '/entries/app/prod/HOST', token: less })).toBe('200');
  });

  test('keeps a denial that is added later', async () => {
    const token = await person('allow read on app/**', 'allow read on app/prod/HOST');
    const less = await narrowed(token, 1);
    const { policies } = await server().clientOf(token).whoami();
    expect(await refusal({ url: '/entries/app/prod/PASS', token: less })).toBe('200');
    await server().client.policies.put(policies[1] ?? '', { text: 'deny read on **' });
    expect(await refusal({ url: '/entries/app/prod/PASS', token: less })).toContain('404 not-found');
  });

  test('cannot be widened by what it makes', async () => {
    const less = await narrowed(await person('allow list on app/**', 'allow read on app/**'), 1);
    const { policies } = await server().clientOf(less).whoami();
    expect(policies).toHaveLength(1);
    const widened = { policies: [(policies[0] ?? '').replace(/p1$/, 'p2')] };
    expect(await refusedInVain({ method: 'POST', url: '/tokens', body: widened, token: less })).toContain(
      '403 forbidden',
    );
    const child = await server().clientOf(less).tokens.create();
    expect(await refusedInVain({ url: '/entries/app/prod/PASS', token: child.token })).toContain('403 forbidden');
  });

  test('is made for nobody else', async () => {
    const token = await person('allow * on app/**');
    const body = { principal: 'person/root' };
    expect(await refusedInVain({ method: 'POST', url: '/tokens', body, token })).toContain('403 forbidden');
  });
});

describe('compare is no oracle', () => {
  const diff = async (token: string, left = 'app/dev', right = 'app/prod'): Promise<readonly string[]> => {
    const body = { left: { folder: left }, right: { folder: right } };
    const { json } = await send({ method: 'POST', url: '/diff', body, token });
    const rows = (json['rows'] ?? []) as readonly { readonly name: string; readonly status: string }[];
    return rows.map(({ name, status }) => `${name} ${status}`);
  };
  const guess = (path: string, token: string): Promise<string> =>
    refusal({ method: 'PUT', url: `/entries/${path}`, body: { value: canary }, token });

  test.each<[string, readonly string[], string]>([
    ['by writing one side', ['allow compare on app/**\nallow write on app/dev/*'], 'app/dev/PASS'],
    ['by writing what one side inherits', ['allow compare on app/**\nallow write on app/base/*'], 'app/base/SHARED'],
    [
      'by writing before what one side inherits',
      ['allow compare on app/**\nallow write on app/dev/*'],
      'app/dev/SHARED',
    ],
    [
      'by a token that leaves the right to write out',
      ['allow compare on app/**', 'allow write on app/dev/*'],
      'app/dev/PASS',
    ],
    [
      'by comparing from where it may not be written',
      ['allow compare on app/**\nallow write on app/dev/* if address in 127.0.0.0/8'],
      '',
    ],
    [
      'by comparing when it may not be written',
      ['allow compare on app/**', `allow write on app/dev/* if time in ${past()} UTC`],
      '',
    ],
  ])('%s', async (_name, policies, path) => {
    const token = await person(...policies);
    const written = path === '' ? '403' : await guess(path, token);
    expect(written).toMatch(path === '' ? /^403/ : /^20[01]$/);
    const bearers = [token, policies.length > 1 ? await narrowed(token, 1) : token];
    const name = path.includes('SHARED') ? 'SHARED' : 'PASS';
    for (const bearer of bearers) expect(await diff(bearer)).toContain(`${name} unknown`);
  });

  test('by a reference from a place that may be written', async () => {
    const token = await person('allow compare on app/**\nallow list, read, write on app/dev/GUESS');
    const attempt = putDev('GUESS', { value: '${prod:/PASS}', form: 'expression' }, token);
    expect(await refusedInVain(attempt)).toContain('403 forbidden');
  });

  test('by the versions of what one cannot read', async () => {
    const token = await person('allow list, write on app/prod/PASS');
    const etag = async (value: string): Promise<unknown> =>
      (await send({ method: 'PUT', url: '/entries/app/prod/PASS', body: { value }, token })).json['entries'];
    const [equal, other] = [await etag(canary), await etag('other')];
    expect(JSON.stringify(equal).replaceAll(/\d+/g, 'N')).toBe(JSON.stringify(other).replaceAll(/\d+/g, 'N'));
    await server().client.changes.apply({ ops: [{ op: 'put', path: 'app/prod/PASS', value: canary }] });
  });
});

/** A window of one minute that the day has left behind, or not yet reached. */
function past(): string {
  const hour = (new Date().getUTCHours() + 12) % 24;
  const text = String(hour).padStart(2, '0');
  return `${text}:00-${text}:01`;
}

describe('a secret stays one', () => {
  const policy = 'allow list, read, write, delete on app/dev/**\nallow list, read on app/base/**';
  const asConfig = { value: 'x', kind: 'config' } as const;

  test.each<[string, (token: string) => Promise<unknown>]>([
    ['at once', async () => undefined],
    ['after deleting it', (token) => send({ method: 'DELETE', url: '/entries/app/dev/S?force=true', token })],
    [
      'after a delete within the same change',
      (token) =>
        refusal({ method: 'POST', url: '/changes', body: { ops: [{ op: 'delete', path: 'app/dev/S' }] }, token }),
    ],
  ])('%s', async (_name, prepare) => {
    const token = await person(policy);
    await server().client.changes.apply({ ops: [{ op: 'put', path: 'app/dev/S', value: canary, kind: 'secret' }] });
    await prepare(token);
    expect(await refusedInVain(putDev('S', asConfig, token))).toContain('403 forbidden');
  });

  test('when it is inherited, overridden, or hidden first', async () => {
    const token = await person(policy);
    expect(await refusedInVain(putDev('SHARED', asConfig, token))).toContain('403 forbidden');
    const unset = { method: 'POST', url: '/changes', body: { ops: [{ op: 'unset', path: 'app/dev/SHARED' }] }, token };
    expect(await refusal(unset)).toBe('200');
    expect(await refusedInVain(putDev('SHARED', asConfig, token))).toContain('403 forbidden');
    await server().client.changes.apply({ ops: [{ op: 'delete', path: 'app/dev/SHARED' }] });
  });

  test('unless somebody who may says why', async () => {
    const token = await person(`${policy}\nallow declassify on app/dev/**`);
    await server().client.changes.apply({ ops: [{ op: 'put', path: 'app/dev/D', value: 'd', kind: 'secret' }] });
    expect(await refusedInVain(putDev('D', asConfig, token))).toContain('takes a reason');
    expect(await refusedInVain(putDev('D', { ...asConfig, reason: ' \n' }, token))).toContain('takes a reason');
    expect(await refusal(putDev('D', { ...asConfig, reason: 'it is a port' }, token))).toBe('200');
  });

  test('in what is computed from it, whatever kind that claims', async () => {
    const token = await person(`${policy}\nallow read on app/prod/PASS`);
    const attempt = putDev('MIX', { value: '${prod:/PASS}', form: 'expression', kind: 'config' }, token);
    expect(await refusal(attempt)).toBe('201');
    expect((await send({ url: '/entries/app/dev/MIX', token })).json['secret']).toBe(true);
  });
});

describe('a condition on a tag', () => {
  test('is not got round by taking the tag off', async () => {
    const token = await person('allow list, write on app/prod/*\ndeny write on ** if tag = locked');
    for (const body of [{ value: 'x' }, { value: 'x', tags: [] }, { value: 'x', tags: null }]) {
      const attempt = { method: 'PUT', url: '/entries/app/prod/LOCKED', body, token };
      expect(await refusedInVain(attempt)).toContain('403 forbidden');
    }
    const ops = [{ op: 'describe', path: 'app/prod/LOCKED', tags: [] }];
    expect(await refusedInVain({ method: 'POST', url: '/changes', body: { ops }, token })).toContain('403 forbidden');
  });
});

describe('rights over rights', () => {
  const all = 'allow * on app/**';
  test.each<[string, Omit<Attempt, 'token'>]>([
    ['write a policy', { method: 'PUT', url: '/policies/mine', body: { text: 'allow * on **' } }],
    ['take a policy away', { method: 'DELETE', url: '/policies/admin' }],
    ['give itself a policy', { method: 'PUT', url: '/principals/person/n1', body: { policies: ['admin'] } }],
    ['make a principal', { method: 'PUT', url: '/principals/person/new', body: { policies: ['admin'] } }],
    ['disable another', { method: 'PUT', url: '/principals/person/root', body: { disabled: true } }],
    ['declare a project', { method: 'PUT', url: '/projects/other', body: {} }],
    ['make a sync', { method: 'PUT', url: '/syncs/s', body: { from: 'app/dev', to: 'local:x', runAs: 'workload/w' } }],
    [
      'try a sync',
      { method: 'PUT', url: '/syncs/s?dryRun=true', body: { from: 'app/dev', to: 'local:x', runAs: 'workload/w' } },
    ],
    ['verify the chains', { method: 'POST', url: '/audit/verify', body: {} }],
  ])('nobody may %s without the right to it', async (_name, attempt) => {
    expect(await refusedInVain({ ...attempt, token: await person(all) })).toMatch(/^40[34] /);
  });

  test('a token of another is not revoked, nor told from one that is not there', async () => {
    const token = await person(all);
    const { accessor } = await server().client.whoami();
    const told = [accessor, 'AAAAAAAAAAAAAAAA'].map((name) =>
      refusedInVain({ method: 'DELETE', url: `/tokens/${name}`, token }),
    );
    expect(new Set(await Promise.all(told))).toEqual(new Set(['404 not-found: there is no such token']));
  });
});

describe('what may not be listed', () => {
  const attempts = (name: string): readonly Attempt[] => {
    const path = `app/prod/${name}`;
    const change = (op: object): Attempt => ({ method: 'POST', url: '/changes', body: { ops: [{ path, ...op }] } });
    const tried = (op: object): Attempt => ({
      method: 'POST',
      url: '/changes',
      body: { dryRun: true, ops: [{ path, ...op }] },
    });
    return [
      { url: `/entries/${path}` },
      { url: `/entries/${path}?raw=true` },
      { url: `/entries/${path}?version=1` },
      { url: `/entries/${path}?version=99` },
      { url: `/entries/${path}`, headers: { 'if-none-match': '"1.1"' } },
      { method: 'PUT', url: `/entries/${path}`, body: { value: 'x' } },
      { method: 'PUT', url: `/entries/${path}`, body: { value: 'x' }, headers: { 'if-none-match': '*' } },
      { method: 'PUT', url: `/entries/${path}`, body: { value: 'x' }, headers: { 'if-match': '"1.99"' } },
      { method: 'PUT', url: `/entries/${path}`, body: { value: 'x', kind: 'config' } },
      { method: 'PUT', url: `/entries/${path}`, body: { value: 'x', type: 'integer' } },
      { method: 'DELETE', url: `/entries/${path}` },
      { method: 'DELETE', url: `/entries/${path}`, headers: { 'if-match': '"1.99"' } },
      { url: `/history/${path}` },
      { url: `/why/${path}` },
      { url: `/entries?folder=${path}` },
      { url: `/values?folder=${path}` },
      { url: `/changes?under=${path}` },
      { method: 'POST', url: '/diff', body: { left: { folder: path }, right: { folder: 'app/dev' } } },
      change({ op: 'unset' }),
      change({ op: 'delete', expect: 99 }),
      change({ op: 'describe', owner: 'x' }),
      change({ op: 'destroy', versions: [1] }),
      tried({ op: 'put', value: 'x' }),
      tried({ op: 'destroy', versions: [99] }),
    ];
  };

  test.each(attempts('NAME').map((_, i) => i))('is told as what is not there, attempt %d', async (i) => {
    const token = await person('allow * on app/dev/**');
    const told = async (name: string): Promise<string> =>
      (await refusedInVain({ ...(attempts(name)[i] ?? { url: '/' }), token })).replaceAll(name, 'NAME');
    expect(await told('PASS')).toBe(await told('GONE'));
  });

  test('does not show as another page of a list', async () => {
    const ops = ['A', 'B', 'C', 'D'].map((name) => ({ op: 'put' as const, path: `pages/e/${name}`, value: 'x' }));
    await server().client.changes.apply({ ops });
    const client = server().clientOf(await person('allow list on pages/e/A\nallow list on pages/e/C'));
    const first = await client.entries.list({ folder: 'pages/e', limit: 1 });
    expect(Buffer.from(first.cursor ?? '', 'base64url').toString()).toBe('A');
    const second = await client.entries.list({ folder: 'pages/e', limit: 1, cursor: first.cursor ?? '' });
    expect([second.entries.map(({ path }) => path), second.cursor]).toEqual([['pages/e/C'], undefined]);
  });
});
