import type {
  BaseArgs,
  Command,
  CommandContext,
  FlagParametersForType,
  StricliProcess,
  TypedCommandParameters,
} from '@stricli/core';
import { buildCommand } from '@stricli/core';
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
  readonly description?: string;
  /** At least one. */
  readonly examples: readonly Example[];
  /** Throws what went wrong; what it prints goes through the session. */
  readonly run: (session: Session, flags: FLAGS, ...args: ARGS) => Promise<void> | void;
}

/** A command as the table loads it. */
export interface CommandModule {
  readonly examples: readonly Example[];
  readonly build: (brief: string) => Command<CliContext>;
}

/** Gives stricli what it needs to know; the types tie flags and arguments to those that `run` takes. */
export function defineCommand<FLAGS extends Readonly<Partial<Record<keyof FLAGS, unknown>>>, ARGS extends BaseArgs>(
  definition: Definition<FLAGS, ARGS>,
): CommandModule {
  const { parameters, examples, run } = definition;
  return {
    examples,
    build: (brief) =>
      buildCommand<FLAGS, ARGS, CliContext>({
        parameters,
        docs: { brief, fullDescription: describe(brief, definition.description, examples) },
        async func(flags, ...args) {
          await run(this.session, flags, ...args);
          if (this.session.exitCode !== 0) this.process.exitCode = this.session.exitCode;
        },
      }),
  };
}

function describe(brief: string, description: string | undefined, examples: readonly Example[]): string {
  const wide = Math.max(...examples.map(({ input }) => input.length));
  const lines = examples.map(({ input, brief: what }) => `  plumb ${input.padEnd(wide)}  ${what}`.trimEnd());
  return [`${brief[0]?.toUpperCase()}${brief.slice(1)}.`, description, `EXAMPLES\n${lines.join('\n')}`]
    .filter((part) => part !== undefined)
    .join('\n\n');
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
  json: { kind: 'boolean', optional: true, withNegated: false, brief: 'Print JSON' },
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

/** An optional flag that takes a whole number of `least` or more. */
export function numberFlag(placeholder: string, brief: string, least = 0) {
  const parse = (text: string): number => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= least)) throw new TypeError(`expected a whole number of at least ${least}`);
    return number;
  };
  return { kind: 'parsed', parse, optional: true, placeholder, brief } as const;
}

/** A positional argument that must be given, as text. */
export function argument(placeholder: string, brief: string) {
  return { parse: String, placeholder, brief } as const;
}
