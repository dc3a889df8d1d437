import type {
  BaseArgs,
  Command,
  CommandContext,
  FlagParametersForType,
  StricliProcess,
  TypedCommandParameters,
} from '@stricli/core';
import { buildCommand } from '@stricli/core';
import { UsageError } from './failures.ts';
import type { ExitName } from './failures.ts';
import { chooseOutput, outputFormats } from './output.ts';
import type { OfflineFlags } from './offline-flags.ts';
import type { PlaceFlags, Session } from './session.ts';

/** What stricli hands to a command as `this`. */
export interface CliContext extends CommandContext {
  readonly process: StricliProcess;
  readonly session: Session;
}

/** One line of the EXAMPLES of `--help`. */
export interface Example {
  /** What follows `plumb `. */
  readonly input: string;
  readonly brief: string;
}

/** Everything about one command but its name and its one-line description, which stand in the table. */
export interface Definition<FLAGS extends Readonly<Partial<Record<keyof FLAGS, unknown>>>, ARGS extends BaseArgs> {
  readonly parameters: TypedCommandParameters<FLAGS, ARGS, CliContext>;
  /** Paragraphs; a line that begins with a blank stays as it is. */
  readonly description?: string;
  /** At least one. */
  readonly examples: readonly Example[];
  /** Names of other commands and of topics of `plumb help`, for SEE ALSO. */
  readonly see?: readonly string[];
  /** Exit codes of its own. */
  readonly exits?: readonly ExitName[];
  /** What it prints may be longer than a screen: a terminal shows it through a pager. Never with `--watch`. */
  readonly paged?: boolean;
  /** Throws what went wrong; what it prints goes through the session. */
  readonly run: (session: Session, flags: FLAGS, ...args: ARGS) => Promise<void> | void;
}

/** A flag as help and completion see it. */
export interface FlagShape {
  readonly kind: 'boolean' | 'counter' | 'enum' | 'parsed';
  readonly brief: string;
  readonly placeholder?: string;
  readonly values?: readonly string[];
  readonly optional?: boolean;
  readonly default?: unknown;
  readonly variadic?: boolean | string;
}
/** An argument as help and completion see it. */
export interface ArgumentShape {
  readonly placeholder?: string;
  readonly brief: string;
  readonly optional?: boolean;
}
/** What a command takes, as help and completion see it. */
export interface ParametersShape {
  readonly flags?: Readonly<Record<string, FlagShape>>;
  /** Letters of flags. */
  readonly aliases?: Readonly<Record<string, string>>;
  readonly positional?:
    | { readonly kind: 'tuple'; readonly parameters: readonly ArgumentShape[] }
    | { readonly kind: 'array'; readonly parameter: ArgumentShape; readonly minimum?: number };
}

/** A command as the table loads it. */
export interface CommandModule extends Pick<Definition<object, []>, 'description' | 'examples' | 'see' | 'exits'> {
  /** With the flags that every command takes. */
  readonly parameters: ParametersShape;
  readonly build: (brief: string) => Command<CliContext>;
}

/** Flags of every command that prints what the API answers, and of every command. */
const formatFlag = {
  kind: 'enum',
  values: outputFormats,
  optional: true,
  brief: 'How to print what is answered: json, yaml, or for people. Default: table',
} as const;
const everyFlag = { noColor: switchFlag('Print without colours') };

function withCommonFlags(parameters: ParametersShape): ParametersShape {
  const { flags = {} } = parameters;
  const format = 'json' in flags && !('format' in flags) ? { format: formatFlag } : {};
  return { ...parameters, flags: { ...flags, ...format, ...everyFlag } };
}

