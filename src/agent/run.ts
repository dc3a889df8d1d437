/** The life of an agent process: read, keep, stop; and the questions to one that runs. */
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { Agent } from './agent.ts';
import { readConfig } from './config.ts';
import type { AgentConfig } from './config.ts';
import { runCommand } from './io/command.ts';
import { ask, openControl } from './io/control.ts';
import { systemRandom } from './io/random.ts';
import { openStateFolder } from './io/state-folder.ts';
import { openTransport } from './io/transport.ts';
import { createLog } from './log.ts';
import { errorFields, failureText } from '#domain/failures';
import type { Logger } from './log.ts';
import { helpText } from './options.ts';
import { statusText } from './status.ts';
import type { AgentStatus } from './status.ts';
import { PlumbError } from '#domain/errors';
import type { SyncStatus } from '#domain/records';
import { systemClock } from '#util/clock';
import { readTextFile } from '#util/files';

/** Everything that an agent takes from its process. */
export interface AgentIo {
  /** Behind `plumb agent`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  readonly version: string;
  readonly pid: number;
  readonly stdout: { write(text: string): void };
  readonly stderr: { write(text: string): void };
  /** Calls `handler` for each of these signals. */
  readonly onSignals: (signals: readonly NodeJS.Signals[], handler: (signal: NodeJS.Signals) => void) => void;
}

/** What a reload command gets of our own environment. */
const passedOn = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
];

/** Runs a command of the agent to its end and answers the exit code; 2 for a configuration that is wrong. */
export async function runAgent(io: AgentIo): Promise<number> {
  const [first, ...rest] = io.argv;
  if (io.argv.some((word) => word === '--help' || word === '-h')) {
    io.stdout.write(helpText());
    return 0;
  }
  try {
    if (first === 'status') return await tellStatus(io, rest);
    if (first === 'apply') return await tellApply(io, rest);
    const flags = io.argv.filter((word) => word !== '--check' && word !== '--once');
    const config = await configOf(io, flags);
    if (io.argv.includes('--check')) {
      const roots = Object.keys(config.roots).length;
      const syncs = config.syncs.length;
      io.stdout.write(
        `the configuration is right: ${syncs} ${syncs === 1 ? 'sync' : 'syncs'} below ${roots} ${roots === 1 ? 'root' : 'roots'}\n`,
      );
      return 0;
    }
    return await runOpen(io, config, { flags, isOnce: io.argv.includes('--once') });
  } catch (error) {
    io.stderr.write(failureText(error));
    return error instanceof PlumbError && error.code === 'invalid' ? 2 : 1;
  }
}

interface RunOptions {
  readonly flags: readonly string[];
  readonly isOnce: boolean;
}

/** The lock first: it shows that nobody else has the state folder. */
async function runOpen(io: AgentIo, config: AgentConfig, options: RunOptions): Promise<number> {
  const log = createLog(config.logLevel, io.stderr);
  await openStateFolder(config.state);
  // Not for status and apply: it loads SQLite.
  const { takeLock } = await import('./io/lock.ts');
  const lock = takeLock(join(config.state, 'agent.lock'));
  try {
    return await runLocked(io, config, { ...options, log });
  } finally {
    lock.release();
  }
}

async function runLocked(
  io: AgentIo,
  config: AgentConfig,
  { log, flags, isOnce }: RunOptions & { readonly log: Logger },
): Promise<number> {
  const opened = Promise.withResolvers<Agent>();
  opened.promise.catch(() => undefined);
  const control = await openControl(socketOf(config), async (question) => answer(await opened.promise, question));
  try {
    const agent = await Agent.open(config, {
      clock: systemClock,
      random: systemRandom,
      log,
      version: io.version,
      pid: io.pid,
      run: runCommand,
      env: Object.fromEntries(passedOn.flatMap((name) => (io.env[name] === undefined ? [] : [[name, io.env[name]]]))),
      openTransport,
    });
    opened.resolve(agent);
    return isOnce ? await once(io, agent) : await keep(io, agent, { log, flags });
  } catch (error) {
    opened.reject(error);
    throw error;
  } finally {
    await control.close();
  }
}

