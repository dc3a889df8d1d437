import type { EvaluatedEntry } from '@plumbd/client';
import type { EnvironmentFlags } from '../command.ts';
import {
  argument,
  defineCommand,
  environmentAliases,
  environmentFlags,
  offlineFlags,
  switchFlag,
  textsFlag,
} from '../command.ts';
import { parseDuration } from '../duration.ts';
import { childEnvironment } from '../child-environment.ts';
import { exitCodes, isFailure, UsageError } from '../failures.ts';
import type { CliIo, SpawnRequest } from '../io.ts';
import { connectToRead } from '../offline-wish.ts';
import type { OfflineFlags } from '../offline-flags.ts';
import type { Session } from '../session.ts';

interface Flags extends Omit<EnvironmentFlags, 'json'>, OfflineFlags {
  readonly mask?: boolean;
  readonly allowName?: readonly string[];
  readonly watch?: boolean;
  /** Seconds. */
  readonly grace?: number;
  readonly signal?: NodeJS.Signals;
}

const { json: _, ...placeFlags } = environmentFlags;

export const command = defineCommand<Flags, string[]>({
  parameters: {
    flags: {
      ...placeFlags,
      ...offlineFlags,
      mask: switchFlag("Hide secrets of 8 bytes and more in the command's output"),
      allowName: textsFlag(
        'NAME',
        'Allow a name such as NODE_OPTIONS, by which values become code; may be given several times',
      ),
      watch: switchFlag('Start the command anew whenever one of its values changes'),
      grace: {
        kind: 'parsed',
        parse: parseDuration,
        optional: true,
        placeholder: 'DURATION',
        brief: 'With --watch: time between SIGTERM and SIGKILL. Default: 10s',
      },
      signal: {
        kind: 'parsed',
        parse: parseSignal,
        optional: true,
        placeholder: 'SIGNAL',
        brief: 'With --watch: send this instead of starting anew, such as SIGHUP',
      },
    },
    aliases: environmentAliases,
    positional: {
      kind: 'array',
      minimum: 1,
      parameter: argument('COMMAND', 'The command and its arguments, behind --'),
    },
  },
  description: [
    'The command gets your environment without PLUMB_TOKEN, and over it the evaluated values of the folder. It takes the',
    'place of plumb, so terminal, signals and exit code are its own. With --mask plumb stays: the output goes through',
    'pipes, signals are handed on, and so is the exit code (128 + N if signal N ended the command). If the command cannot',
    'be started the exit code is 125, 126 or 127.',
    'With --watch plumb stays too. When a value has become another, the command gets SIGTERM, after the grace SIGKILL, and',
    'is started with the new values; with --signal it gets that signal and keeps the old ones. A command that fails is',
    'started again, after 1 s at first and up to 30 s; one that ends with 0, or because plumb was told to end, ends plumb',
    'with its exit code. The command itself gets the signals: a shell that starts a server does best to exec it.',
  ].join('\n'),
  examples: [
    { input: 'run -e changelog/development -- mix phx.server', brief: '' },
    { input: 'run -e changelog/test --mask -- make test', brief: '' },
    { input: 'run -e changelog/development --watch -- node server.js', brief: 'restarted on a change' },
  ],
  see: ['shell', 'export', 'help servers'],
  exits: ['notRun', 'notExecutable', 'notFound'],
  async run(session, flags, ...words) {
    if (!flags.watch && (flags.grace ?? flags.signal) !== undefined) {
      throw new UsageError('--grace and --signal go with --watch');
    }
    if (flags.watch && flags.offline) throw new UsageError('--offline does not go with --watch');
    try {
      session.exitWith(await start(session, flags, words));
    } catch (error) {
      if (error instanceof UsageError) throw error;
      session.fail(error);
      session.exitWith(exitCodes.notRun.code);
    }
  },
});

interface Prepared {
  readonly request: SpawnRequest;
  /** Writes what is held back of the output. */
  readonly end: () => void;
}

async function start(session: Session, flags: Flags, words: readonly string[]): Promise<number> {
  const folder = await session.folder(undefined, flags);
  const client = await (flags.watch === true ? session.connect(flags) : connectToRead(session, flags));
  if (flags.mask === true || flags.watch === true) session.io.expectSpawn();
  const prepare = (entries: readonly EvaluatedEntry[]): Promise<Prepared> =>
    prepareFor(session, { flags, words, folder, entries });
  if (flags.watch === true) {
    const { Rerun } = await import('../rerun.ts');
    const { grace = 10, signal } = flags;
    const notStarted = (error: unknown): number => notStartedCode(session, error);
    return new Rerun(session, { client, folder, prepare, graceMs: grace * 1000, signal, notStarted }).run();
  }
  const { entries } = await client.entries.evaluate({ folder });
  if (entries.length === 0) session.note('warning', `nothing is in ${folder}`);
  return runPrepared(session, await prepare(entries));
}

interface Given {
  readonly flags: Flags;
  readonly words: readonly string[];
  readonly folder: string;
  readonly entries: readonly EvaluatedEntry[];
}

async function prepareFor(session: Session, { flags, words, folder, entries }: Given): Promise<Prepared> {
  const [program = '', ...args] = words;
  const named = entries.map(({ path, value }) => [path.slice(folder.length + 1), value] as const);
  const env = childEnvironment(session.io.env, named, flags.allowName ?? []);
  if (!flags.mask) return { request: { command: program, args, env, output: 'inherit' }, end: () => undefined };
  const { output, end } = await maskedOutput(session.io, entries);
  return { request: { command: program, args, env, output }, end };
}

async function runPrepared(session: Session, { request, end }: Prepared): Promise<number> {
  try {
    if (request.output === 'inherit') await session.io.become?.(request);
    const { supervise } = await import('../supervise.ts');
    return await supervise(session.io, request);
  } catch (error) {
    return notStartedCode(session, error);
  } finally {
    end();
  }
}

function notStartedCode(session: Session, error: unknown): number {
  session.fail(error);
  const missing = isFailure(error) && error.code === 'not-found';
  return (missing ? exitCodes.notFound : exitCodes.notExecutable).code;
}

const signals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const;

function parseSignal(text: string): NodeJS.Signals {
  const name = text.toUpperCase();
  const found = signals.find((signal) => signal === name || signal === `SIG${name}`);
  if (found === undefined) throw new TypeError(`expected one of ${signals.join(', ')}`);
  return found;
}

async function maskedOutput(io: CliIo, entries: readonly EvaluatedEntry[]) {
  const { MaskedStream, MaskPatterns } = await import('../masker.ts');
  const patterns = new MaskPatterns(entries.filter(({ secret }) => secret).map(({ value }) => value));
  const stdout = new MaskedStream(patterns, io.stdout.write);
  const stderr = new MaskedStream(patterns, io.stderr.write);
  return {
    output: { stdout: (chunk: Uint8Array) => stdout.push(chunk), stderr: (chunk: Uint8Array) => stderr.push(chunk) },
    end: () => {
      stdout.end();
      stderr.end();
    },
  };
}
