/**
 * No plain value where none belongs: every byte that the system writes or prints while it is used, well and badly,
 * is searched for planted values. The same search finds a leak that is planted.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { canaries, found, foundBelow } from './canaries.ts';

const plumb = resolve(import.meta.dirname, '../../plumb');

interface Said {
  readonly what: string;
  readonly output: Buffer;
}

class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'plumb-secrecy-'));
  /** Everything that was said where no value belongs. */
  readonly said: Said[] = [];
  /** Where a text that was typed and refused is kept. */
  readonly privateFolder = join(this.folder, 'private');
  readonly #env: NodeJS.ProcessEnv;
  readonly #server: ChildProcess;
  readonly #serverOutput: Buffer[] = [];

  constructor(serverEnv: NodeJS.ProcessEnv) {
    const clean = Object.entries(process.env).filter(([name]) => !/^(PLUMB_|NODE_|VITEST|DBUS_)/.test(name));
    this.#env = {
      ...Object.fromEntries(clean),
      XDG_STATE_HOME: join(this.folder, 'state'),
      // What is read is kept, in files that are searched like all others.
      PLUMB_OFFLINE: 'keep',
      XDG_CACHE_HOME: join(this.folder, 'cache'),
      XDG_RUNTIME_DIR: this.privateFolder,
      // Types what stands in that file.
      EDITOR: 'cp input-typed',
      NO_COLOR: '1',
    };
    mkdirSync(this.privateFolder, { mode: 0o700 });
    const env = { ...this.#env, ...serverEnv };
    const args = ['server', '--dev', '--port', '0', '--log-level', 'debug'];
    this.#server = spawn(plumb, args, { cwd: this.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async started(): Promise<void> {
    const ready = Promise.withResolvers<void>();
    for (const stream of [this.#server.stdout, this.#server.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#serverOutput.push(chunk);
        if (this.serverOutput().includes('signed in as root')) ready.resolve();
      });
    }
    const ended = once(this.#server, 'exit').then(() => Promise.reject(new Error(this.serverOutput().toString())));
    await Promise.race([ready.promise, ended]);
  }

  serverOutput(): Buffer {
    return Buffer.concat(this.#serverOutput);
  }

  get pid(): number {
    return this.#server.pid ?? 0;
  }

  file(name: string, content: string): string {
    writeFileSync(join(this.folder, `input-${name}`), content, { mode: 0o600 });
    return `input-${name}`;
  }

  /** Runs a command; what it prints is searched later unless values belong there. */
  async cli(args: readonly string[], { input = '', belongs = false } = {}): Promise<number | null> {
    const child = spawn(plumb, args, { cwd: this.folder, env: this.#env, stdio: ['pipe', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    this.said.push({ what: `arguments of ${args.join(' ')}`, output: readFileSync(`/proc/${child.pid}/cmdline`) });
    child.stdin.on('error', () => undefined).end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    if (!belongs) this.said.push({ what: args.join(' '), output: Buffer.concat(chunks) });
    return code;
  }

  /** A request of its own on the socket; what is answered is searched later. */
  async http(method: string, path: string, body: string): Promise<number> {
    const token = readFileSync(join(this.folder, '.plumb/dev/token'), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', host: 'localhost' };
    const sent = request({ socketPath: join(this.folder, '.plumb/dev/plumb.sock'), method, path, headers });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [
      NodeJS.ReadableStream & { statusCode: number; rawHeaders: string[] },
    ];
    const chunks: Buffer[] = [Buffer.from(response.rawHeaders.join('\n'))];
    for await (const chunk of response) chunks.push(Buffer.from(chunk));
    this.said.push({ what: `${method} ${path}`, output: Buffer.concat(chunks) });
    return response.statusCode;
  }

  async stop(): Promise<void> {
    if (this.#server.exitCode !== null || this.#server.signalCode !== null) return;
    const exited = once(this.#server, 'exit');
    this.#server.kill('SIGTERM');
    await exited;
  }

  /** Everything found where it does not belong: files, output, and what the kernel shows of the process. */
  leaks(): Record<string, readonly string[]> {
    const belongs = (path: string): boolean =>
      ['/.plumb/dev/out/', '/input-', '/private/plumb-'].some((part) => path.includes(part));
    const leaks = { ...foundBelow(this.folder, belongs) };
    for (const { what, output } of [...this.said, { what: 'the server', output: this.serverOutput() }]) {
      const seen = found(output);
      if (seen.length > 0) leaks[what] = seen;
    }
    return leaks;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

function kubeconfigWith(user: object): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  });
}

/** Used well: every way in, every way to look at it without asking for the value. */
async function useWell(stage: Stage): Promise<void> {
  for (const [name, value] of Object.entries(canaries)) {
    const path = `changelog/production/CANARY_${name.toUpperCase()}`;
    expect(await stage.cli(['set', `${path}=-`, '--reason', 'planted'], { input: value })).toBe(0);
    expect(await stage.cli(['set', `${path}_FILE=@${stage.file(name, value)}`, '--reason', 'planted'])).toBe(0);
    expect(await stage.cli(['get', path])).toBe(1);
    expect(await stage.cli(['get', path, '--json'])).toBe(0);
    expect(await stage.cli(['why', path])).toBe(0);
  }
  const literal = `https://user:${canaries.word}@host/\${CANARY_WORD}`;
  const expression = ['set', 'changelog/production/MADE_OF_IT=-', '--expression', '--reason', 'planted'];
  expect(await stage.cli(expression, { input: literal })).toBe(0);
  expect(await stage.cli(['why', 'changelog/production/MADE_OF_IT'])).toBe(0);
  const env = stage.file('import.env', `IMPORTED=${canaries.word}\nQUOTED='${canaries.lines}'\n`);
  expect(await stage.cli(['import', 'changelog/test', env, '--dry-run'])).toBe(0);
  expect(await stage.cli(['import', 'changelog/test', env])).toBe(0);
  stage.file('typed', `EDITED: ${JSON.stringify(canaries.quoted)}\nOPEN: !config plain\n`);
  expect(await stage.cli(['edit', 'changelog/edited'])).toBe(0);
  expect(readdirSync(stage.privateFolder)).toEqual([]);
  // Kept, and used in vain: nothing listens there.
  const kubeconfig = stage.file('kubeconfig', kubeconfigWith({ token: canaries.word }));
  expect(await stage.cli(['target', 'add', 'nowhere', '--kubeconfig', kubeconfig])).toBe(5);
  for (const args of [
    ['target', 'list', '--json'],
    ['target', 'get', 'nowhere', '--json'],
    ['history', 'sys/targets/nowhere/credential', '--json'],
    ['diff', 'changelog/test', 'changelog/production'],
    ['history', 'changelog/production/CANARY_WORD'],
    ['list', 'changelog', '--recursive', '--json'],
    ['sync', 'plan', 'laptop'],
    ['sync', 'apply', 'laptop'],
    ['sync', 'status', '--json'],
    ['audit', 'verify'],
    ['run', '--mask', '-e', 'changelog/test', '--', 'printenv', 'IMPORTED', 'QUOTED'],
  ]) {
    expect([args, await stage.cli(args)]).toEqual([args, 0]);
  }
  const revealed = ['get', 'changelog/production/CANARY_WORD', '--reveal'];
  expect(await stage.cli(revealed, { belongs: true })).toBe(0);
  expect(await stage.cli(['export', 'changelog/test'], { belongs: true })).toBe(0);
  expect(await stage.cli([...revealed, '--offline'], { belongs: true })).toBe(0);
  expect(await stage.cli(['list', 'changelog/test', '--offline', '--json'])).toBe(0);
}

/** Used badly: each is refused, and none of the refusals may quote what was given. */
async function useBadly(stage: Stage): Promise<void> {
  const { word } = canaries;
  for (const [args, input] of [
    [['set', 'changelog/production/NUMBER=-', '--type', 'integer', '--reason', 'r'], word],
    [['set', 'changelog/production/URL=-', '--type', 'url', '--reason', 'r'], word],
    [['set', 'changelog/production/JSON=-', '--type', 'json', '--reason', 'r'], `{"a": ${word}}`],
    [['set', 'changelog/production/PEM=-', '--type', 'pem', '--reason', 'r'], word],
    [['set', 'changelog/production/LOOP=-', '--expression', '--reason', 'r'], `${word}\${LOOP}`],
    [['set', 'changelog/production/OPEN=-', '--expression', '--reason', 'r'], `${word}\${`],
    [['set', 'changelog/production/LARGE=-', '--reason', 'r'], word.repeat(60_000)],
    [['set', 'changelog/production/CANARY_WORD=-', '--if-version', '7', '--reason', 'r'], word],
    [['import', 'changelog/test', stage.file('bad.env', `A=1\nB="${word}\nnever closed`)], ''],
    [['import', 'changelog/test', stage.file('twice.env', `A=${word}\nA=${word}2`)], ''],
    [['import', 'changelog/test', stage.file('bad.json', `{"A": "${word}`)], ''],
    [
      [
        'target',
        'add',
        'bad',
        '--kubeconfig',
        stage.file('bad.yaml', `users: [{ name: ${word}, user: { token: "${word}`),
      ],
      '',
    ],
    [['target', 'add', 'bad', '--kubeconfig', '-'], kubeconfigWith({ token: `${word} with blanks` })],
    [['target', 'add', 'bad', '--kubeconfig', '-'], kubeconfigWith({ password: word, username: word, exec: null })],
    [
      ['target', 'add', 'bad', '--kubeconfig', '-'],
      kubeconfigWith({ 'client-certificate-data': word, 'client-key-data': word }),
    ],
  ] as const) {
    expect([args, await stage.cli(args, { input })]).toEqual([
      args,
      expect.toSatisfy((code: number) => code === 1 || code === 2),
    ]);
  }
  for (const typed of [
    `A: [${word}`,
    `A: !${word} ${word}`,
    `A: !integer ${word}`,
    `"${word}": !unchanged ${word}`,
    `A: "\\${word}"`,
  ]) {
    stage.file('typed', typed);
    expect([typed, await stage.cli(['edit', 'changelog/edited', '--reason', 'r'])]).toEqual([typed, 1]);
  }
  const path = '/api/v1/entries/changelog/production/RAW';
  for (const [method, at, body] of [
    ['PUT', path, `{"value": "${word}"`],
    ['PUT', path, `{"value": "${word}", "value": "${word}"}`],
    ['PUT', path, `{"value": "${word}", "valeu": 1}`],
    ['PUT', path, `{"value": {"a": "${word}"}}`],
    ['PUT', path, `{"value": "a", "kind": "${word}"}`],
    ['PUT', path, `{"value": "${word}", "__proto__": {"x": "${word}"}}`],
    ['POST', '/api/v1/changes', `{"ops": [{"op": "put", "path": "changelog//x", "value": "${word}"}]}`],
    ['POST', '/api/v1/nowhere', `{"value": "${word}"}`],
    ['PATCH', path, `{"value": "${word}"}`],
  ] as const) {
    expect([body, await stage.http(method, at, body)]).toEqual([
      body,
      expect.toSatisfy((status: number) => status >= 400 && status < 500),
    ]);
  }
}

test('a used and misused system lets no value out', async () => {
  const stage = new Stage({});
  onTestFinished(() => stage.remove());
  await stage.started();
  await useWell(stage);
  await useBadly(stage);
  const kernel = ['cmdline', 'environ', 'comm'].map((name) => readFileSync(`/proc/${stage.pid}/${name}`));
  const limits = readFileSync(`/proc/${stage.pid}/limits`, 'utf8');
  await stage.stop();
  expect(stage.leaks()).toEqual({});
  expect(found(Buffer.concat(kernel))).toEqual([]);
  expect(limits).toMatch(/^Max core file size +0 +0/m);
  expect(found(readFileSync(join(stage.folder, '.plumb/dev/out/production.env')))).not.toEqual([]);
});

test('a leak planted on purpose is found', async () => {
  const stage = new Stage({ NODE_OPTIONS: `--import=${resolve(import.meta.dirname, 'leak.ts')}` });
  onTestFinished(() => stage.remove());
  await stage.started();
  expect(await stage.cli(['set', 'changelog/production/A=-', '--reason', 'r'], { input: canaries.word })).toBe(0);
  await stage.stop();
  expect(Object.keys(stage.leaks())).toEqual([join(stage.folder, 'debug.log')]);
});
