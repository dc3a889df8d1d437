/** The main job as a new user does it: a fresh clone, `npm start`, and every line of the session in the README. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileThat, freshClone } from './clone.ts';
import type { Clone, Ran } from './clone.ts';
import { environment, expectedCounts } from './sample-counts.ts';

let clone: Clone;
let server: Awaited<ReturnType<Clone['start']>>;
let delivered: string;

async function plumb(...args: string[]): Promise<Ran> {
  return clone.plumb(args);
}

/** Runs and answers standard output; fails with everything that was said unless it ended with 0. */
async function works(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await clone.plumb(args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.any(String) });
  return stdout;
}

beforeAll(async () => {
  clone = await freshClone();
  server = await clone.start();
  delivered = join(clone.folder, '.plumb/dev/out/production.env');
});

afterAll(async () => {
  await server.stop();
  await clone.remove();
});

describe('npm start on a fresh clone', () => {
  test('says where it answers, who is signed in, and that the sample is in agreement', () => {
    expect(server.banner).toMatch(
      /^plumb 0\.1\.0 · development mode: its key lies beside its data, for trying out only$/m,
    );
    expect(server.banner).toMatch(
      /^ {2}API {3}http:\/\/127\.0\.0\.1:\d+ and \.plumb\/dev\/plumb\.sock {8}store {2}\.plumb\/dev \(embedded\)$/m,
    );
    expect(server.banner).toMatch(/^ {2}signed in as root on the socket; the token is readable by you alone$/m);
    expect(server.banner).toContain(
      'sample project changelog: base ← development, test, production; sync laptop → .plumb/dev/out/production.env, in agreement',
    );
  });

  test('keeps key, token and what is delivered for this user alone', () => {
    const modes = ['', 'root.key', 'token', 'plumb.db', 'audit.log', 'out/production.env'].map((name) => [
      name,
      (statSync(join(clone.folder, '.plumb/dev', name)).mode & 0o777).toString(8),
    ]);
    const [folder, ...files] = modes;
    expect(folder).toEqual(['', '700']);
    expect(files.map(([, mode]) => mode)).toEqual(['600', '600', '600', '600', '600']);
  });
});

