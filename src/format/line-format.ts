import type { Format, FormatEntry } from './format.ts';
import type { Editing, LineEnd } from './edit.ts';
import type { Item, Read } from './reading.ts';
import { appendLines, editText } from './edit.ts';
import { refuseText } from './reading.ts';
import { writable } from './writing.ts';

/** What makes a {@link Format} of the pieces that its edits need anyway. */
export interface Grammar<I extends Item = Item> extends Editing<I> {
  readonly brief: string;
  readonly extension: string;
  /** All of them can be written. */
  readonly print: (entries: readonly FormatEntry[]) => string;
}

export function formatOf<I extends Item>(grammar: Grammar<I>): Format {
  const { brief, extension, what, read, problem } = grammar;
  return {
    brief,
    extension,
    problem,
    parse: (text, subject) => {
      const { items, diagnostics } = read(text, subject);
      const entries = items.map(({ name, value, line, column }) => ({ name, value, line, column }));
      return { entries, diagnostics };
    },
    print: (entries) => grammar.print(writable(entries, what, problem)),
    edit: (text, edits, subject) => editText(grammar, text, { edits, subject }),
  };
}

/** A format with one line a name, or more where the value has them. */
export interface LineGrammar<I extends Item = Item>
  extends Omit<Grammar<I>, 'print' | 'add' | 'value'>,
    Partial<Pick<Grammar<I>, 'add' | 'value'>> {
  /** The value as it stands behind the name. */
  readonly encode: (value: string, eol: LineEnd) => string;
  /** Without the line end. */
  readonly line: (name: string, encoded: string) => string;
}

export function lineFormat<I extends Item = Item>(grammar: LineGrammar<I>): Format {
  const { encode, line } = grammar;
  const add: Grammar<I>['add'] = (entries, to) => [
    appendLines(
      entries.map(([name, value]) => line(name, encode(value, to.eol))),
      to,
    ),
  ];
  return formatOf<I>({
    value: (value, _, eol) => encode(value, eol),
    add,
    print: (entries) => entries.map(({ name, value }) => `${line(name, encode(value, '\n'))}\n`).join(''),
    ...grammar,
  });
}

/** A line of a text: from `start` to `end`, the next one at `next`. */
export interface Line {
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/** The lines of a text without its byte order mark; each ends with LF or CRLF, which `end` leaves out. */
export function* linesOf(text: string): Iterable<Line> {
  for (let start = text.startsWith('\uFEFF') ? 1 : 0; start < text.length; ) {
    const feed = text.indexOf('\n', start);
    const next = feed < 0 ? text.length : feed + 1;
    const stop = feed < 0 ? text.length : feed;
    yield { start, end: stop > start && text[stop - 1] === '\r' ? stop - 1 : stop, next };
    start = next;
  }
}

/** The first offset from `at` on where the sticky pattern ends. */
export function behind(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** A text that is too large or has NUL characters is not read any further. */
export function readUnless<I extends Item>(read: (text: string, subject: string) => Read<I>): typeof read {
  return (text, subject) => {
    const diagnostics = refuseText(text, subject);
    return diagnostics === undefined ? read(text, subject) : { items: [], diagnostics };
  };
}
