/** The page about one command, as `--help`, `man` and docs/cli.md show it: made from the table and the command itself. */
import type { ArgumentShape, CommandModule, FlagShape, ParametersShape } from './command.ts';
import type { ExitName } from './failures.ts';
import { exitCodes } from './failures.ts';
import type { CommandRow } from './command-row.ts';
import { variablesOf } from './variables.ts';

export interface Page {
  /** Such as `plumb sync create`. */
  readonly name: string;
  readonly brief: string;
  readonly sections: readonly Section[];
}

export interface Section {
  readonly title: string;
  /** The same for most commands: docs/cli.md says it once. */
  readonly isShared?: true;
  readonly paragraphs?: readonly string[];
  /** As they are. */
  readonly lines?: readonly string[];
  readonly rows?: readonly Row[];
}
export type Row = readonly [term: string, text: string];

/** A command with the words that call it, and those of its group. */
export interface Called {
  readonly words: readonly string[];
  readonly row: CommandRow;
  readonly siblings: readonly string[];
}

export function pageOf({ words, row, siblings }: Called, module: CommandModule): Page {
  const { parameters } = module;
  const name = ['plumb', ...words].join(' ');
  const isOwn = (flag: string): boolean => !isCommon(parameters, flag);
  const own = optionRows(parameters, isOwn);
  const common = optionRows(parameters, (flag) => !isOwn(flag));
  const sections: readonly Section[] = [
    { title: 'SYNOPSIS', lines: [synopsis(name, parameters)] },
    { title: 'DESCRIPTION', paragraphs: [sentence(row.brief), ...paragraphs(module.description)] },
    { title: 'ARGUMENTS', rows: argumentsOf(parameters).map(({ placeholder = 'ARG', brief }) => [placeholder, brief]) },
    { title: 'OPTIONS', rows: own },
    { title: 'COMMON OPTIONS', isShared: true, rows: [...common, ['-h, --help', 'Show this help']] },
    { title: 'EXAMPLES', lines: examples(module) },
    { title: 'EXIT CODES', isShared: true, rows: exitRows(module) },
    { title: 'ENVIRONMENT', isShared: true, rows: variablesOf(parameters) },
    { title: 'SEE ALSO', paragraphs: [seeAlso(module, siblings)] },
  ];
  return { name, brief: row.brief, sections: sections.filter(isFilled) };
}

function isFilled({ paragraphs: texts, lines, rows }: Section): boolean {
  return [...(texts ?? []), ...(lines ?? []), ...(rows ?? [])].some((part) => part !== '');
}

const commonFlags: ReadonlySet<string> = new Set(['address', 'json', 'noColor']);

/** A format of files is the command's own. */
function isCommon({ flags }: ParametersShape, name: string): boolean {
  return name === 'format' ? flags?.['format']?.values?.includes('table') === true : commonFlags.has(name);
}

function synopsis(name: string, parameters: ParametersShape): string {
  const flags = Object.entries(parameters.flags ?? {});
  const needed = flags.filter(([, flag]) => flag.optional !== true && flag.default === undefined);
  const given = argumentsOf(parameters).map(({ placeholder = 'ARG', optional }) =>
    optional === true ? `[${placeholder}]` : placeholder,
  );
  const isMany = parameters.positional?.kind === 'array';
  const words = needed.map(([flag, shape]) => `--${kebab(flag)} ${valueOf(flag, shape)}`);
  return [name, '[OPTION…]', ...words, ...given.map((word) => (isMany ? `${word}…` : word))].join(' ');
}

export function argumentsOf({ positional }: ParametersShape): readonly ArgumentShape[] {
  if (positional === undefined) return [];
  return positional.kind === 'tuple' ? positional.parameters : [positional.parameter];
}

/** `exitCode` is `exit-code` on a command line. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function optionRows(parameters: ParametersShape, wanted: (flag: string) => boolean): readonly Row[] {
  const letters = new Map(Object.entries(parameters.aliases ?? {}).map(([letter, flag]) => [flag, letter]));
  return Object.entries(parameters.flags ?? {}).flatMap(([flag, shape]) => {
    if (!wanted(flag)) return [];
    const letter = letters.get(flag);
    const term = `${letter === undefined ? '    ' : `-${letter}, `}--${kebab(flag)}`;
    return [[`${term} ${valueOf(flag, shape)}`.trimEnd(), flagText(shape)] as const];
  });
}

/** How the value of a flag is called; empty for a switch. */
export function valueOf(flag: string, { kind, placeholder, values = [] }: FlagShape): string {
  if (kind === 'boolean' || kind === 'counter') return '';
  if (kind === 'enum' && values.length <= 3) return values.join('|');
  return placeholder ?? kebab(flag).toUpperCase();
}

function flagText({ kind, brief, values = [], default: standard }: FlagShape): string {
  const choice = kind === 'enum' && values.length > 3 ? `. One of ${values.join(', ')}` : '';
  return `${brief}${choice}${typeof standard === 'string' ? `. Default: ${standard}` : ''}`;
}

function examples({ examples: given }: CommandModule): readonly string[] {
  const wide = Math.max(...given.map(({ input }) => input.length));
  return given.map(({ input, brief }) => `plumb ${input.padEnd(wide)}  ${brief}`.trimEnd());
}

const meanings: Partial<Record<ExitName, string>> = {
  failed: 'Refused or failed; nothing was changed unless the message says so',
  differs: 'With --exit-code: something differs, or is not in agreement, or a right is missing',
};

function exitRows({ parameters, exits = [] }: CommandModule): readonly Row[] {
  const { flags = {} } = parameters;
  const names: readonly ExitName[] = [
    'ok',
    'failed',
    'usage',
    ...('exitCode' in flags ? (['differs'] as const) : []),
    ...('address' in flags ? (['denied', 'unreachable'] as const) : []),
    ...exits,
  ];
  return names.map((name) => {
    const { code, means } = exitCodes[name];
    return [String(code), meanings[name] ?? capital(means.replace(/^`\w+`: /, ''))];
  });
}

function seeAlso({ see = [] }: CommandModule, siblings: readonly string[]): string {
  return [...see, ...siblings.filter((name) => !see.includes(name))].map((name) => `plumb ${name}`).join(', ');
}

function paragraphs(description: string | undefined): readonly string[] {
  return description?.split(/\n\s*\n/) ?? [];
}

function sentence(brief: string): string {
  return `${capital(brief)}.`;
}

function capital(text: string): string {
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
}