describe('the session', () => {
  test('diff shows plain values, hides secrets, and counts as the files of the sample say', async () => {
    const { same, differs, onlyLeft, onlyRight } = await expectedCounts('development', 'production');
    const out = await works('diff', 'changelog/development', 'changelog/production');
    expect(out).toMatch(/^ {2}DB_HOST +"localhost" +→ {2}"db\.sample\.internal"$/m);
    expect(out).toMatch(/^ {2}DB_PASS +•{8} +→ {2}•{8} {3}differs$/m);
    expect(out).toMatch(/^\+ URL_HOST +"changelog\.com"$/m);
    expect(out).toMatch(/^- LIVE_RELOAD +"true"$/m);
    expect(out.trimEnd().split('\n').at(-1)).toBe(
      `${differs} differ, ${onlyRight} only in production, ${onlyLeft} only in development, ${same} same`,
    );
    expect([same, differs, onlyLeft, onlyRight].every((count) => count > 0)).toBe(true);
  });

  test('why explains a value made of others and hides what is made from a secret', async () => {
    const out = await works('why', 'changelog/production/DB_URL');
    expect(out).toContain('postgres://${DB_USER}:${DB_PASS}@${DB_HOST}/${DB_NAME}');
    for (const origin of ['changelog/base/DB_URL', 'changelog/production/DB_PASS', 'changelog/production/DB_HOST']) {
      expect(out).toContain(origin);
    }
    expect(out).toContain('laptop');
    expect(out).not.toContain('db.sample.internal/');
  });

  test('a change is in the file at once, and so is what refers to it', async () => {
    const reason = 'moved to the new primary, see runbook 14';
    await works('set', 'changelog/production/DB_HOST=db2.sample.internal', '--reason', reason);
    const text = await fileThat(delivered, (now) => now.includes('DB_HOST=db2.sample.internal'));
    expect(text).toMatch(/^DB_URL=.*@db2\.sample\.internal\//m);
    expect(await works('history', 'changelog/production/DB_HOST')).toContain(reason);
    const names = (await environment('production')).keys();
    expect(text.match(/^\w+(?==)/gm)?.toSorted()).toEqual([...names].toSorted());
  });

  test('a hand edit is put right, and said', async () => {
    const right = readFileSync(delivered, 'utf8');
    await writeFile(`${delivered}.new`, right.replace('db2.sample.internal', 'evil.sample.internal'), { mode: 0o600 });
    await rename(`${delivered}.new`, delivered);
    await fileThat(delivered, (now) => now === right);
    // What was done is recorded when it is done.
    const said = async (): Promise<string> => works('sync', 'status', '--json');
    await expect.poll(said).toContain('repaired');
  });

  test('a file that is right is not written again', async () => {
    const before = await stat(delivered);
    await works('sync', 'apply', 'laptop');
    expect((await stat(delivered)).ino).toBe(before.ino);
  });

  test('syncs are planned before they are made', async () => {
    const create = 'sync create staging-file --from changelog/staging --to local:staging.env --run-as workload/laptop';
    const dry = await works(...create.split(' '), '--dry-run');
    expect(dry).toMatch(/staging/);
    expect((await plumb('sync', 'get', 'staging-file')).code).not.toBe(0);
    expect(await works('sync', 'plan', 'laptop')).toBeTruthy();
    expect(await works('sync', 'status')).toMatch(/^laptop +local:production\.env +yes \((\d+)\/\1\)/m);
  });

  test('run gives the values to a command', async () => {
    expect(await works('run', '-e', 'changelog/development', '--', 'printenv', 'DB_HOST')).toBe('localhost\n');
    const token = await clone.plumb(['run', '-e', 'changelog/development', '--', 'sh', '-c', 'echo "<$PLUMB_TOKEN>"']);
    expect(token.stdout).toBe('<>\n');
    expect((await plumb('run', '-e', 'changelog/development', '--', 'sh', '-c', 'exit 7')).code).toBe(7);
  });

  test('import says what it would do, and with --dry-run does not do it', async () => {
    const out = await works('import', 'changelog/staging', 'staging.env', '--dry-run');
    expect(out).toContain('DB_HOST');
    expect(out).not.toContain('sample $taging');
    expect((await plumb('get', 'changelog/staging/DB_HOST')).code).toBe(1);
  });

  test('the audit trail is whole', async () => {
    expect(await works('audit', 'verify')).toMatch(/truth/);
  });
});

describe('as a person with a narrow policy', () => {
  const asAlice: { PLUMB_TOKEN?: string } = {};

  beforeAll(async () => {
    await works('principal', 'put', 'person/alice', '--policy', 'developer');
    const issued = await works('token', 'create', '--principal', 'person/alice', '--ttl', '1h', '--json');
    asAlice.PLUMB_TOKEN = (JSON.parse(issued) as { token: string }).token;
  });

  const alice = (args: readonly string[]): Promise<Ran> => clone.plumb(args, { env: asAlice });

  // 4: refused, 125: refused before the command ran, 1: not even to be known of.
  // What the policy says: list all, read base, development and test, write development and test, compare all.
  test.each<[exitCode: number, ...args: string[]]>([
    [0, 'whoami'],
    [0, 'diff', 'changelog/development', 'changelog/production'],
    [0, 'why', 'changelog/production/DB_URL'],
    [4, 'get', 'changelog/production/DB_HOST'],
    [0, 'get', 'changelog/development/DB_HOST'],
    [4, 'set', 'changelog/production/DB_HOST=db3.sample.internal', '--reason', 'not mine to change'],
    [0, 'set', 'changelog/development/DB_HOST=localhost', '--reason', 'as it was'],
    [125, 'run', '-e', 'changelog/production', '--', 'true'],
    [0, 'run', '-e', 'changelog/development', '--', 'printenv', 'DB_HOST'],
    [1, 'sync', 'plan', 'laptop'],
    [
      4,
      'sync',
      'create',
      'mine',
      '--from',
      'changelog/development',
      '--to',
      'local:a.env',
      '--run-as',
      'workload/laptop',
      '--dry-run',
    ],
    [4, 'import', 'changelog/staging', 'staging.env', '--dry-run'],
    [0, 'history', 'changelog/production/DB_HOST'],
    [4, 'audit', 'verify'],
    [4, 'token', 'create', '--principal', 'person/root'],
    [4, 'policy', 'put', 'admin', '@examples/changelog/policies/developer.policy'],
  ])('ends with %i: %s %s %s', async (exitCode, ...args) => {
    const { code, stderr } = await alice(args);
    expect({ args, code, stderr }).toEqual({ args, code: exitCode, stderr: expect.any(String) });
    expect(stderr).toMatch(exitCode === 0 ? /^/ : /^error: .+/);
  });

  test('secrets of production are neither shown nor compared', async () => {
    const { stdout } = await alice(['diff', 'changelog/development', 'changelog/production', '--json']);
    const { rows } = JSON.parse(stdout) as { rows: { name: string; status: string; right?: string }[] };
    const row = (name: string) => rows.find((each) => each.name === name);
    expect(row('DB_PASS')?.status).toBe('unknown');
    expect(row('DB_HOST')).toMatchObject({ status: 'differs' });
    expect(row('DB_HOST')).not.toHaveProperty('right');
    const why = await alice(['why', 'changelog/production/DB_URL', '--json']);
    expect(JSON.parse(why.stdout)).not.toHaveProperty('value');
  });
});

describe('started again', () => {
  test('it installs nothing, and is as it was', async () => {
    const before = await works('list', 'changelog', '--recursive', '--json');
    const file = readFileSync(delivered, 'utf8');
    const inode = statSync(delivered).ino;
    const stamp = statSync(join(clone.folder, 'node_modules/.plumb-stamp')).mtimeMs;
    await server.stop();
    server = await clone.start();
    expect(server.stderr()).not.toContain('installing');
    expect(statSync(join(clone.folder, 'node_modules/.plumb-stamp')).mtimeMs).toBe(stamp);
    expect(await works('list', 'changelog', '--recursive', '--json')).toBe(before);
    expect(readFileSync(delivered, 'utf8')).toBe(file);
    expect(statSync(delivered).ino).toBe(inode);
  });

  test('a second server on the same folder is refused', async () => {
    const second = await plumb('server', '--dev', '--port', '0');
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('hint:') });
    writeFileSync(join(clone.folder, 'probe'), '');
    expect(await works('whoami')).toContain('root');
  });
});
