import { describe, expect, test } from 'vitest';
import type { Finding } from './doctor.ts';
import { distance, endState, sizeText } from './doctor.ts';
import type { TerminalOptions } from '#testing/terminal';
import { FakeTerminal } from '#testing/terminal';

const now = Date.UTC(2026, 0, 1);
const day = 86_400_000;
const folder = { text: '', kind: 'folder', mode: 0o700 } as const;
const files = {
  '/srv/plumb': folder,
  '/srv/plumb/plumb.sock': { text: '', kind: 'socket' },
  '/srv/plumb/root.key': 'k',
  '/srv/plumb/audit.log': '',
  '/home/ada/.bashrc': 'source <(plumb completion bash)\n',
} as const;
const chain = { ok: true, records: 3, anchored: 3 };
const sync = {
  name: 's',
  status: { conditions: [{ type: 'InSync', status: 'true', message: '' }], agree: 1, total: 1, generation: 1 },
};
const answers = {
  'GET /readyz': { live: true, ready: true, sealed: false, version: '0.0.9', revision: 7 },
  'GET /healthz': { body: {}, headers: { date: new Date(now).toUTCString() } },
  'GET /api/v1/whoami': { principal: 'person/ada', policies: [], accessor: 'a', expires: now + 90 * day },
  'POST /api/v1/audit/verify': {
    ok: true,
    chains: ['truth', 'work', 'audit'].map((name) => ({ ...chain, name })),
  },
  'GET /api/v1/syncs': { items: [sync] },
};
const healthy: TerminalOptions = {
  env: { PLUMB_ADDR: 'unix:/srv/plumb/plumb.sock', PLUMB_TOKEN: 'plumb.aaaaaaaa.b', SHELL: '/bin/bash' },
  files,
  answers,
  space: { free: 50 * 1024 ** 3, total: 100 * 1024 ** 3 },
};

/** What is not well, by check. */
async function troubles(
  options: TerminalOptions,
): Promise<{ readonly code: number; readonly found: Record<string, string> }> {
  const { code, stdout } = await new FakeTerminal({ ...healthy, ...options }).run('doctor', '--json');
  const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
  const bad = findings.filter(({ state }) => state !== 'ok' && state !== 'skipped');
  return { code, found: Object.fromEntries(bad.map(({ check, state, says }) => [check, `${state}: ${says}`])) };
}

test('finds nothing where all is well, and says what it looked at', async () => {
  const { code, stdout } = await new FakeTerminal(healthy).run('doctor');
  expect(code).toBe(0);
  expect(stdout).toBe(`ok    address      unix:/srv/plumb/plumb.sock
ok    program      plumb 0.0.0 on Node 26.0.0
ok    completion   for bash
-     credentials  nobody has signed in here yet
ok    token        from PLUMB_TOKEN
ok    socket       /srv/plumb/plumb.sock, in a folder that is yours alone
ok    key file     /srv/plumb/root.key, yours alone
ok    audit file   /srv/plumb/audit.log, yours alone
ok    disk         50 GiB of 100 GiB free for /home/ada/.local/state/plumb
ok    server       unix:/srv/plumb/plumb.sock, plumb 0.0.9, revision 7
ok    clock        as that of the server
ok    sign-in      as person/ada, ends in 90 days
ok    store        6 records, all in their chain
ok    audit        3 records, all in their chain
ok    syncs        1 of 1 in agreement
0 failed, 0 to look at, 14 well
`);
});

const conflict = {
  ...sync,
  status: { ...sync.status, conditions: [{ type: 'Conflict', status: 'true', message: '' }] },
};
const broken = {
  ok: false,
  records: 3,
  anchored: 3,
  name: 'work',
  problem: 'record 2 is not the one that was written',
};
const at = (ms: number) => ({ body: {}, headers: { date: new Date(now + ms).toUTCString() } });

