/** The life of a server process: start, serve, stop. */
import { banner } from './banner.ts';
import { compose } from './compose.ts';
import type { Composed } from './compose.ts';
import { readConfig } from './config.ts';
import type { Config } from './config.ts';
import { offerBootstrap, signInRoot } from './first-start.ts';
import { listen } from './listen.ts';
import { createLog } from './log.ts';
import { errorFields, failureText } from '#domain/failures';
import type { Logger } from './log.ts';
import { helpText } from './options.ts';
import { loadSample } from './sample.ts';
import type { SampleFiles } from './sample.ts';
import { systemRandom } from '#crypto/random';
import type { ProcessUsage } from '#service/parts';
import type { Caller, Services } from '#service/services';
import { nextTurn, systemClock } from '#util/clock';
import { readTextFile } from '#util/files';

/** Everything that a server takes from its process. */
export interface ServerIo {
  /** Behind `plumb server`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  readonly version: string;
  /** What the process has used so far. Default: not told. */
  readonly usage?: () => ProcessUsage;
  /** Of the sample project. Default: there is none. */
  readonly sample?: SampleFiles;
  readonly stdout: { write(text: string): void };
  readonly stderr: { write(text: string): void };
  /** Calls `handler` for each of these signals. */
  readonly onSignals: (signals: readonly NodeJS.Signals[], handler: (signal: NodeJS.Signals) => void) => void;
}

/** A server that answers. */
export interface RunningServer {
  readonly config: Config;
  readonly services: Services;
  /** `http://…` or `https://…`; absent without TCP. */
  readonly address: string | undefined;
  readonly socket: string | undefined;
  /** In development: root, signed in. */
  readonly caller: Caller | undefined;
  /** Takes no more requests, ends streams, lets what runs end, flushes and closes. Idempotent. */
  stop(): Promise<void>;
}

/** Runs a server to its end and answers the exit code; 0 after a signal, 1 when it could not start or had to stop. */
export async function runServer(io: ServerIo): Promise<number> {
  if (io.argv.includes('--help') || io.argv.includes('-h')) {
    io.stdout.write(helpText());
    return 0;
  }
  let running: RunningServer;
  const ended = Promise.withResolvers<number>();
  try {
    const config = await readConfig({ ...io, readText: readTextFile });
    const log = createLog(config, io.stderr);
    // In development the banner says what there is; lines are for what happens then.
    if (config.dev) log.level = 'warn';
    running = await startServer(config, io, { log, onFatal: () => ended.resolve(1) });
    if (config.dev) io.stdout.write(await banner({ ...io, ...running }));
    log.level = config.logLevel;
    if (!config.dev) log.info({ address: running.address, socket: running.socket }, 'ready');
  } catch (error) {
    io.stderr.write(failureText(error));
    return 1;
  }
  io.onSignals(['SIGTERM', 'SIGINT'], () => ended.resolve(0));
  const code = await ended.promise;
  await running.stop();
  return code;
}

export interface StartOptions {
  readonly log: Logger;
  /** Called once when the server must stop: the outcome of a write is unknown, so nothing more may be answered from memory. */
  readonly onFatal: () => void;
}

/** Opens the store, loads what a first start needs, and listens. Throws what is wrong; then nothing stays open. */
export async function startServer(
  config: Config,
  io: Pick<ServerIo, 'version' | 'sample' | 'usage'>,
  { log, onFatal }: StartOptions,
): Promise<RunningServer> {
  const composed = await compose(config, {
    version: io.version,
    ...(io.usage === undefined ? {} : { usage: io.usage }),
    clock: systemClock,
    random: systemRandom,
    turn: nextTurn,
    log,
    onFatal: (error) => {
      log.fatal(errorFields(error), 'the outcome of a write is not known; the server stops');
      onFatal();
    },
  });
  try {
    const caller = config.dev ? await startDevelopment(config, composed, io.sample) : undefined;
    if (!config.dev) await offerBootstrap(config, composed, log);
    const listening = await listen(config, composed.handle, composed.responses);
    let stopping: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      const closed = composed.closeStreams();
      await listening.stop();
      await closed;
      await composed.close();
    };
    return {
      config,
      caller,
      services: composed.services,
      address: listening.address,
      socket: listening.socket,
      stop: () => (stopping ??= stop()),
    };
  } catch (error) {
    await composed.closeStreams();
    await composed.close();
    throw error;
  }
}

/** Signed in as root; the sample project is loaded into a store that holds nothing, and delivered. */
async function startDevelopment(
  config: Config,
  composed: Composed,
  files: SampleFiles = () => undefined,
): Promise<Caller | undefined> {
  const { services } = composed;
  const caller = await signInRoot(config, composed);
  if (caller === undefined) return undefined;
  const { entries, folders } = await services.entries.list(caller, { limit: 1 });
  const projects = await services.projects.list(caller);
  if (entries.length + folders.length + projects.length === 0 && files('project.yaml') !== undefined) {
    await loadSample({ services, caller, random: systemRandom, files });
  }
  for (const { name, mode } of await services.syncs.list(caller)) {
    if (mode === 'repair') await services.syncs.apply(caller, name).catch(() => undefined);
  }
  return caller;
}
