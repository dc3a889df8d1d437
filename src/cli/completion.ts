/**
 * What may stand where the cursor is: the scripts of the shells call `plumb __complete WORD…` with the words behind
 * `plumb`, the last of them as far as it is typed, and get one candidate a line.
 *
 *     TEXT<tab>what it is      a candidate; more is to be typed behind `/`, `=` and `:` at its end
 *     :files  :folders  :commands     the shell itself knows better what there is
 */
import type { CommandModule, FlagShape } from './command.ts';
import type { Candidate, Wanted } from './completion-sources.ts';
import { fromSource, sourceOfArgument, sourceOfFlag } from './completion-sources.ts';
import { argumentsOf, kebab } from './page.ts';
import type { Session } from './session.ts';
import { printable } from './style.ts';
import type { CommandRow } from './table.ts';
import { commandTable } from './table.ts';
import { topics } from './topics.ts';

/** Nobody waits longer for a list than for typing the name. */
const patienceMs = 2000;

/** The lines for a shell; empty where nothing is known, for whatever reason: a shell has no use for an error here. */
export async function completionLines(session: Session, words: readonly string[]): Promise<string> {
  const late = session.io.wait(patienceMs).then(() => []);
  const found = await Promise.race([candidates(session, words).catch(() => []), late]);
  const typed = words.at(-1) ?? '';
  const lines = found.flatMap(({ text, brief }) => {
    if (!text.startsWith(':') && (!text.startsWith(typed) || printable(text) !== text)) return [];
    return [brief === undefined || brief === '' ? text : `${text}\t${printable(brief)}`];
  });
  return lines.map((line) => `${line}\n`).join('');
}

async function candidates(session: Session, words: readonly string[]): Promise<readonly Candidate[]> {
  const [first = '', second = ''] = words;
  if (words.length <= 1) return [...rowCandidates(commandTable), ...generalFlags];
  if (first === 'help') return helpCandidates(words.slice(1));
  const row = commandTable.find(({ name }) => name === first);
  if (row?.commands === undefined) return ofCommand(session, row, words.slice(0, 1), words.slice(1));
  if (words.length === 2) return rowCandidates(row.commands);
  const command = row.commands.find(({ name }) => name === second);
  return ofCommand(session, command, words.slice(0, 2), words.slice(2));
}

const generalFlags: readonly Candidate[] = [
  { text: '--help', brief: 'Show help' },
  { text: '--version', brief: 'Show the version' },
];

function rowCandidates(rows: readonly CommandRow[]): readonly Candidate[] {
  return rows.map(({ name, brief }) => ({ text: name, brief }));
}

function helpCandidates(words: readonly string[]): readonly Candidate[] {
  const [first = ''] = words;
  if (words.length === 1) {
    return [...rowCandidates(commandTable), ...topics.map(({ name, brief }) => ({ text: name, brief }))];
  }
  return words.length === 2 ? rowCandidates(commandTable.find(({ name }) => name === first)?.commands ?? []) : [];
}

async function ofCommand(
  session: Session,
  row: CommandRow | undefined,
  called: readonly string[],
  rest: readonly string[],
): Promise<readonly Candidate[]> {
  const module = await row?.load?.();
  if (module === undefined) return [];
  const scan = scanned(module, rest);
  const around = { session, words: called, flags: scan.values, arguments: scan.positional };
  const typed = rest.at(-1) ?? '';
  const equals = /^--([\w-]+)=/.exec(typed);
  if (equals !== null && !scan.isEscaped) {
    const flag = flagNamed(module, `--${equals[1]}`);
    const found = flag === undefined ? [] : await valuesOf(flag, around, typed.slice(equals[0].length));
    return found.map((candidate) => ({ ...candidate, text: `${equals[0]}${candidate.text}` }));
  }
  if (scan.open !== undefined) return valuesOf(scan.open, around, typed);
  if (typed.startsWith('-') && !scan.isEscaped) return flagCandidates(module, scan.given);
  const placeholders = argumentsOf(module.parameters);
  const isMany = module.parameters.positional?.kind === 'array';
  const index = isMany ? 0 : scan.positional.length;
  const placeholder = placeholders[index]?.placeholder;
  if (placeholder === undefined) return flagCandidates(module, scan.given);
  return fromSource(sourceOfArgument(called, placeholder), around, typed);
}

interface NamedFlag {
  readonly name: string;
  readonly shape: FlagShape;
}
/** What stands before the cursor. */
interface Scan {
  readonly values: ReadonlyMap<string, string>;
  readonly given: ReadonlySet<string>;
  readonly positional: readonly string[];
  /** The flag whose value is typed. */
  readonly open: NamedFlag | undefined;
  /** Behind `--`: everything is an argument. */
  readonly isEscaped: boolean;
}

function scanned(module: CommandModule, rest: readonly string[]): Scan {
  const values = new Map<string, string>();
  const given = new Set<string>();
  const positional: string[] = [];
  let open: NamedFlag | undefined;
  let isEscaped = false;
  for (const word of rest.slice(0, -1)) {
    if (open !== undefined) {
      values.set(open.name, word);
      open = undefined;
    } else if (word === '--' && !isEscaped) isEscaped = true;
    else if (isEscaped || !word.startsWith('-')) positional.push(word);
    else {
      const [name = '', value] = word.split(/=(.*)/s);
      const flag = flagNamed(module, name);
      if (flag === undefined) continue;
      given.add(flag.name);
      if (value !== undefined) values.set(flag.name, value);
      else if (flag.shape.kind === 'enum' || flag.shape.kind === 'parsed') open = flag;
    }
  }
  return { values, given, positional, open, isEscaped };
}

/** As it is written: `--exit-code` or `-e`. */
function flagNamed({ parameters }: CommandModule, written: string): NamedFlag | undefined {
  const { flags = {}, aliases = {} } = parameters;
  const name = written.startsWith('--')
    ? Object.keys(flags).find((flag) => `--${kebab(flag)}` === written)
    : aliases[written.slice(1)];
  const shape = name === undefined ? undefined : flags[name];
  return name === undefined || shape === undefined ? undefined : { name, shape };
}

function flagCandidates({ parameters }: CommandModule, given: ReadonlySet<string>): readonly Candidate[] {
  const flags = Object.entries(parameters.flags ?? {}).filter(
    ([name, { variadic }]) => !given.has(name) || (variadic !== undefined && variadic !== false),
  );
  return [
    ...flags.map(([name, { brief }]) => ({ text: `--${kebab(name)}`, brief })),
    { text: '--help', brief: 'Show help' },
  ];
}

async function valuesOf(
  { name, shape }: NamedFlag,
  around: Parameters<typeof fromSource>[1],
  typed: string,
): Promise<readonly Candidate[]> {
  if (shape.kind === 'enum') return (shape.values ?? []).map((text) => ({ text }));
  const source: Wanted = sourceOfFlag(name, shape.placeholder ?? '');
  return fromSource(source, around, typed);
}
