/** A server, a machine with files, and agents on it: in this process with a clock of the test's, or as processes of their own. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Agent } from '#agent/agent';
import { readConfig } from '#agent/config';
import { runCommand } from '#agent/io/command';
import { systemRandom } from '#agent/io/random';
import { openTransport } from '#agent/io/transport';
import type { AgentTransport, TransportOptions } from '#agent/io/transport';
import { createLog } from '#agent/log';
import type { SyncReport } from '#agent/status';
import { FakeClock } from '#testing/clock';
import { startServer } from '#testing/server';
import type { LocalServer } from '#testing/server';
import { readTextFile } from '#util/files';

export const folder = 'app/production';
const main = join(import.meta.dirname, '../../src/main.ts');

/** Resolves when it holds: asked again after every turn of the event loop and every 10 ms. `nudge` may move a clock. */
export async function until(holds: () => boolean, nudge: () => Promise<void> = async () => undefined): Promise<void> {
  while (!holds()) {
    await nudge();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export interface AgentProcess {
  readonly pid: number;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
  stdout(): string;
  stderr(): string;
}

export class World {
  readonly place = mkdtempSync(join(tmpdir(), 'plumb-agent-'));
  readonly root = join(this.place, 'root');
  readonly state = join(this.place, 'state');
  readonly tokenFile = join(this.place, 'token');
  readonly configFile = join(this.place, 'agent.yaml');
  readonly clock = new FakeClock(Date.now());
  readonly lines: string[] = [];
  readonly #agents: Agent[] = [];
  readonly #processes: AgentProcess[] = [];
  #server: LocalServer | undefined;
  /** Requests of agents that nobody has answered yet. */
  #asked = 0;

  /** A server with values in {@link folder}, and a workload that may read them. */
  static async make(values: Readonly<Record<string, string>> = { A: 'one', SECRET: 'first' }): Promise<World> {
    const world = new World();
    mkdirSync(world.root);
    mkdirSync(join(world.place, 'server'));
    await world.startServer();
    const { client } = world.server;
    await world.set(values);
    await client.policies.put('agent', { text: `allow read on ${folder}/*` });
    await client.principals.put('workload/agent', { policies: ['agent'] });
    await newToken(world);
    world.configure();
    return world;
  }

  get server(): LocalServer {
    if (this.#server === undefined) throw new Error('no server runs');
    return this.#server;
  }

  async startServer(argv: readonly string[] = []): Promise<void> {
    this.#server = await startServer({ folder: join(this.place, 'server'), argv });
  }

  async stopServer(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.stop();
  }

  /** `null` deletes. */
  async set(values: Readonly<Record<string, string | null>>): Promise<void> {
    const ops = Object.entries(values).map(([name, value]) => {
      const path = `${folder}/${name}`;
      return value === null ? ({ op: 'delete', path } as const) : ({ op: 'put', path, value } as const);
    });
    await this.server.client.changes.apply({ ops });
  }

  /** The configuration file, with one sync `app` to `.env`, or others. */
  configure(more: Readonly<Record<string, unknown>> = {}, syncs: readonly object[] = [{}]): void {
    const rows = syncs.map((sync) => ({ name: 'app', source: folder, root: 'main', at: '.env', ...sync }));
    const server = `unix:${join(this.place, 'server/.plumb/server/plumb.sock')}`;
    const { tokenFile, state, root } = this;
    const content = { server, tokenFile, state, roots: { main: root }, syncs: rows, ...more };
    // JSON is YAML.
    writeFileSync(this.configFile, JSON.stringify(content, null, 2));
  }

  /** In this process, not started yet. */
  async open(): Promise<Agent> {
    const argv = ['--config', this.configFile];
    const config = await readConfig({ argv, env: {}, cwd: this.place, readText: readTextFile });
    const agent = await Agent.open(config, {
      clock: this.clock,
      random: systemRandom,
      log: createLog('debug', { write: (line) => this.lines.push(line) }),
      version: '0.0.0',
      pid: 1,
      run: runCommand,
      env: { PATH: process.env['PATH'] ?? '' },
      openTransport: (options) => this.#openTransport(options),
    });
    this.#agents.push(agent);
    return agent;
  }

  /** The same, started, once it has nothing left to do. */
  async start(): Promise<Agent> {
    const agent = await this.open();
    agent.start();
    await this.rest(agent);
    return agent;
  }

  /** Until nothing is left to do; failures are waited for too. */
  async rest(agent: Agent): Promise<void> {
    await until(
      () => agent.busy === 0 && agent.status().syncs.every(({ status }) => status !== undefined),
      () => pass(this, 100),
    );
  }

  /** Nothing that agents here have begun is under way. */
  get isStill(): boolean {
    return this.#asked === 0 && this.#agents.every(({ running }) => running === 0);
  }

  async #openTransport(options: TransportOptions): Promise<AgentTransport> {
    const transport = await openTransport(options);
    const send: AgentTransport['send'] = async (url, request) => {
      this.#asked += 1;
      try {
        return await transport.send(url, request);
      } finally {
        this.#asked -= 1;
      }
    };
    return { ...transport, send };
  }

  /** `plumb agent …` as a process of its own. */
  spawn(...words: readonly string[]): AgentProcess {
    const argv = ['--conditions=plumb-source', main, 'agent', ...words, '--config', this.configFile];
    const child = spawn(process.execPath, argv, { cwd: this.place, stdio: ['ignore', 'pipe', 'pipe'] });
    const written = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
    const exited = new Promise<Awaited<AgentProcess['exited']>>((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    const found: AgentProcess = {
      pid: child.pid ?? 0,
      exited,
      kill: (signal) => void child.kill(signal),
      stdout: () => written.stdout,
      stderr: () => written.stderr,
    };
    this.#processes.push(found);
    return found;
  }

  path(at = '.env'): string {
    return join(this.root, at);
  }

  /** The lines of the file that say something; `null`: there is none. */
  file(at = '.env'): readonly string[] | null {
    if (!existsSync(this.path(at))) return null;
    return readFileSync(this.path(at), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  }

  async end(): Promise<void> {
    for (const agent of this.#agents) await agent.stop();
    for (const { kill, exited } of this.#processes) {
      kill('SIGKILL');
      await exited;
    }
    await this.stopServer();
    rmSync(this.place, { recursive: true, force: true, maxRetries: 10 });
  }
}

/**
 * Moves the clock on, from timer to timer; at each it stands still until what has begun has ended. Files and sockets take time
 * of their own, and would seem to hang by a clock that goes on without them.
 */
export async function pass(world: World, ms: number): Promise<void> {
  const { clock } = world;
  const end = clock.now() + ms;
  do {
    await until(() => world.isStill);
    const left = end - clock.now();
    await clock.advance(Math.min(left, clock.untilNext ?? left));
  } while (clock.now() < end);
}

/** Another token of the workload, in its file. */
export async function newToken({ server, tokenFile }: World): Promise<void> {
  const { token } = await server.client.tokens.create({ principal: 'workload/agent' });
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
}

/** The conditions of a sync that hold, as `Type: Reason`. */
export function conditions(agent: Agent, name = 'app'): readonly string[] {
  return (report(agent, name).status?.conditions ?? [])
    .filter(({ status }) => status === 'true')
    .map(({ type, reason }) => `${type}: ${reason}`);
}

export function report(agent: Agent, name = 'app'): SyncReport {
  const found = agent.status().syncs.find((sync) => sync.name === name);
  if (found === undefined) throw new Error(`there is no sync ${name}`);
  return found;
}

/** Every text that ever stood in the file, as somebody who reads it at each event sees it. */
export function lookOn(path: string): { readonly seen: ReadonlySet<string>; stop(): void } {
  const seen = new Set<string>();
  const look = (): void => {
    if (existsSync(path)) seen.add(readFileSync(path, 'utf8'));
  };
  const watcher = watch(dirname(path), look);
  look();
  return { seen, stop: () => watcher.close() };
}
