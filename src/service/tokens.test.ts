import { describe, expect, test } from 'vitest';
import { prepareBootstrap } from './bootstrap.ts';
import type { TokenRequest } from './services.ts';
import { allow } from '#testing/plumb';
import { refusal, usePlumb } from '#testing/use-plumb';

const plumb = usePlumb();
const use = () => ({ ...plumb().services, root: plumb().root });
const signIn = (token: string) => refusal(plumb().callerOf(token));

const day = 86_400_000;
const refused = {
  malformed: 'unauthenticated: the token is malformed',
  foreign: 'unauthenticated: the token was issued by another server',
  unknown: 'unauthenticated: the token is unknown or was revoked',
  expired: 'unauthenticated: the token has expired',
  spent: 'unauthenticated: the token has no uses left',
};

test('an accessor begins with a letter: no command line takes it for a flag', async () => {
  const made = await Promise.all(Array.from({ length: 60 }, () => use().tokens.create(use().root, {})));
  expect(made.map(({ accessor }) => accessor).filter((text) => !/^[A-Za-z][\w-]{15}$/.test(text))).toEqual([]);
});

describe('signing in', () => {
  test('is refused with what is wrong, and recorded without the token', async () => {
    const { token } = await use().tokens.create(use().root, {});
    const [, store = ''] = token.split('.');
    const other = token.replace(store, store === 'aaaaaaaa' ? 'bbbbbbbb' : 'aaaaaaaa');
    plumb().audit.take();
    expect(await signIn('nonsense')).toBe(refused.malformed);
    expect(await signIn(other)).toBe(refused.foreign);
    expect(await signIn(`plumb.${store}.${'A'.repeat(43)}`)).toBe(refused.unknown);
    expect(await signIn(token)).toBe('nothing was refused');
    const records = plumb().audit.records.filter(({ action }) => action === 'authenticate');
    expect(records).toHaveLength(3);
    expect(records[0]).toMatchObject({ outcome: 'refused', code: 'unauthenticated', principal: '', address: 'unix' });
    expect(JSON.stringify(records)).not.toContain(token.slice(15));
  });

  test('who am I', async () => {
    const caller = await plumb().callerFor(allow('read', '**'), { name: 'workload/w' });
    expect(await use().sessions.whoami(caller)).toEqual({
      principal: 'workload/w',
      policies: ['p1'],
      accessor: caller.identity.accessor,
      expires: plumb().clock.now() + 30 * day,
    });
  });

  test('a token is seen once: the state holds its hash only', async () => {
    const issued = await use().tokens.create(use().root, { description: 'd' });
    const secret = issued.token.split('.')[2] ?? '';
    expect(secret).toHaveLength(43);
    expect(JSON.stringify([plumb().dump(), await use().tokens.list(use().root), plumb().audit.records])).not.toContain(
      secret,
    );
  });
});

describe('the end of a token', () => {
  test('comes at its time, also after a restart', async () => {
    const { token, expires } = await use().tokens.create(use().root, { ttl: 60 });
    expect(expires).toBe(plumb().clock.now() + 60_000);
    await plumb().clock.advance(59_999);
    expect(await signIn(token)).toBe('nothing was refused');
    await plumb().restart();
    await plumb().clock.advance(1);
    expect(await signIn(token)).toBe(refused.expired);
  });

  test('takes its children with it, however deep', async () => {
    const first = await use().tokens.create(use().root, {});
    const second = await use().tokens.create(await plumb().callerOf(first.token), {});
    const third = await use().tokens.create(await plumb().callerOf(second.token), {});
    const beside = await use().tokens.create(use().root, {});
    expect(await use().tokens.revoke(use().root, first.accessor)).toEqual({ revoked: 3 });
    for (const { token } of [first, second, third]) expect(await signIn(token)).toBe(refused.unknown);
    expect(await signIn(beside.token)).toBe('nothing was refused');
  });

  test('is final for a change that waits', async () => {
    const caller = await plumb().callerFor(allow('write', '**'));
    await use().tokens.revoke(use().root, caller.identity.accessor);
    const change = use().changes.apply(caller, { ops: [{ op: 'put', path: 'a/X', value: '' }] });
    expect(await refusal(change)).toBe('unauthenticated: the token has expired or was revoked meanwhile');
  });

  test('long expired ones are forgotten, the others are told apart', async () => {
    const old = await use().tokens.create(use().root, { ttl: 1 });
    await plumb().clock.advance(day + 2000);
    const young = await use().tokens.create(use().root, { ttl: 1 });
    await plumb().clock.advance(2000);
    await use().tokens.create(use().root, {});
    expect(await signIn(old.token)).toBe(refused.unknown);
    expect(await signIn(young.token)).toBe(refused.expired);
  });
});

describe('uses', () => {
  test('the last one works, the next is refused', async () => {
    const { token } = await use().tokens.create(use().root, { uses: 2 });
    expect(await signIn(token)).toBe('nothing was refused');
    await plumb().restart();
    const last = await plumb().callerOf(token);
    expect(await use().sessions.whoami(last)).toMatchObject({ uses: 0 });
    expect(await refusal(use().changes.apply(last, { ops: [{ op: 'put', path: 'a/X', value: '' }] }))).toBe(
      'nothing was refused',
    );
    expect(await signIn(token)).toBe(refused.spent);
  });

  test('as many as there are work, however many ask at a time', async () => {
    const { token } = await use().tokens.create(use().root, { uses: 5 });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => signIn(token)));
    expect(outcomes.filter((outcome) => outcome === 'nothing was refused')).toHaveLength(5);
    expect(outcomes.filter((outcome) => outcome === refused.spent)).toHaveLength(15);
  });

  test('a token with limited uses makes no others', async () => {
    const { token } = await use().tokens.create(use().root, { uses: 2 });
    const made = use().tokens.create(await plumb().callerOf(token), {});
    expect(await refusal(made)).toBe('forbidden: a token with limited uses makes no tokens');
  });
});

