import type { ApplicationText, Command, RouteMap, StricliProcess } from '@stricli/core';
import {
  buildApplication,
  buildCommand,
  buildRouteMap,
  formatMessageForArgumentScannerError,
  ArgumentScannerError,
  run,
  text_en,
} from '@stricli/core';
import type { CliContext } from './command.ts';
import { exitCodeOf, exitCodes, failureText } from './failures.ts';
import type { CliIo } from './io.ts';
import { Session } from './session.ts';
import { printable, styleFor } from './style.ts';
import type { CommandRow } from './table.ts';
import { commandTable } from './table.ts';

/** Runs one command line to its end and answers the exit code; never throws. */
export async function runCli(io: CliIo): Promise<number> {
  const session = new Session(io, await styleFor(io.stdout.isTerminal, io.env));
  // `plumb help get` says the same as `plumb get --help`.
  const argv = io.argv[0] === 'help' ? [...io.argv.slice(1), '--help'] : io.argv;
  try {
    if (argv.length < 3 && (await printGeneralHelp(session, argv))) return exitCodes.ok.code;
    const process: StricliProcess = { stdout: writable(io.stdout.write), stderr: writable(io.stderr.write), env: {} };
    const context: CliContext = { process, session };
    const app = buildApplication<CliContext>(await buildRoutes(commandTable, argv), {
      name: 'plumb',
      versionInfo: { currentVersion: io.version },
      scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
      documentation: { disableAnsiColor: true, onlyRequiredInUsageLine: true },
      localization: { text: texts },
      determineExitCode: exitCodeOf,
    });
    await run(app, argv, context);
    return exitCode(process.exitCode);
  } catch (error) {
    session.fail(error);
    return exitCodeOf(error);
  }
}

/** Help about the program or a group of commands; answers whether that was asked for. */
async function printGeneralHelp(session: Session, argv: readonly string[]): Promise<boolean> {
  const named = commandTable.find(({ name }) => name === argv[0]);
  if (named !== undefined && named.commands === undefined) return false;
  const { generalHelp } = await import('./help.ts');
  const help = generalHelp(argv, about);
  if (help !== undefined) session.print(help);
  return help !== undefined;
}

/** Stricli's own codes are negative: unknown commands and wrong arguments, or a fault. */
function exitCode(code: number | string | null | undefined): number {
  const number = Number(code ?? 0);
  if (number >= 0) return number;
  return number === -4 || number === -5 ? exitCodes.usage.code : exitCodes.failed.code;
}

function writable(write: (text: string) => void): { write: (text: string) => void } {
  return { write };
}

/** The tree of commands, in which only the one that `argv` names is real; the others are names with a line of help. */
async function buildRoutes(
  rows: readonly CommandRow[],
  argv: readonly string[],
  brief = about,
): Promise<RouteMap<CliContext>> {
  const [word, ...rest] = argv;
  const routes: Record<string, Command<CliContext> | RouteMap<CliContext>> = {};
  for (const row of rows) {
    const named = row.name === word;
    if (row.commands !== undefined) routes[row.name] = await buildRoutes(row.commands, named ? rest : [], row.brief);
    else routes[row.name] = named && row.load !== undefined ? (await row.load()).build(row.brief) : nameOnly(row.brief);
  }
  return buildRouteMap<string, CliContext>({ routes, docs: { brief } });
}

function nameOnly(brief: string): Command<CliContext> {
  return buildCommand<NonNullable<unknown>, [], CliContext>({ parameters: {}, docs: { brief }, func() {} });
}

const about = 'the one place where configuration and secrets are right';

const texts: ApplicationText = {
  ...text_en,
  briefs: { ...text_en.briefs, argumentEscapeSequence: 'Everything behind it is an argument' },
  noCommandRegisteredForInput: ({ input, corrections }) =>
    `error: ${printable(input)} is not a command\nhint: ${suggestion(corrections) ?? 'plumb --help lists them'}`,
  exceptionWhileParsingArguments: (error) => `error: ${argumentProblem(error)}\nhint: --help describes the command`,
  exceptionWhileLoadingCommandFunction: failureText,
  exceptionWhileLoadingCommandContext: failureText,
  exceptionWhileRunningCommand: failureText,
  commandErrorResult: failureText,
};

function suggestion(corrections: readonly string[]): string | undefined {
  return corrections.length === 0
    ? undefined
    : `did you mean ${corrections.map((text) => text.replaceAll('`', '')).join(' or ')}?`;
}

/** Never repeats what stood in the place of an argument: it may be a value. */
function argumentProblem(error: unknown): string {
  if (!(error instanceof ArgumentScannerError)) return 'the arguments cannot be read';
  return formatMessageForArgumentScannerError(error, {
    FlagNotFoundError: ({ input, corrections }) => {
      const near =
        corrections.length === 0 ? '' : `; did you mean ${corrections.map((name) => `--${name}`).join(' or ')}?`;
      return `there is no flag --${printable(input)}${near}`;
    },
    AliasNotFoundError: ({ input }) => `there is no flag -${printable(input)}`,
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, exception }) =>
      `${flagOrArgument(name)}: ${exception instanceof Error ? exception.message : 'not understood'}`,
    EnumValidationError: ({ externalFlagName, values }) => `--${externalFlagName} must be ${values.join(', ')}`,
    UnsatisfiedFlagError: ({ externalFlagName }) => `--${externalFlagName} needs a value`,
    UnexpectedPositionalError: ({ expectedCount }) =>
      expectedCount === 0 ? 'no argument is expected' : `too many arguments, expected ${expectedCount}`,
    UnsatisfiedPositionalError: ({ placeholder, limit }) =>
      (limit?.[0] ?? 1) < 2 ? `${placeholder} is missing` : `expected at least ${limit?.[0]} ${placeholder}`,
    UnexpectedFlagError: ({ externalFlagName }) => `--${externalFlagName} is given more than once`,
  }).replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase());
}

function flagOrArgument(name: string): string {
  return /^[A-Z]/.test(name) ? name : `--${name}`;
}