/** Gives stricli what it needs to know; the types tie flags and arguments to those that `run` takes. */
export function defineCommand<FLAGS extends Readonly<Partial<Record<keyof FLAGS, unknown>>>, ARGS extends BaseArgs>(
  definition: Definition<FLAGS, ARGS>,
): CommandModule {
  const { description, examples, see, exits, run, paged = false } = definition;
  const parameters = withCommonFlags(definition.parameters as ParametersShape);
  return {
    parameters,
    examples,
    ...(description === undefined ? {} : { description }),
    ...(see === undefined ? {} : { see }),
    ...(exits === undefined ? {} : { exits }),
    build: (brief) =>
      buildCommand<FLAGS, ARGS, CliContext>({
        parameters: parameters as TypedCommandParameters<FLAGS, ARGS, CliContext>,
        docs: { brief },
        async func({ noColor: _, ...flags }: FLAGS & { readonly noColor?: boolean }, ...args) {
          const { session } = this;
          const isOwn = Object.hasOwn(definition.parameters.flags ?? {}, 'format');
          const chosen = isOwn ? flags : await chooseOutput(session, flags);
          const act = async (): Promise<void> => run(session, chosen as unknown as FLAGS, ...args);
          const isPaged = paged && session.mayPage && !('watch' in flags && flags.watch === true);
          await (isPaged ? (await import('./pager.ts')).throughPager(session, act) : act());
          if (session.exitCode !== 0) this.process.exitCode = session.exitCode;
        },
      }),
  };
}

/** Flags of every command that talks to a server. */
export interface ConnectionFlags extends Pick<PlaceFlags, 'address'> {
  readonly json?: boolean;
}
export const connectionFlags: FlagParametersForType<ConnectionFlags, CliContext> = {
  address: {
    kind: 'parsed',
    parse: String,
    optional: true,
    placeholder: 'ADDRESS',
    brief: 'Server: unix:PATH, https://HOST or http://127.0.0.1:PORT. Default: PLUMB_ADDR, the last login, .plumb/dev',
  },
  json: { kind: 'boolean', optional: true, withNegated: false, brief: 'The same as --format json' },
};

/** Flags of every command whose names are looked up in an environment. */
export interface EnvironmentFlags extends ConnectionFlags, PlaceFlags {}
export const environmentFlags: FlagParametersForType<EnvironmentFlags, CliContext> = {
  ...connectionFlags,
  environment: {
    kind: 'parsed',
    parse: String,
    optional: true,
    placeholder: 'FOLDER',
    brief: 'Folder of single names; / for none. Default: PLUMB_ENV, plumb.yaml',
  },
};
export const environmentAliases = { e: 'environment' } as const;

/** Text that a change records. */
export interface ReasonFlag {
  readonly reason?: string;
}
export const reasonFlag: FlagParametersForType<ReasonFlag, CliContext> = {
  reason: { kind: 'parsed', parse: String, optional: true, placeholder: 'TEXT', brief: 'Why; kept with the change' },
};

/** A flag without a value: absent unless given. */
export function switchFlag(brief: string) {
  return { kind: 'boolean', optional: true, withNegated: false, brief } as const;
}

/** An optional flag that takes text. */
export function textFlag(placeholder: string, brief: string) {
  return { kind: 'parsed', parse: String, optional: true, placeholder, brief } as const;
}

/** As {@link textFlag}, for a flag that may be given several times. */
export function textsFlag(placeholder: string, brief: string) {
  return { ...textFlag(placeholder, brief), variadic: true } as const;
}

/** An optional flag that takes a whole number of `least` or more. */
export function numberFlag(placeholder: string, brief: string, least = 0) {
  const parse = (text: string): number => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= least)) throw new TypeError(`expected a whole number of at least ${least}`);
    return number;
  };
  return { kind: 'parsed', parse, optional: true, placeholder, brief } as const;
}

/** Flags of a command that can go on and show again what has changed. */
export interface WatchFlags {
  readonly watch?: boolean;
  readonly count?: number;
}
export const watchFlags: FlagParametersForType<WatchFlags, CliContext> = {
  watch: switchFlag('Go on, and show it again whenever it has changed, until interrupted'),
  count: numberFlag('N', 'With --watch: end after it was shown N times', 1),
};

/** Throws a usage error where `--count` stands without `--watch`, or `--offline` with it. */
export function isWatching({ watch = false, count, offline = false }: WatchFlags & OfflineFlags): boolean {
  if (watch && offline) throw new UsageError('--offline does not go with --watch');
  if (count !== undefined && !watch) throw new UsageError('--count goes with --watch');
  return watch;
}

/** Flags of every command that can answer from what was kept. */
export const offlineFlags: FlagParametersForType<OfflineFlags, CliContext> = {
  offline: {
    kind: 'boolean',
    optional: true,
    withNegated: false,
    brief: 'Do not ask the server: answer from what was kept',
  },
};

/** A positional argument that must be given, as text. */
export function argument(placeholder: string, brief: string) {
  return { parse: String, placeholder, brief } as const;
}