describe('making tokens', () => {
  test.each<[TokenRequest, string]>([
    [{ ttl: 1, uses: 1 }, 'nothing was refused'],
    [{ ttl: 31_536_000, uses: 1_000_000 }, 'nothing was refused'],
    [{ ttl: 0 }, 'invalid: a time to live is a whole number from 1 to 31536000'],
    [{ ttl: 31_536_001 }, 'invalid: a time to live is a whole number from 1 to 31536000'],
    [{ ttl: 1.5 }, 'invalid: a time to live is a whole number from 1 to 31536000'],
    [{ uses: 0 }, 'invalid: a number of uses is a whole number from 1 to 1000000'],
    [{ uses: 1_000_001 }, 'invalid: a number of uses is a whole number from 1 to 1000000'],
    [{ principal: 'person/none' }, 'invalid: there is no principal person/none'],
    [{ principal: 'none' }, 'invalid: a principal is named <kind>/<name>'],
    [{ principal: 'person/p1', policies: ['admin'] }, 'invalid: the principal does not hold the policy admin'],
    [{ policies: ['p1'] }, 'forbidden: the caller does not hold the policy p1'],
  ])('%j', async (request, expected) => {
    await plumb().callerFor('');
    expect(await refusal(use().tokens.create(use().root, request))).toBe(expected);
  });

  test('a child has never more than its parent: not its time, not its policies', async () => {
    await use().policies.put(use().root, 'less', { text: allow('read', 'a/**') }, {});
    await use().policies.put(use().root, 'more', { text: allow('read', '**') }, {});
    await use().principals.put(use().root, 'person/ann', { policies: ['less', 'more'] }, {});
    const parent = await use().tokens.create(use().root, { principal: 'person/ann', ttl: 60, policies: ['less'] });
    const caller = await plumb().callerOf(parent.token);
    expect(caller.identity.policies).toEqual(['less']);
    const child = await use().tokens.create(caller, { ttl: 3600 });
    expect(child).toMatchObject({ expires: parent.expires, policies: ['less'], parent: parent.accessor });
    expect(await refusal(use().tokens.create(caller, { policies: ['more'] }))).toBe(
      'forbidden: the caller does not hold the policy more',
    );
    await use().changes.apply(use().root, { ops: [{ op: 'put', path: 'b/X', value: '' }] });
    expect(await refusal(use().entries.get(caller, { path: 'b/X' }))).toMatch(/^not-found/);
  });

  test('a token for oneself takes no right, one for another does', async () => {
    const caller = await plumb().callerFor('');
    expect(await refusal(use().tokens.create(caller, {}))).toBe('nothing was refused');
    expect(await refusal(use().tokens.create(caller, { principal: 'person/root' }))).toMatch(/^forbidden/);
  });

  test('the list begins with the oldest; those of one moment are in the order of their accessors', async () => {
    const { tokens, root } = use();
    const before = (await tokens.list(root)).map(({ accessor }) => accessor);
    const moments: string[][] = [];
    for (let moment = 0; moment < 3; moment += 1) {
      await plumb().clock.advance(1000);
      const made: string[] = [];
      for (let count = 0; count < 5; count += 1) made.push((await tokens.create(root, {})).accessor);
      moments.push(made.sort());
    }
    expect((await tokens.list(root)).map(({ accessor }) => accessor)).toEqual([...before, ...moments.flat()]);
  });

  test('who sees and revokes whose', async () => {
    const one = await plumb().callerFor('');
    const two = await plumb().callerFor('');
    const { tokens, root } = use();
    const mine = await tokens.create(one, {});
    expect((await tokens.list(one)).map(({ principal }) => principal)).toEqual(['person/p1', 'person/p1']);
    expect(new Set((await tokens.list(root)).map(({ principal }) => principal)).size).toBe(3);
    expect(await refusal(tokens.revoke(two, mine.accessor))).toBe('not-found: there is no such token');
    expect(await refusal(tokens.revoke(two, 'nonsense'))).toBe('not-found: there is no such token');
    expect(await tokens.revoke(one, mine.accessor)).toEqual({ revoked: 1 });
    expect(await refusal(tokens.revoke(root, mine.accessor))).toBe('not-found: there is no such token');
  });
});

describe('the first administrator', () => {
  const spent = 'unauthenticated: the bootstrap token is wrong or was spent';
  const ask = (token: string, name = 'eve') =>
    refusal(use().sessions.bootstrap({ token, name, address: 'unix', requestId: 'r' }));

  test('is made once', async () => {
    const { services } = plumb();
    expect(await services.policies.get(use().root, 'admin')).toMatchObject({ text: 'allow * on **\n' });
    expect(await prepareBootstrap(plumb().parts)).toBeUndefined();
    expect(await prepareBootstrap(plumb().parts, true)).toBeUndefined();
    expect(await ask('plumb.abcdefgh.nonsense')).toBe(spent);
  });

  test('the token of the first administrator ends with a word, not with time', async () => {
    await plumb().clock.advance(400 * day);
    expect(await refusal(use().sessions.whoami(use().root))).toBe('nothing was refused');
  });
});
