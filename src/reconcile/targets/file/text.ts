/**
 * The contents of a file target: bytes → names, and steps → bytes. Only the lines of names in a step are touched;
 * every other byte stays as it is: comments, order, line ends, a byte order mark, bytes of another encoding
 * around a block. A line end is added where one is missing in front of something new.
 */
import type { Step } from '../../target.ts';
import { PlumbError } from '#domain/errors';
import { printDotenv } from '#format/dotenv';
import { linesOf } from '#format/dotenv-lines';
import type { Line } from '#format/dotenv-lines';
import { beginMarker, endMarker, findBlock, outsideNames } from './block.ts';

/** Which file, as errors call it, and which block in it, if it is shared. */
export interface FileSubject {
  readonly at: string;
  readonly block?: string;
}

/** A file taken apart. */
export interface FileText {
  /** Bytes in front of what is ours to edit, and behind it. */
  readonly before: Buffer;
  readonly after: Buffer;
  /** `null`: the block is not there yet. */
  readonly text: string | null;
  readonly eol: '\n' | '\r\n';
  readonly lines: readonly Line[];
  /** Number of the first line of `text` in the file. */
  readonly firstLine: number;
  /** Names that others define around the block, and where. */
  readonly outside: ReadonlyMap<string, string>;
}

/** What stands first in a file that did not exist. */
const heading = '# Kept in agreement by plumb: a change to one of its names here is put right or reported.\n';

/** Throws `corrupt`, with places, when the markers are damaged or what is ours is not UTF-8. */
export function parseFile(bytes: Buffer, { at, block }: FileSubject): FileText {
  const eol = /^[^\n]*\r\n/.test(bytes.toString('latin1')) ? '\r\n' : '\n';
  if (block === undefined) {
    const text = decode(bytes, at);
    const nothing = Buffer.alloc(0);
    return { before: nothing, after: nothing, text, eol, lines: linesOf(text, at), firstLine: 1, outside: new Map() };
  }
  const found = findBlock(bytes, block, at);
  const { begin, end, firstLine } = found;
  const outside = outsideNames(bytes, found);
  if (begin === null) {
    return { before: bytes, after: Buffer.alloc(0), text: null, eol, lines: [], firstLine, outside };
  }
  const text = decode(bytes.subarray(begin, end), at);
  const around = { before: bytes.subarray(0, begin), after: bytes.subarray(end) };
  return { ...around, text, eol, lines: linesOf(text, at), firstLine, outside };
}

/** Names → values; `null` where a line of the name is damaged, or two lines of it disagree. */
export function namesOf(lines: readonly Line[]): Map<string, string | null> {
  const names = new Map<string, string | null>();
  for (const { name, value } of lines) {
    if (name !== undefined) names.set(name, names.has(name) && names.get(name) !== value ? null : value);
  }
  return names;
}

/** Lines that nobody can make sense of. */
export function notesOf({ lines, firstLine }: FileText): readonly string[] {
  const nameless = lines.filter(({ name }) => name === undefined);
  return nameless.slice(0, 5).map(({ line }) => `line ${firstLine + line - 1} is not NAME=value and stays as it is`);
}

/**
 * The bytes after the steps. `file`: `null` when there is none. Throws `corrupt` when what others left there
 * (an open quote, say) would keep a reader from seeing the result.
 */
export function editFile(file: FileText | null, steps: readonly Step[], subject: FileSubject): Buffer {
  const { at, block } = subject;
  const { text = null, eol = '\n', lines = [], before = Buffer.alloc(0), after = before } = file ?? {};
  const edited = edit({ text: text ?? (block === undefined ? heading : ''), lines, eol }, steps);
  check(namesOf(lines), namesOf(linesOf(edited, at)), { steps, at });
  if (block === undefined) return Buffer.from(edited);
  if (text !== null) return Buffer.concat([before, Buffer.from(edited), after]);
  const gap = before.length > 0 && before.at(-1) !== 0x0a ? eol : '';
  const framed = `${gap}${beginMarker(block)}${eol}${edited}${endMarker(block)}${eol}`;
  return Buffer.concat([before, Buffer.from(framed)]);
}

interface Editable extends Pick<FileText, 'lines' | 'eol'> {
  readonly text: string;
}
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function edit({ text, lines, eol }: Editable, steps: readonly Step[]): string {
  const byName = Map.groupBy(lines, ({ name }) => name);
  const edits: Edit[] = [];
  const added: string[] = [];
  for (const step of steps) {
    const [first, ...others] = byName.get(step.name) ?? [];
    if (step.do === 'delete') edits.push(...(first === undefined ? [] : [first, ...others]).map(without));
    else if (first === undefined) added.push(print(step, eol) + eol);
    else {
      edits.push({ start: first.start, end: first.end, text: first.prefix + print(step, eol) }, ...others.map(without));
    }
  }
  const changed = applyEdits(text, edits);
  const gap = added.length > 0 && changed !== '' && changed !== '\uFEFF' && !changed.endsWith('\n') ? eol : '';
  return changed + gap + added.join('');
}

function without({ lineStart, lineEnd }: Line): Edit {
  return { start: lineStart, end: lineEnd, text: '' };
}

function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const one of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(at, one.start) + one.text;
    at = one.end;
  }
  return result + text.slice(at);
}

/** Without the line end. */
function print(step: Exclude<Step, { do: 'delete' }>, eol: string): string {
  return printDotenv([[step.name, step.item.value]])
    .slice(0, -1)
    .replaceAll('\n', eol);
}

type Names = ReadonlyMap<string, string | null>;

/**
 * Nothing leaves here that does not read as planned: the names of the steps as wanted, all others as before;
 * mending a damaged line may bring names to light that it hid.
 */
function check(before: Names, after: Names, { steps, at }: { steps: readonly Step[]; at: string }): void {
  const expected = new Map(before);
  for (const step of steps) {
    if (step.do === 'delete') expected.delete(step.name);
    else expected.set(step.name, step.item.value);
  }
  const wrong = [...expected].find(([name, value]) => value !== null && after.get(name) !== value)?.[0];
  const whole = ![...before.values()].includes(null);
  const extra = [...after.keys()].find((name) => whole && !expected.has(name));
  if (wrong === undefined && extra === undefined) return;
  throw new PlumbError('corrupt', `a damaged line in ${at} keeps ${wrong ?? extra} from being written readably`, {
    hint: 'look for a quote that is not closed, or remove the file: it is written anew',
  });
}

/** Throws `corrupt` when it is not UTF-8. */
export function decode(bytes: Uint8Array, at: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new PlumbError('corrupt', `${at} is not UTF-8 text`, { cause });
  }
}