async function once(io: AgentIo, agent: Agent): Promise<number> {
  try {
    const isRight = await agent.once();
    io.stdout.write(statusText(agent.status()));
    return isRight ? 0 : 1;
  } finally {
    await agent.stop();
  }
}

/** Until a signal. */
async function keep(
  io: AgentIo,
  agent: Agent,
  { log, flags }: { readonly log: Logger; readonly flags: readonly string[] },
): Promise<number> {
  const ended = Promise.withResolvers<NodeJS.Signals>();
  let turn: Promise<void> = Promise.resolve();
  io.onSignals(['SIGTERM', 'SIGINT'], (signal) => ended.resolve(signal));
  io.onSignals(['SIGHUP'], () => {
    turn = turn.then(() => reread(io, agent, { log, flags }));
  });
  agent.start();
  log.info({ syncs: agent.status().syncs.length, server: agent.status().server.address }, 'ready');
  const signal = await ended.promise;
  log.info({ signal }, 'stopping');
  await turn;
  await agent.stop();
  return 0;
}

async function reread(
  io: AgentIo,
  agent: Agent,
  { log, flags }: { readonly log: Logger; readonly flags: readonly string[] },
): Promise<void> {
  try {
    const config = await configOf(io, flags);
    await agent.reconfigure(config);
    log.level = config.logLevel;
    log.info({ syncs: config.syncs.length }, 'the configuration was read again');
  } catch (error) {
    const problems = error instanceof PlumbError ? error.diagnostics : [];
    log.error({ ...errorFields(error), problems }, 'the new configuration is not taken; the one before stays');
  }
}

function configOf(io: AgentIo, flags: readonly string[]): Promise<AgentConfig> {
  const readText = (path: string): Promise<string | undefined> =>
    readTextFile(path, undefined, (file) => checkAuthors(path, file));
  return readConfig({ argv: flags, env: io.env, cwd: io.cwd, readText });
}

/** A configuration names commands that run as our user: who may write it is that user, or somebody whom that user chose. */
function checkAuthors(path: string, { mode }: Stats): void {
  if ((mode & 0o002) === 0) return;
  throw new PlumbError('forbidden', `${path} may be written by everybody`, { hint: `chmod o-w ${path}` });
}

function socketOf({ state }: AgentConfig): string {
  return join(state, 'agent.sock');
}

async function answer(agent: Agent, question: unknown): Promise<AgentStatus | SyncStatus> {
  const { do: what, sync } = question as { readonly do?: unknown; readonly sync?: unknown };
  if (what === 'status') return agent.status();
  if (what === 'apply' && typeof sync === 'string') return await agent.apply(sync);
  throw new PlumbError('invalid', 'expected a question of plumb agent');
}

async function tellStatus(io: AgentIo, words: readonly string[]): Promise<number> {
  const config = await configOf(
    io,
    words.filter((word) => word !== '--json'),
  );
  const status = (await ask(socketOf(config), { do: 'status' })) as AgentStatus;
  io.stdout.write(words.includes('--json') ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
  return status.inAgreement ? 0 : 1;
}

async function tellApply(io: AgentIo, [sync, ...words]: readonly string[]): Promise<number> {
  if (sync === undefined || sync.startsWith('-')) {
    throw new PlumbError('invalid', 'which sync?', { hint: 'plumb agent apply NAME' });
  }
  const config = await configOf(io, words);
  const { agree, total, note } = (await ask(socketOf(config), { do: 'apply', sync })) as SyncStatus;
  io.stdout.write(`${sync}: ${agree} of ${total} names agree${note === undefined ? '' : `; ${note}`}\n`);
  return agree === total ? 0 : 1;
}
