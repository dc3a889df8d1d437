/**
 * CSV as RFC 4180 has it, with the header `name,value` and two fields a row. A field with a comma, a quote or a line
 * break stands in double quotes, a quote in it is doubled. Rows end with CRLF when written, CRLF or LF when read; line
 * breaks inside quotes are kept as they are.
 */
import type { Editable, Splice } from './edit.ts';
import type { Item, Read } from './reading.ts';
import { appendLines } from './edit.ts';
import { behind, formatOf, readUnless } from './line-format.ts';
import { Reading } from './reading.ts';
import { textProblem } from './writing.ts';

const header = 'name,value';
const plain = /[^",\r\n]*/y;
const rowEnd = /\r?\n|$/y;

interface Field {
  /** `null`: a problem was reported. */
  readonly value: string | null;
  readonly start: number;
  readonly end: number;
}

interface Row {
  readonly fields: readonly Field[];
  readonly start: number;
  /** Of its last field, and of the next row. */
  readonly end: number;
  readonly next: number;
}

interface CsvItem extends Item {
  /** The row has no second field. */
  readonly bare: boolean;
}

function read(text: string, subject: string): Read<CsvItem> {
  const reading = new Reading<CsvItem>(text, subject);
  let isHeader = true;
  for (let at = text.startsWith('\uFEFF') ? 1 : 0; at < text.length; ) {
    const row = readRow(text, at, reading);
    if (!isHeader) addRow(row, reading);
    else if (row.fields.map(({ value }) => value).join() !== header)
      reading.report(at, `expected the header ${header}`);
    isHeader = false;
    at = row.next;
  }
  return reading.finish();
}

function addRow({ fields, start, end, next }: Row, reading: Reading<CsvItem>): void {
  const [name, value] = fields;
  if (fields.length !== 2) reading.report(start, 'expected two fields in a row, a name and a value');
  if (name === undefined || name.value === null) return;
  if (name.value === '') return reading.report(start, 'expected a name');
  const whole = fields.length === 2 && value !== undefined;
  const place = { start: value?.start ?? end, end, lineStart: start, lineEnd: next, bare: value === undefined };
  reading.add({ name: name.value, value: whole ? value.value : null, nameAt: start, ...place });
}

function readRow(text: string, start: number, reading: Reading<CsvItem>): Row {
  const fields: Field[] = [];
  for (let at = start; ; ) {
    const field = text[at] === '"' ? readQuoted(text, at, reading) : { start: at, end: behind(plain, text, at) };
    const value = 'value' in field ? field.value : text.slice(field.start, field.end);
    fields.push({ ...field, value });
    if (text[field.end] === ',' && value !== null) {
      at = field.end + 1;
      continue;
    }
    rowEnd.lastIndex = field.end;
    if (value !== null && rowEnd.test(text)) return { fields, start, end: field.end, next: rowEnd.lastIndex };
    if (value !== null) reading.report(field.end, misplaced(text[field.end]));
    return brokenRow(text, { fields, start, at: field.end });
  }
}

function misplaced(found: string | undefined): string {
  if (found === '"') return 'a quote inside a field without quotes: put the field in quotes and double it';
  return found === '\r'
    ? 'a carriage return outside quotes'
    : 'expected a comma or the end of the row behind the quote';
}

/** Reading goes on with the next line. */
function brokenRow(text: string, { fields, start, at }: { fields: readonly Field[]; start: number; at: number }): Row {
  const feed = text.indexOf('\n', at);
  const [next, stop] = feed < 0 ? [text.length, text.length] : [feed + 1, feed];
  const end = text[stop - 1] === '\r' && stop > at ? stop - 1 : stop;
  const broken = fields.map((field, index) => (index === fields.length - 1 ? { ...field, value: null, end } : field));
  return { fields: broken, start, end, next };
}

function readQuoted(text: string, start: number, reading: Reading<CsvItem>): Field {
  for (let at = start + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) {
      reading.report(start, 'the quote " is not closed');
      return { value: null, start, end: start };
    }
    if (text[quote + 1] !== '"') {
      return { value: text.slice(start + 1, quote).replaceAll('""', '"'), start, end: quote + 1 };
    }
    at = quote + 2;
  }
}

/** Blanks at the ends are kept by quotes from tools that trim. */
function encode(value: string): string {
  return /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

function problem(name: string, value: string): string | undefined {
  if (name === '' || name.includes('\0') || !name.isWellFormed()) return 'is not a name of a CSV file';
  return textProblem(value);
}

const lineOf = (name: string, value: string): string => `${encode(name)},${encode(value)}`;

function add(entries: readonly (readonly [string, string])[], to: Editable<CsvItem>): readonly Splice[] {
  const lines = entries.map(([name, value]) => lineOf(name, value));
  return [appendLines(/^\uFEFF?$/.test(to.text) ? [header, ...lines] : lines, to)];
}

export const csv = formatOf<CsvItem>({
  brief: 'CSV of RFC 4180 with the header name,value',
  extension: 'csv',
  what: 'a CSV file',
  read: readUnless(read),
  problem,
  value: (value, { bare }) => (bare ? ',' : '') + encode(value),
  add,
  eol: '\r\n',
  print: (entries) => [header, ...entries.map(({ name, value }) => lineOf(name, value)), ''].join('\r\n'),
});
