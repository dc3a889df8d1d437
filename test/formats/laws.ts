/** What every format promises, as properties over hostile documents: for `fast-check`, with as many runs as are asked. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { PlumbError } from '#domain/errors';
import { valuesOf } from '#format/edit';
import type { Edit, Format, FormatEntry, ParsedEntry } from '#format/format';
import { offsetOf, staysInPlace } from './places.ts';

const pieces = fc.constantFrom(
  ...['\n', '\r', '\r\n', "'", '"', '`', '$', '${', '%{', '%', '\\', '\\n', '\\u', '#', ';', '!', ' ', '\t', '\f'],
  ...[
    '=',
    ':',
    '::',
    ',',
    '|',
    '>',
    '<',
    '&',
    '&amp;',
    '<!--',
    '-->',
    ']]>',
    '<![CDATA[',
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
  ],
  ...['- ', '? ', ': ', '~', 'null', 'true', 'yes', 'no', '0', '0123', '1e3', '0x1F', '.5', '1_000', '2024-01-01', '.'],
  ...['...', '---', '*a', '&a', '@', 'EOT', '<<EOT\n', '"""', "'''", '\0', '\u0001', '\u0007', '\u001b', '\u007f'],
  ...[
    '\u0085',
    '\u00a0',
    '\u2028',
    '\u2029',
    '\u200b',
    '\uFEFF',
    '\uFFFE',
    '\uFFFF',
    '\uD800',
    '\uDC00',
    'é',
    'e\u0301',
  ],
  ...[
    'ž',
    '漢',
    '🌍',
    '𝒳',
    'x',
    'abc',
    'A=b',
    'A: b',
    '__proto__',
    'constructor',
    '-----BEGIN KEY-----\nabc\n-----END KEY-----',
  ],
);
const tricky = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''));
const value = fc.oneof({ weight: 4, arbitrary: tricky }, fc.string({ unit: 'binary' }), fc.string());
const wellBehaved = value.map((text) => text.toWellFormed().replaceAll('\0', ''));
const word = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const joined = fc.tuple(word, fc.constantFrom('.', '__', ':', '-', '/', '_'), word).map((parts) => parts.join(''));
const tame = fc.oneof({ weight: 6, arbitrary: word }, joined);
const hostile = fc.oneof(
  tricky,
  fc.constantFrom('__proto__', 'a.', '.a', 'a..b', '', 'a b', '1', 'true', 'null', '=', 'é'),
);

const entry = (name: fc.Arbitrary<string>, of = value) =>
  fc.record<FormatEntry>({ name, value: of, secret: fc.boolean() });
const tameDocument = fc.uniqueArray(entry(tame, wellBehaved), { selector: ({ name }) => name, maxLength: 6 });
const hostileDocument = fc.array(entry(fc.oneof(tame, hostile)), { maxLength: 4 });
export const documents = fc.oneof({ weight: 3, arbitrary: tameDocument }, { weight: 1, arbitrary: hostileDocument });

/** Every document is read as it was written, or refused by name; answers how many were written. */
export function checkRoundTrips(format: Format, runs: Pick<Runs, 'numRuns' | 'seed'>): number {
  let written = 0;
  fc.assert(
    fc.property(documents, (entries) => {
      const text = printed(format, entries);
      if (text === undefined) return;
      written += 1;
      const { entries: found, diagnostics } = format.parse(text, 'f');
      expect(diagnostics).toEqual([]);
      expect(byName(found)).toEqual(byName(entries));
      expect(text === '' || text.endsWith('\n')).toBe(true);
      for (const one of found) expect(offsetOf(text, one)).toBeLessThan(text.length);
    }),
    runs,
  );
  return written;
}

