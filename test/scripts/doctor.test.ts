/** `doctor` on real servers: what it finds there, and that it finds what was made wrong. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startServer } from '#testing/server';
import { live } from './live.ts';

/** State by check. */
async function states(server: Parameters<typeof live>[0], env: Record<string, string> = {}) {
  const doctor = live(server, ['doctor', '--json'], { env: { SHELL: '/bin/none', ...env } });
  const code = await doctor.ended;
  const { ok, findings } = JSON.parse(doctor.written.stdout) as {
    readonly ok: boolean;
    readonly findings: readonly { readonly check: string; readonly state: string }[];
  };
  expect(code).toBe(ok ? 0 : 1);
  return Object.fromEntries(findings.map(({ check, state }) => [check, state]));
}

test('a server of the sample project is well; its files are looked at', async () => {
  await using server = await startServer({ dev: true });
  const { disk: _, ...found } = await states(server);
  const well = 'address program token socket server clock sign-in store audit syncs'.split(' ');
  expect(found).toMatchObject(Object.fromEntries([...well, 'key file', 'audit file'].map((check) => [check, 'ok'])));
  chmodSync(join(server.socket, '..', 'root.key'), 0o640);
  expect(await states(server)).toMatchObject({ 'key file': 'fail', 'audit file': 'ok' });
});

test('a server that has stopped, and a token that is not good', async () => {
  await using server = await startServer();
  expect(await states(server, { PLUMB_TOKEN: `plumb.${'a'.repeat(8)}.${'b'.repeat(43)}` })).toMatchObject({
    server: 'ok',
    'sign-in': 'fail',
  });
  await server.running.stop();
  const { server: found, store } = await states(server);
  expect([found, store]).toEqual(['fail', undefined]);
});
