/** The client as its users install it, in every place where it must run: its examples, against a real server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createServer } from 'node:tls';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newAuthority } from '#testing/certificates';
import type { Authority } from '#testing/certificates';
import { startServer } from '#testing/server';
import type { LocalServer } from '#testing/server';
import { buildClient } from '../../tools/build-client.ts';
import { runtimePath } from '../../tools/runtimes.ts';

const root = resolve(import.meta.dirname, '../..');
const examples = readdirSync(join(root, 'client/examples')).filter((name) => name.endsWith('.ts'));
let server: LocalServer;
/** Where a user has installed the client and written a program. */
let folder = '';

beforeAll(async () => {
  server = await startServer({ dev: true });
  folder = mkdtempSync(join(tmpdir(), 'plumb-sdk-'));
  const installed = join(folder, 'node_modules/@plumbd/client');
  await buildClient(join(installed, 'dist'));
  cpSync(join(root, 'client/package.json'), join(installed, 'package.json'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "dependencies": { "@plumbd/client": "*" } }');
  for (const name of examples) {
    const text = readFileSync(join(root, 'client/examples', name), 'utf8');
    writeFileSync(join(folder, name), text);
    // Node 20 takes no types.
    const { code } = transformSync(text, { loader: 'ts', format: 'esm', target: 'node20' });
    writeFileSync(join(folder, name.replace('.ts', '.js')), code);
  }
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** The server behind TLS, at an address that can go away. */
async function openLine(address: string, authority: Authority) {
  const { certificate: cert, privateKey: key } = authority.issue({ name: 'plumb', hosts: ['127.0.0.1'] });
  const { hostname, port } = new URL(address);
  const listening = createServer({ cert, key }, (near) => {
    const far = connect(Number(port), hostname);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  return {
    address: `https://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    close: () => new Promise<void>((settle) => listening.close(() => settle())),
  };
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((settle, fail) => {
    const all = {
      PATH: process.env['PATH'],
      HOME: folder,
      DENO_NO_UPDATE_CHECK: '1',
      DENO_DIR: join(folder, 'deno'),
      ...env,
    };
    const child = spawn(program, args, { cwd: folder, env: all, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    child.on('error', fail);
    child.on('close', (code) => settle({ code, ...said }));
  });
}

const runtimes: readonly { readonly name: string; readonly command: (file: string) => readonly [string, string[]] }[] =
  [
    { name: 'Node 20', command: (file) => [runtimePath('node20'), [file.replace('.ts', '.js')]] },
    { name: 'Node 24', command: (file) => [runtimePath('node24'), ['--disable-warning=ExperimentalWarning', file]] },
    { name: 'Node 26', command: (file) => [process.execPath, [file]] },
    { name: 'Deno', command: (file) => [runtimePath('deno'), ['run', '--allow-all', '--cached-only', file]] },
    { name: 'Bun', command: (file) => [runtimePath('bun'), ['run', file]] },
  ];

test('every example is run', () => {
  expect(examples).toEqual(['cached.ts', 'read.ts', 'watch.ts', 'write.ts']);
});

describe.each(runtimes)('$name', ({ name, command }) => {
  const example = (file: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> => {
    const [program, args] = command(file);
    return run(program, args, { PLUMB_ADDR: server.address, PLUMB_TOKEN: server.token, ...env });
  };

  test('reads', async () => {
    expect(await example('read.ts')).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^the database is at [a-z.]+; \d+ of the values are secrets\n$/),
      stderr: '',
    });
  });
  test('is refused', async () => {
    const token = `plumb.${'A'.repeat(8)}.${'A'.repeat(43)}`;
    expect(await example('read.ts', { PLUMB_TOKEN: token })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('unauthenticated: '),
    });
  });
  test('writes', async () => {
    expect(await example('write.ts')).toEqual({
      code: 0,
      stdout: 'changed 2 entries as one\nthen mismatch (412)\n',
      stderr: '',
    });
  });
  test('watches', async () => {
    expect(await example('watch.ts')).toEqual({ code: 0, stdout: 'changed: example/watched/A\ndone\n', stderr: '' });
  });
  test('goes on while the server is away, and never past a certificate that does not fit', async () => {
    const authority = newAuthority();
    const line = await openLine(server.address, authority);
    writeFileSync(join(folder, 'ca.pem'), authority.ca);
    const trusting = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'), DENO_CERT: join(folder, 'ca.pem') };
    const env = { EXAMPLE_CACHE: join(folder, `cache-${name}`), PLUMB_ADDR: line.address };
    try {
      const first = await example('cached.ts', { ...env, ...trusting });
      expect(first).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+ values\n$/), stderr: '' });
      const refused = await example('cached.ts', env);
      expect(refused).toMatchObject({ stdout: '', stderr: expect.stringContaining('the server does not answer') });
      expect(refused.code).not.toBe(0);
      await line.close();
      const away = await example('cached.ts', { ...env, ...trusting });
      expect(away).toEqual({ code: 0, stdout: `offline, as of before\n${first.stdout}`, stderr: '' });
    } finally {
      await line.close();
    }
  });
});
