import type { EvaluatedEntry } from '@plumbd/client';
import type { EnvironmentFlags } from '../command.ts';
import { argument, defineCommand, environmentAliases, environmentFlags, switchFlag } from '../command.ts';
import { childEnvironment } from '../child-environment.ts';
import { exitCodes, isFailure, UsageError } from '../failures.ts';
import type { Child, CliIo, SpawnRequest } from '../io.ts';
import type { Session } from '../session.ts';

interface Flags extends Omit<EnvironmentFlags, 'json'> {
  readonly mask?: boolean;
  readonly allowName?: readonly string[];
}

const { json: _, ...placeFlags } = environmentFlags;

export const command = defineCommand<Flags, string[]>({
  parameters: {
    flags: {
      ...placeFlags,
      mask: switchFlag("Hide secrets of 8 bytes and more in the command's output"),
      allowName: {
        kind: 'parsed',
        parse: String,
        optional: true,
        variadic: true,
        placeholder: 'NAME',
        brief: 'Allow a name such as NODE_OPTIONS, by which values become code; may be given several times',
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
  ].join('\n'),
  examples: [
    { input: 'run -e changelog/development -- mix phx.server', brief: '' },
    { input: 'run -e changelog/test --mask -- make test', brief: '' },
  ],
  async run(session, flags, ...words) {
    try {
      const prepared = await prepare(session, flags, words);
      session.exitWith(await runPrepared(session, prepared));
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

async function prepare(session: Session, flags: Flags, [program = '', ...args]: readonly string[]): Promise<Prepared> {
  const folder = await session.folder(undefined, flags);
  const client = await session.connect(flags);
  if (flags.mask === true) session.io.expectSpawn();
  const { entries } = await client.entries.evaluate({ folder });
  if (entries.length === 0) session.note('warning', `nothing is in ${folder}`);
  const named = entries.map(({ path, value }) => [path.slice(folder.length + 1), value] as const);
  const env = childEnvironment(session.io.env, named, flags.allowName ?? []);
  if (!flags.mask) return { request: { command: program, args, env, output: 'inherit' }, end: () => undefined };
  const { output, end } = await maskedOutput(session.io, entries);
  return { request: { command: program, args, env, output }, end };
}

async function runPrepared(session: Session, { request, end }: Prepared): Promise<number> {
  try {
    if (request.output === 'inherit') session.io.become?.(request);
    return await supervise(session.io, request);
  } catch (error) {
    session.fail(error);
    const missing = isFailure(error) && error.code === 'not-found';
    return (missing ? exitCodes.notFound : exitCodes.notExecutable).code;
  } finally {
    end();
  }
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

const forwarded: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
/** A terminal sends these to the command as well as to us. */
const fromTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];

/** Stays until the command has ended, whatever signals come. */
async function supervise(io: CliIo, request: SpawnRequest): Promise<number> {
  let child: Child | undefined;
  const early: NodeJS.Signals[] = [];
  const release = io.onSignals([...forwarded, ...fromTerminal], (signal) => {
    if (io.stdin.isTerminal && fromTerminal.includes(signal)) return;
    if (child === undefined) early.push(signal);
    else child.kill(signal);
  });
  try {
    child = await io.spawn(request);
    for (const signal of early) child.kill(signal);
    const ended = await child.ended;
    return 'code' in ended ? ended.code : 128 + ended.signal;
  } finally {
    release();
  }
}
