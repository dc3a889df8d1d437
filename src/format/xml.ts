/**
 * The XML that `java.util.Properties` reads: `<properties>` with an `<entry key="…">` for each name. A document type of
 * the file's own is refused, and with it every entity that is not one of the five of XML.
 */
import type { Editable, Splice } from './edit.ts';
import type { XmlItem } from './xml-reader.ts';
import { PlumbError } from '#domain/errors';
import { formatOf, readUnless } from './line-format.ts';
import { textProblem } from './writing.ts';
import { doctype, XmlReader } from './xml-reader.ts';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** What XML 1.0 has no way to write. */
const unwritable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

/** Java writes half pairs by number in their place, and reads neither those of others nor the character itself. */
const beyond = /[\u{10000}-\u{10ffff}]/u;

/** Of a value, where line feeds and tabs stand as they are. */
function encode(value: string): string {
  return value.replace(/[&<>]/g, (one) => entities[one] ?? one).replaceAll('\r', '&#13;');
}

function lineOf(name: string, value: string): string {
  const key = name
    .replace(/[&<>"]/g, (one) => entities[one] ?? one)
    .replace(/[\t\n\r]/g, (one) => `&#${one.charCodeAt(0)};`);
  return `<entry key="${key}">${encode(value)}</entry>`;
}

function problem(name: string, value: string): string | undefined {
  if (name === '' || unwritable.test(name) || !name.isWellFormed()) return 'is not a name that XML can have';
  if (unwritable.test(value)) return 'has a value with a character that XML cannot have';
  if (beyond.test(name + value)) return 'has a character above U+FFFF, which Java cannot read from XML';
  return textProblem(value);
}

function printLines(lines: readonly string[], eol: string): string {
  const head = ['<?xml version="1.0" encoding="UTF-8" standalone="no"?>', `<!DOCTYPE ${doctype}>`, '<properties>'];
  return [...head, ...lines.map((line) => `  ${line}`), '</properties>', ''].join(eol);
}

function add(entries: readonly (readonly [string, string])[], to: Editable<XmlItem>): readonly Splice[] {
  const { text, subject, eol } = to;
  const lines = entries.map(([name, value]) => lineOf(name, value));
  const end = { start: text.length, end: text.length };
  if (/^\uFEFF?\s*$/.test(text)) return [{ ...end, text: printLines(lines, eol) }];
  const reader = new XmlReader(text, subject);
  const { diagnostics } = reader.read();
  const { root } = reader;
  if (root === undefined) {
    throw new PlumbError('corrupt', `${subject} has no end of <properties> to write in front of`, { diagnostics });
  }
  const indented = lines.map((line) => indentOf(to) + line + eol).join('');
  if (root.empty) return [{ start: root.start, end: root.end, text: `>${eol}${indented}</properties>` }];
  const lineStart = text.lastIndexOf('\n', root.start - 1) + 1;
  const alone = lineStart > 0 && !/\S/.test(text.slice(lineStart, root.start));
  const at = alone ? lineStart : root.start;
  return [{ start: at, end: at, text: (alone ? '' : eol) + indented }];
}

/** As the last entry has it. */
function indentOf({ text, items }: Editable<XmlItem>): string {
  const last = items.at(-1);
  if (last === undefined) return '  ';
  return /^[ \t]*(?=<)/.exec(text.slice(last.lineStart, last.start))?.[0] ?? '';
}

export const xml = formatOf<XmlItem>({
  brief: 'java.util.Properties XML',
  extension: 'xml',
  what: 'a properties file in XML',
  read: readUnless((text, subject) => new XmlReader(text, subject).read()),
  problem,
  value: (value, { empty }) => (empty ? `>${encode(value)}</entry>` : encode(value)),
  add,
  print: (entries) =>
    printLines(
      entries.map(({ name, value }) => lineOf(name, value)),
      '\n',
    ),
});
