import type { ApplicationText, StricliProcess } from '@stricli/core';
import {
  ArgumentScannerError,
  buildApplication,
  formatMessageForArgumentScannerError,
  run,
  text_en,
} from '@stricli/core';
import type { CliContext, CommandModule } from './command.ts';
import { exitCodeOf, exitCodes, failureText } from './failures.ts';
import type { CliIo } from './io.ts';
import { Session } from './session.ts';
import { printable, styleFor } from './style.ts';
import { commandTable } from './table.ts';

/** Runs one command line to its end and answers the exit code; never throws. */
export async function runCli(io: CliIo): Promise<number> {
  const { argv } = io;
  const flags = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length);
  const session = new Session(io, await styleFor(io.stdout.isTerminal, io.env, flags.includes('--no-color')));
  try {
    if (argv[0] === '__complete') return await complete(session, argv.slice(1));
    const found = findCommand(argv);
    const asked = flags.includes('--help') || flags.includes('-h');
    if (found !== undefined && !asked) return await runCommand(session, found);
    return await answerWithoutCommand(session, found, flags);
  } catch (error) {
    session.fail(error);
    return exitCodeOf(error);
  }
}

/** A command with the words that call it and what stands behind them. */
interface Found {
  readonly words: readonly string[];
  readonly rest: readonly string[];
  readonly brief: string;
  readonly load: () => Promise<CommandModule>;
}

function findCommand(argv: readonly string[]): Found | undefined {
  let row = commandTable.find(({ name }) => name === argv[0]);
  const depth = row?.commands === undefined ? 1 : 2;
  if (depth === 2) row = row?.commands?.find(({ name }) => name === argv[1]);
  if (row?.load === undefined) return undefined;
  return { words: argv.slice(0, depth), rest: argv.slice(depth), brief: row.brief, load: row.load };
}

/** Asked by the scripts of the shells. */
async function complete(session: Session, words: readonly string[]): Promise<number> {
  const { completionLines } = await import('./completion.ts');
  session.print(await completionLines(session, words));
  return exitCodes.ok.code;
}

const versionWords: ReadonlySet<string> = new Set(['--version', '-v', 'version']);

/** Help about the program, a group of commands or a command; its version; or what is wrong. */
async function answerWithoutCommand(
  session: Session,
  found: Found | undefined,
  flags: readonly string[],
): Promise<number> {
  const asked = flags.filter((word) => !['--help', '-h', '--no-color'].includes(word));
  if (asked.length === 1 && versionWords.has(asked[0] ?? '')) {
    session.print(`${session.io.version}\n`);
    return exitCodes.ok.code;
  }
  const { helpText } = await import('./help.ts');
  const show = async (): Promise<void> =>
    session.print(await helpText(commandTable, found?.words ?? asked, session.room));
  await (session.mayPage ? (await import('./pager.ts')).throughPager(session, show) : show());
  return exitCodes.ok.code;
}

/** Only the command that was named is known to stricli: the others cost nothing. */
async function runCommand(session: Session, { words, rest, brief, load }: Found): Promise<number> {
  const { io } = session;
  const problems: string[] = [];
  const stderr = writable((text) => problems.push(text));
  const process: StricliProcess = { stdout: writable(io.stdout.write), stderr, env: {} };
  const context: CliContext = { process, session };
  const app = buildApplication<CliContext>((await load()).build(brief), {
    name: `plumb ${words.join(' ')}`,
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: { disableAnsiColor: true, onlyRequiredInUsageLine: true },
    localization: { text: texts },
    determineExitCode: exitCodeOf,
  });
  await run(app, rest, context);
  if (problems.length > 0) io.stderr.write(withOneHint(problems.join('')));
  return exitCode(process.exitCode);
}

/** Stricli's own codes are negative: wrong arguments, or a fault. */
function exitCode(code: number | string | null | undefined): number {
  const number = Number(code ?? 0);
  if (number >= 0) return number;
  return number === -4 ? exitCodes.usage.code : exitCodes.failed.code;
}

const helpHint = 'hint: --help describes the command\n';

/** Several mistakes of one command line come with one hint, behind them. */
function withOneHint(text: string): string {
  return text.includes(helpHint) ? `${text.replaceAll(helpHint, '')}${helpHint}` : text;
}

function writable(write: (text: string) => void): { write: (text: string) => void } {
  return { write };
}

const texts: ApplicationText = {
  ...text_en,
  briefs: { ...text_en.briefs, argumentEscapeSequence: 'Everything behind it is an argument' },
  exceptionWhileParsingArguments: (error) => `error: ${argumentProblem(error)}\nhint: --help describes the command`,
  exceptionWhileLoadingCommandFunction: failureText,
  exceptionWhileLoadingCommandContext: failureText,
  exceptionWhileRunningCommand: failureText,
  commandErrorResult: failureText,
};

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
