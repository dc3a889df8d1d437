/**
 * Options of a program that are one value each: one table for flags, environment, file and help. In the file an option
 * stands under its name, as a flag in kebab case, in the environment in capitals behind a prefix.
 */
import type { Diagnostic } from './errors.ts';

export interface Option<T> {
  /** Answers what is expected instead, as text, when it does not fit. */
  readonly parse: (written: string) => { readonly value: T } | string;
  /** As it would be written; empty: none. Capitals stand for the folder of an option, as the program says. */
  readonly default: string;
  /** Contract and unit, for the help. */
  readonly doc: string;
  /** A flag that needs no value. */
  readonly bare?: true;
}

type OptionTable = Readonly<Record<string, Option<unknown>>>;
type NameOf<T extends OptionTable> = Extract<keyof T, string>;
/** One value for each option of a table. */
export type ValuesOf<T extends OptionTable> = {
  readonly [N in keyof T]: T[N] extends Option<infer V> ? V : never;
};

export function namesOf<T extends OptionTable>(table: T): readonly NameOf<T>[] {
  return Object.keys(table) as NameOf<T>[];
}

export const text = (byDefault: string, doc: string): Option<string> => ({
  parse: (written) => (written.includes('\0') ? 'text without NUL' : { value: written }),
  default: byDefault,
  doc,
});

export const oneOf = <const T extends readonly string[]>(
  values: T,
  byDefault: T[number],
  doc: string,
): Option<T[number]> => ({
  parse: (written) => {
    const value = values.find((candidate) => candidate === written);
    return value === undefined ? `one of ${values.join(', ')}` : { value };
  },
  default: byDefault,
  doc: `${doc}: ${values.join(', ')}`,
});

/** `tlsCert` → `--tls-cert`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `tlsCert` behind `PLUMB` → `PLUMB_TLS_CERT`. */
export function variableOf(prefix: string, name: string): string {
  return `${prefix}_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** A line for each option, as a help shows it. */
export function helpRows(table: OptionTable, width: number): readonly string[] {
  return Object.entries(table).map(([name, option]) => {
    const byDefault = option.default === '' ? '' : ` (default ${option.default})`;
    return `  ${flagOf(name).padEnd(width)}${option.doc}${byDefault}`;
  });
}

/** Options as text, with where they stand. */
export type Written<N extends string> = ReadonlyMap<N, { readonly text: string; readonly where: string }>;

/** Throws nothing: what does not fit is said, and its value is left out. */
export function parseAll<T extends OptionTable>(
  table: T,
  written: Written<NameOf<T>>,
  diagnostics: Diagnostic[],
): ValuesOf<T> {
  const values: Record<string, unknown> = {};
  for (const name of namesOf(table)) {
    const option: Option<unknown> = table[name] as T[NameOf<T>];
    const found = written.get(name) ?? { text: option.default, where: name };
    const parsed = option.parse(found.text);
    if (typeof parsed === 'string') diagnostics.push({ subject: found.where, message: `expected ${parsed}` });
    else values[name] = parsed.value;
  }
  return values as ValuesOf<T>;
}

export function fromEnvironment<N extends string>(
  names: readonly N[],
  prefix: string,
  env: Readonly<Record<string, string | undefined>>,
): Written<N> {
  return new Map(
    names.flatMap((name) => {
      const where = variableOf(prefix, name);
      const found = env[where];
      return found === undefined ? [] : [[name, { text: found, where }] as const];
    }),
  );
}

/** A flag that is no option. */
export interface OwnFlag {
  /** As of an {@link Option}. */
  readonly bare?: true;
  readonly take: (text: string) => void;
}

/** The flags that are options; the others by how they are written. `command` is what is asked for help. */
export function fromFlags<T extends OptionTable>(
  table: T,
  argv: readonly string[],
  { command, own }: { readonly command: string; readonly own: Readonly<Record<`--${string}`, OwnFlag>> },
  diagnostics: Diagnostic[],
): Written<NameOf<T>> {
  const written = new Map<NameOf<T>, { readonly text: string; readonly where: string }>();
  const flags = new Map<string, OwnFlag>(Object.entries(own));
  for (const name of namesOf(table)) {
    const flag = flagOf(name);
    const { bare } = table[name] as Option<unknown>;
    const take = (found: string): void => void written.set(name, { text: found, where: flag });
    flags.set(flag, bare === true ? { bare, take } : { take });
  }
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const at = word.indexOf('=');
    const flag = at === -1 ? word : word.slice(0, at);
    const known = flags.get(flag);
    // What stands behind an unknown flag is most likely its value.
    const isValued = known !== undefined || (flag.startsWith('--') && rest[0]?.startsWith('--') === false);
    const behind = at === -1 ? undefined : word.slice(at + 1);
    const found = behind ?? (known?.bare === true ? 'true' : isValued ? rest.shift() : '');
    if (known === undefined) {
      diagnostics.push({ subject: flag, message: `there is no such flag; ${command} --help lists them` });
    } else if (found === undefined) diagnostics.push({ subject: flag, message: 'expected a value behind it' });
    else known.take(found);
  }
  return written;
}

/** A configuration file that was read. */
export interface OptionFile {
  readonly name: string;
  readonly text: string;
  /** What stands in it, without what is no option. */
  readonly members: Readonly<Record<string, unknown>>;
}

export function fromFile<N extends string>(
  names: readonly N[],
  { name, text: whole, members }: OptionFile,
  diagnostics: Diagnostic[],
): Written<N> {
  const written = new Map<N, { readonly text: string; readonly where: string }>();
  for (const [key, value] of Object.entries(members)) {
    const option = names.find((candidate) => candidate === key);
    const place = { subject: name, ...lineOf(whole, new RegExp(`^${RegExp.escape(key)}\\s*:`)) };
    const isScalar = ['string', 'number', 'boolean'].includes(typeof value);
    if (option === undefined) diagnostics.push({ ...place, message: `${key} is no option` });
    else if (!isScalar) diagnostics.push({ ...place, message: `${key} must be one value` });
    else written.set(option, { text: String(value), where: `${name}: ${key}` });
  }
  return written;
}

/** Of the first line that looks like it. */
export function lineOf(whole: string, pattern: RegExp): { readonly line?: number } {
  const line = whole.split('\n').findIndex((each) => pattern.test(each)) + 1;
  return line === 0 ? {} : { line };
}