function byName(
  entries: Iterable<{ readonly name: string; readonly value: string | null }>,
): [string, string | null][] {
  return [...entries]
    .map(({ name, value: of }): [string, string | null] => [name, of])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The text, or `undefined` after making sure that the refusal is one: by name, with all of them, without values. */
function printed(format: Format, entries: readonly FormatEntry[]): string | undefined {
  const refused = entries.filter((one) => format.problem(one.name, one.value) !== undefined);
  try {
    const text = format.print(entries);
    expect(refused).toEqual([]);
    expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
    return text;
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    expect(error).toMatchObject({ code: 'invalid' });
    expect(error.diagnostics.length).toBeGreaterThanOrEqual(Math.max(refused.length, 1));
    return undefined;
  }
}

const newValue = fc.oneof({ weight: 4, arbitrary: wellBehaved }, fc.constant(null), value);

interface Runs {
  readonly numRuns: number;
  /** The same documents each time; by default others, and a failure tells its seed. */
  readonly seed?: number;
  /** The texts are such as are written here: an edit of one is refused only if the result could not be written either. */
  readonly written?: true;
}

/** Edits of a text change the names they name, and nothing else; answers how many there were. */
export function checkEdits(format: Format, texts: fc.Arbitrary<string>, { written, ...runs }: Runs): number {
  let edited = 0;
  const edits = fc.array(fc.tuple(fc.nat(), fc.oneof(tame, hostile), newValue), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(texts, edits, (text, wanted) => {
      const whole = format.parse(text, 'f').diagnostics.length === 0;
      expect(refusedOr(() => format.edit(text, [], 'f'), whole) ?? text).toBe(text);
      const present = format.parse(text, 'f').entries.map(({ name }) => name);
      // Half of the names are there already.
      const named = wanted.map(
        ([pick, name, of]): Edit => [pick % 2 === 0 ? (present[(pick / 2) % present.length] ?? name) : name, of],
      );
      if (checkEdit(format, text, named)) edited += 1;
      else if (written) expect(isRefusable(format, text, named)).toBe(true);
      for (const one of named) checkPlace(format, text, one);
    }),
    runs,
  );
  return edited;
}

/** Tells whether the edit was made; one that was not was refused, with a reason. */
function checkEdit(format: Format, text: string, edits: readonly Edit[]): boolean {
  const before = format.parse(text, 'f');
  const result = refusedOr(() => format.edit(text, edits, 'f'), before.diagnostics.length === 0);
  if (result === undefined) return false;
  const after = format.parse(result, 'f');
  if (before.diagnostics.length > 0) return true;
  expect(after.diagnostics).toEqual([]);
  const expected = afterEdits(before.entries, edits);
  expect(byName(after.entries)).toEqual(byName([...expected].map(([name, of]) => ({ name, value: of }))));
  return true;
}

function afterEdits(entries: readonly ParsedEntry[], edits: readonly Edit[]): Map<string, string | null> {
  const expected = valuesOf(entries);
  for (const [name, of] of edits) {
    if (of === null) expected.delete(name);
    else expected.set(name, of);
  }
  return expected;
}

/** Nor could what the edits ask for be written anew. */
function isRefusable(format: Format, text: string, edits: readonly Edit[]): boolean {
  const expected = afterEdits(format.parse(text, 'f').entries, edits);
  return (
    printed(
      format,
      [...expected].map(([name, of]) => ({ name, value: of ?? '' })),
    ) === undefined
  );
}

function refusedOr(act: () => string, whole: boolean): string | undefined {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    expect(whole ? ['invalid'] : ['invalid', 'corrupt']).toContain(error.code);
    expect(whole ? error.diagnostics : ['at least one']).not.toEqual([]);
    return undefined;
  }
}

/** One edit takes nothing away but what belongs to its name: no other name stands in what is gone. */
function checkPlace(format: Format, text: string, edit: Edit): void {
  const result = refusedOr(() => format.edit(text, [edit], 'f'), false);
  if (result === undefined) return;
  const before = { text, entries: format.parse(text, 'f').entries };
  const after = { text: result, entries: format.parse(result, 'f').entries };
  expect(staysInPlace({ before, after, name: edit[0] }) || { edit, result }).toBe(true);
}

/** What a document is written as, and the same with other line ends, a byte order mark, or the last line open. */
export function writtenTexts(format: Format): fc.Arbitrary<string> {
  const changes: readonly ((text: string) => string)[] = [
    (text) => text,
    (text) => text.replaceAll(/(?<!\r)\n/g, '\r\n'),
    (text) => `\uFEFF${text}`,
    (text) => text.replace(/\r?\n$/, ''),
    (text) => `${text}\n\n`,
    (text) => `\n${text}`,
  ];
  return fc.tuple(tameDocument, fc.constantFrom(...changes)).map(([entries, change]) => {
    const fitting = entries.filter((one) => format.problem(one.name, one.value) === undefined);
    try {
      const text = format.print(fitting);
      const changed = change(text);
      return format.parse(changed, 'f').diagnostics.length === 0 ? changed : text;
    } catch {
      return '';
    }
  });
}
