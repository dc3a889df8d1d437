/**
 * The smallest edit of a text: values in the place of values, whole lines gone, new lines where they belong; every
 * other byte stays. What comes out is read again, so that nothing leaves here that does not read as asked.
 */
import type { Diagnostic } from '#domain/errors';
import type { Edit, Parsed, ParsedEntry } from './format.ts';
import { type Item, type Read, shown } from './reading.ts';
import { PlumbError } from '#domain/errors';
import { writableEdits } from './writing.ts';

export type LineEnd = '\n' | '\r\n';

/** `text` takes the place of what stands between the offsets. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A text that is edited. */
export interface Editable<I extends Item = Item> {
  readonly text: string;
  readonly subject: string;
  readonly items: readonly I[];
  readonly eol: LineEnd;
}

/** What {@link editText} must know of a format. */
export interface Editing<I extends Item = Item> {
  /** What errors call such a file: `a .env file`. */
  readonly what: string;
  readonly read: (text: string, subject: string) => Read<I>;
  readonly problem: (name: string, value: string) => string | undefined;
  /** What stands in the place of the item's present value. */
  readonly value: (value: string, item: I, eol: LineEnd) => string;
  /** Where new names go, and how they stand there. */
  readonly add: (entries: readonly (readonly [name: string, value: string])[], to: Editable<I>) => readonly Splice[];
  /** Of new files. Default a line feed. */
  readonly eol?: LineEnd;
  /** Of every line, where the format has one only. Default as the text has it. */
  readonly onlyEol?: LineEnd;
  /** What goes with a name. Default its lines. */
  readonly remove?: (item: I, from: Editable<I>) => Splice;
}

/** Edits as `Format.edit` promises. */
export function editText<I extends Item>(
  format: Editing<I>,
  text: string,
  { edits, subject }: { readonly edits: readonly Edit[]; readonly subject: string },
): string {
  const wanted = writableEdits(edits, format.what, format.problem);
  const before = format.read(text, subject);
  const editable: Editable<I> = {
    text,
    subject,
    items: before.items,
    eol: format.onlyEol ?? lineEndOf(text, format.eol),
  };
  const splices: Splice[] = [];
  const added: (readonly [string, string])[] = [];
  const byName = Map.groupBy(before.items, ({ name }) => name);
  const remove = (item: I): Splice => format.remove?.(item, editable) ?? withoutLines(item);
  for (const [name, value] of wanted) {
    const [first, ...others] = byName.get(name) ?? [];
    if (first === undefined) {
      if (value !== null) added.push([name, value]);
      continue;
    }
    if (value === null) splices.push(remove(first));
    else if (first.value !== value) {
      splices.push({ start: first.start, end: first.end, text: format.value(value, first, editable.eol) });
    }
    splices.push(...others.map(remove));
  }
  const changed = applySplices(text, splices);
  const edited = added.length === 0 ? changed : withNew(format, added, { text: changed, subject, eol: editable.eol });
  const was = { entries: before.items, diagnostics: before.diagnostics };
  checkEdited({ before: was, after: entriesOf(format.read(edited, subject)), wanted, subject });
  return edited;
}

/** What is new comes last, to a text that already lacks what is to go: whether its last line is open shows only then. */
function withNew<I extends Item>(
  format: Editing<I>,
  added: readonly (readonly [name: string, value: string])[],
  { text, subject, eol }: { readonly text: string; readonly subject: string; readonly eol: LineEnd },
): string {
  return applySplices(text, format.add(added, { text, subject, items: format.read(text, subject).items, eol }));
}

function entriesOf<I extends Item>({ items, diagnostics }: Read<I>): Parsed {
  return { entries: items, diagnostics };
}

function withoutLines({ lineStart, lineEnd }: Item): Splice {
  return { start: lineStart, end: lineEnd, text: '' };
}

/** In the order of their places; those at one place in the order given. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const pieces: string[] = [];
  let at = 0;
  for (const one of splices.toSorted((a, b) => a.start - b.start)) {
    pieces.push(text.slice(at, one.start), one.text);
    at = Math.max(at, one.end);
  }
  pieces.push(text.slice(at));
  return pieces.join('');
}

/** As its first line has it; `otherwise` where there is none. */
export function lineEndOf(text: string, otherwise: LineEnd = '\n'): LineEnd {
  const feed = text.indexOf('\n');
  if (feed < 0) return otherwise;
  return text[feed - 1] === '\r' ? '\r\n' : '\n';
}

/** Whether the last line of a text lacks its end. */
export function isOpen(text: string): boolean {
  return text !== '' && text !== '\uFEFF' && !text.endsWith('\n');
}

/** Where the blanks in front of a place begin. Without a pattern, which would try every blank in the middle of a text. */
export function blanksBefore(text: string, at: number): number {
  let start = at;
  while (text[start - 1] === ' ' || text[start - 1] === '\t') start -= 1;
  return start;
}

/**
 * Where the line of something begins that has only blanks in front of it; `undefined`: more stands there. Looks at the
 * blanks alone, since a line may be as long as its file, with many things on it.
 */
export function startOfLine(text: string, at: number): number | undefined {
  const start = blanksBefore(text, at);
  return start === 0 || text[start - 1] === '\n' ? start : undefined;
}

/** Lines at the end of a text. */
export function appendLines(lines: readonly string[], { text, eol }: Editable): Splice {
  return {
    start: text.length,
    end: text.length,
    text: (isOpen(text) ? eol : '') + lines.map((line) => line + eol).join(''),
  };
}

/** Names → values; `null` where one is damaged, or two of a name disagree. */
export function valuesOf(entries: readonly ParsedEntry[]): Map<string, string | null> {
  const values = new Map<string, string | null>();
  for (const { name, value } of entries) {
    values.set(name, values.has(name) && values.get(name) !== value ? null : value);
  }
  return values;
}

interface Edited {
  readonly before: Parsed;
  readonly after: Parsed;
  readonly wanted: ReadonlyMap<string, string | null>;
  readonly subject: string;
}

/**
 * The edited names read as wanted, all others as before; mending a damaged line may bring names to light that it hid.
 * Throws `corrupt`, with the places of what was damaged, and `invalid` when a text that was right would no longer be.
 */
export function checkEdited({ before, after, wanted, subject }: Edited): void {
  const expected = valuesOf(before.entries);
  const whole = before.diagnostics.length === 0;
  for (const [name, value] of wanted) {
    if (value === null) expected.delete(name);
    else expected.set(name, value);
  }
  const found = valuesOf(after.entries);
  const wrong = [...expected].find(([name, value]) => value !== null && found.get(name) !== value)?.[0];
  const extra = [...found.keys()].find((name) => !expected.has(name) && (whole || wanted.has(name)));
  if (wrong === undefined && extra === undefined && !(whole && after.diagnostics.length > 0)) return;
  if (whole) {
    const why = { message: `${shown(wrong ?? extra ?? '')} would change with it`, subject };
    const diagnostics = after.diagnostics.length > 0 ? after.diagnostics : [why];
    throw new PlumbError('invalid', `${subject} cannot be edited so`, { diagnostics });
  }
  const diagnostics: readonly Diagnostic[] = before.diagnostics;
  throw new PlumbError('corrupt', `a damaged line in ${subject} keeps ${wrong ?? extra} from being written readably`, {
    diagnostics,
    hint: 'look for a quote that is not closed, or remove the file: it is written anew',
  });
}
