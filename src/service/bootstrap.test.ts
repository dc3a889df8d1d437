import { expect, test } from 'vitest';
import { prepareBootstrap } from './bootstrap.ts';
import { newPlumb } from '#testing/plumb';
import { refusal } from '#testing/use-plumb';

const spent = 'unauthenticated: the bootstrap token is wrong or was spent';

test('a start that died before the token was written down makes a new one, and the old is void', async () => {
  const plumb = await newPlumb({ bootstrap: false });
  const { services, parts } = plumb;
  const ask = (token: string | undefined, name: string) =>
    refusal(services.sessions.bootstrap({ token: token ?? '', name, address: 'unix', requestId: 'r' }));
  const first = await prepareBootstrap(parts);
  expect(first).toMatch(/^plumb\.[a-z2-9]{8}\.[A-Za-z0-9_-]{43}$/);
  expect(await prepareBootstrap(parts)).toBeUndefined();
  const second = await prepareBootstrap(parts, true);
  expect(await ask(first, 'root')).toBe(spent);
  expect(await ask(second, 'Not A Name')).toMatch(/^invalid: a principal is named/);
  expect(await ask(second, 'root')).toBe('nothing was refused');
  expect(await ask(second, 'root')).toBe(spent);
  expect(plumb.audit.take()).toHaveLength(3);
  expect(await plumb.folded()).toEqual(plumb.dump());
});

test('of two who hold the token one is the first', async () => {
  const plumb = await newPlumb({ bootstrap: false });
  const token = (await prepareBootstrap(plumb.parts)) ?? '';
  const outcomes = await Promise.all(
    ['ann', 'bob'].map((name) =>
      refusal(plumb.services.sessions.bootstrap({ token, name, address: 'unix', requestId: 'r' })),
    ),
  );
  expect(outcomes).toEqual(['nothing was refused', 'unauthenticated: the bootstrap token was spent']);
});
