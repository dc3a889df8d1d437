import { describe, expect, test } from 'vitest';
import { PlumbError } from '#domain/errors';
import type { SpawnRequest } from '#cli/io';
import { FakeTerminal } from '#testing/terminal';

const file = "PASS=op://web/db/password\nHOST=db\nKEY='op://web/a b; touch x/key'\n";

function terminal(op: (reference: string, request: SpawnRequest) => number): FakeTerminal {
  return new FakeTerminal({
    env: { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 'secret-token' },
    files: { '/home/ada/app/.env': file },
    answers: {
      'GET /api/v1/values': { folder: 'a/b', revision: 1, entries: [] },
      'GET /api/v1/environments/a/b': { status: 404, body: { code: 'not-found', detail: 'nothing is there' } },
      'POST /api/v1/changes': { revision: 2, dryRun: false, entries: [], warnings: [] },
    },
    child: (request) => ({ code: op(request.args[2] ?? '', request) }),
  });
}
const written = (user: FakeTerminal): unknown =>
  user.requests.flatMap(({ url, body }) => (url.endsWith('/changes') ? [JSON.parse(body ?? '') as unknown] : []))[0];

function say(request: SpawnRequest, stream: 'stdout' | 'stderr', text: string): void {
  if (request.output !== 'inherit') request.output[stream](Buffer.from(text));
}

describe('references of 1Password', () => {
  test('are read by op, as an argument and without our token', async () => {
    const user = terminal((reference, request) => {
      say(request, 'stdout', `value of ${reference}`);
      return 0;
    });
    const { code, stderr } = await user.run('import', 'a/b', '.env', '--resolve', 'op');
    expect([code, stderr]).toEqual([0, '']);
    expect(user.spawned.map(({ command, args }) => [command, ...args])).toEqual([
      ['op', 'read', '--no-newline', 'op://web/db/password'],
      ['op', 'read', '--no-newline', 'op://web/a b; touch x/key'],
    ]);
    expect(Object.values(user.spawned[0]?.env ?? {})).not.toContain('secret-token');
    expect(written(user)).toMatchObject({
      ops: [
        { path: 'a/b/PASS', value: 'value of op://web/db/password' },
        { path: 'a/b/HOST', value: 'db' },
        { path: 'a/b/KEY', value: 'value of op://web/a b; touch x/key' },
      ],
    });
  });

  test('that cannot be read are named and left out; the others go in', async () => {
    const user = terminal((reference, request) => {
      if (reference.endsWith('password')) say(request, 'stdout', 'hunter2');
      else say(request, 'stderr', '[ERROR] no such \u001b[2Jitem\nmore');
      return reference.endsWith('password') ? 0 : 1;
    });
    const { code, stderr } = await user.run('import', 'a/b', '.env', '--resolve', 'op');
    expect([code, stderr]).toEqual([
      1,
      'warning: KEY is a reference of 1Password and is left out: op says: [ERROR] no such \\u{1b}[2Jitem\n',
    ]);
    expect(written(user)).toMatchObject({ ops: [{ path: 'a/b/PASS', value: 'hunter2' }, { path: 'a/b/HOST' }] });
  });

  test('are all left out where there is no op, which is looked for once', async () => {
    const user = terminal(() => {
      throw new PlumbError('not-found', 'op: no such command');
    });
    const { code, stderr } = await user.run('import', 'a/b', '.env', '--resolve', 'op');
    expect([code, stderr]).toEqual([
      1,
      'warning: PASS is a reference of 1Password and is left out: there is no op command\n' +
        'warning: KEY is a reference of 1Password and is left out: was not read\n',
    ]);
    expect(user.spawned).toHaveLength(1);
    expect(written(user)).toMatchObject({ ops: [{ path: 'a/b/HOST' }] });
  });

  test('are left out unless op is asked for', async () => {
    const user = terminal(() => 0);
    const { code, stderr } = await user.run('import', 'a/b', '.env');
    expect(code).toBe(1);
    expect(stderr).toContain('warning: PASS is a reference of 1Password and is left out: was not read\n');
    expect(stderr).toContain('hint: plumb import --resolve op reads 2 references by the op command\n');
    expect(user.spawned).toEqual([]);
  });
});