describe('finds', () => {
  test.each<[string, TerminalOptions, Record<string, string>]>([
    [
      'a key file that others may read',
      { files: { ...files, '/srv/plumb/root.key': { text: '', mode: 0o644 } } },
      { 'key file': 'fail: /srv/plumb/root.key may be read by others, or is not yours' },
    ],
    [
      'an open socket',
      { files: { ...files, '/srv/plumb': { ...folder, mode: 0o755 } } },
      { socket: 'fail: /srv/plumb is open to others, or not yours' },
    ],
    [
      'a full disk',
      { space: { free: 50 * 1024 ** 2, total: 100 * 1024 ** 3 } },
      { disk: 'fail: 50 MiB of 100 GiB free for /home/ada/.local/state/plumb' },
    ],
    [
      'a disk that is nearly full',
      { space: { free: 0.5 * 1024 ** 3, total: 100 * 1024 ** 3 } },
      { disk: 'warn: 512 MiB of 100 GiB free for /home/ada/.local/state/plumb' },
    ],
    ['no completion', { files: { ...files, '/home/ada/.bashrc': '' } }, { completion: 'warn: none for bash' }],
    [
      'another release',
      { answers: { ...answers, 'GET /readyz': { ...answers['GET /readyz'], version: '1.2.0' } } },
      { server: 'warn: unix:/srv/plumb/plumb.sock, plumb 1.2.0, revision 7' },
    ],
    [
      'a sealed server',
      { answers: { 'GET /readyz': { status: 503, body: { ...answers['GET /readyz'], sealed: true } } } },
      { server: 'fail: unix:/srv/plumb/plumb.sock is sealed' },
    ],
    [
      'a clock that is slow',
      { answers: { ...answers, 'GET /healthz': at(30_000) } },
      { clock: 'warn: 30 s behind that of the server' },
    ],
    [
      'a clock that is fast',
      { answers: { ...answers, 'GET /healthz': at(-90_000) } },
      { clock: 'fail: 89 s ahead of that of the server' },
    ],
    [
      'a token that ends soon',
      { answers: { ...answers, 'GET /api/v1/whoami': { principal: 'p', expires: now + 2 * day } } },
      { 'sign-in': 'warn: as p, ends in 2 days' },
    ],
    [
      'a broken chain',
      {
        answers: {
          ...answers,
          'POST /api/v1/audit/verify': {
            ok: false,
            chains: [{ ...chain, name: 'truth' }, broken, { ...chain, name: 'audit' }],
          },
        },
      },
      { store: 'fail: work: record 2 is not the one that was written' },
    ],
    [
      'a sync that waits',
      { answers: { ...answers, 'GET /api/v1/syncs': { items: [sync, conflict] } } },
      { syncs: 'fail: 1 of 2 in agreement; s need a person' },
    ],
    [
      'a sync that was not looked at',
      { answers: { ...answers, 'GET /api/v1/syncs': { items: [sync, { name: 't' }] } } },
      { syncs: 'warn: 1 of 2 in agreement; not t' },
    ],
    ['no server', { answers: {} }, { server: 'fail: the server at unix:/srv/plumb/plumb.sock does not answer' }],
    [
      'no token',
      { env: { PLUMB_ADDR: 'unix:/srv/plumb/plumb.sock' } },
      { token: 'fail: none for unix:/srv/plumb/plumb.sock' },
    ],
    ['no address', { env: {} }, { address: 'fail: which server?' }],
  ])('%s', async (_, options, expected) => {
    const { code, found } = await troubles(options);
    expect(found).toEqual(expected);
    expect(code).toBe(Object.values(found).some((text) => text.startsWith('fail')) ? 1 : 0);
  });

  test('credentials that others may read', async () => {
    const path = '/home/ada/.local/state/plumb/credentials.json';
    const { code, found } = await troubles({ files: { ...files, [path]: { text: '{}', mode: 0o644 } } });
    expect([code, found['credentials']]).toEqual([1, `fail: ${path} may be read by other users, so it is not used`]);
  });

  test('a certificate that ends, or that nobody here knows', async () => {
    const env = { ...healthy.env, PLUMB_ADDR: 'https://plumb.example' };
    const certificate = { expires: now + 10 * day, chain: ['plumb.example', 'Our CA'] };
    const soon = await troubles({ env, certificate });
    expect(soon.found).toEqual({ tls: 'warn: plumb.example ← Our CA, ends in 10 days' });
    const over = await troubles({
      env,
      certificate: { ...certificate, expires: now - 3 * day, problem: 'CERT_HAS_EXPIRED' },
    });
    expect(over.found).toEqual({ tls: 'fail: plumb.example ← Our CA, ends 3 days ago: CERT_HAS_EXPIRED' });
  });
});

test('what may not be asked is skipped', async () => {
  const refused = { status: 403, body: { code: 'forbidden', detail: 'person/ada may not audit sys/audit' } };
  const { code, found } = await troubles({ answers: { ...answers, 'POST /api/v1/audit/verify': refused } });
  expect([code, found]).toEqual([0, {}]);
});

test('sizes and times read well', () => {
  expect([sizeText(10), sizeText(1536), sizeText(20 * 1024 ** 3)]).toEqual(['10 bytes', '1.5 KiB', '20 GiB']);
  expect([distance(3_600_000), distance(-2 * day)]).toEqual(['in 1 h', '2 days ago']);
  expect([endState(0, 7), endState(day, 7), endState(8 * day, 7)]).toEqual(['fail', 'warn', 'ok']);
});
