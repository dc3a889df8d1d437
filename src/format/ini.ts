/**
 * INI files, as far as their readers agree. The part of a name in front of its first `.` is the section; names without
 * one stand in front of all sections. A line is blank, a comment (`;` or `#` first), `[section]` or `name = value`. A
 * value is taken as it is, or stands in double quotes with the escapes \\ \" \n \r \t. Refused is what readers
 * understand in their own ways: a comment behind a value, single quotes, lines that go on, a section twice.
 */
import type { FormatEntry } from './format.ts';
import type { Editable, Splice } from './edit.ts';
import type { Line } from './line-format.ts';
import { formatOf, linesOf, readUnless } from './line-format.ts';
import { Reading } from './reading.ts';
import { textProblem } from './writing.ts';

/** Where new names of a section go: behind its last name; `end` is an offset. */
interface Section {
  readonly name: string;
  readonly line: number;
  end: number;
}

class IniReader {
  readonly #text: string;
  readonly reading: Reading;
  /** The first is what stands in front of all sections. */
  readonly sections: Section[];
  readonly #names = new Map<string, Section>();
  #indent = Number.POSITIVE_INFINITY;

  constructor(text: string, subject: string) {
    this.#text = text;
    this.reading = new Reading(text, subject);
    this.sections = [{ name: '', line: 0, end: text.startsWith('\uFEFF') ? 1 : 0 }];
  }

  read(): this {
    for (const line of linesOf(this.#text)) {
      const whole = this.#text.slice(line.start, line.end);
      const content = whole.trim();
      if (content === '' || content.startsWith(';') || content.startsWith('#')) continue;
      const indent = whole.length - whole.trimStart().length;
      if (content.startsWith('[')) this.#readSection(content, line.start + indent, line);
      else this.#readName(content, line.start + indent, { line, folded: indent > this.#indent });
      this.#indent = content.startsWith('[') ? Number.POSITIVE_INFINITY : indent;
    }
    const last = this.sections.at(-1);
    if (last !== undefined) last.end = this.#text.length;
    return this;
  }

  #readSection(content: string, at: number, line: Line): void {
    const name = content.slice(1, -1);
    if (!content.endsWith(']') || !isPart(name)) return this.reading.report(at, 'expected [section]');
    const first = this.#names.get(name);
    const section = { name, line: this.reading.line(at), end: line.next };
    if (first !== undefined) this.reading.report(at, `section ${name} stands twice, first on line ${first.line}`);
    this.#names.set(name, first ?? section);
    this.sections.push(section);
  }

  #readName(content: string, at: number, { line, folded }: { readonly line: Line; readonly folded: boolean }): void {
    const equals = content.indexOf('=');
    if (equals < 0) return this.reading.report(at, 'expected name = value');
    const own = content.slice(0, equals).trimEnd();
    if (!isPart(own)) return this.reading.report(at, 'expected a name without any of = : ; # [ ] " \' \\');
    const section = this.sections.at(-1);
    if (section !== undefined) section.end = line.next;
    const name = section === undefined || section.name === '' ? own : `${section.name}.${own}`;
    const written = content.slice(equals + 1).trimStart();
    const valueAt = written === '' ? at + equals + 1 : at + content.length - written.length;
    const { value, wrong } = folded ? { value: null, wrong: further } : decode(written);
    if (wrong !== undefined) this.reading.report(valueAt, wrong);
    const place = { start: valueAt, end: at + content.length, lineStart: line.start, lineEnd: line.next };
    this.reading.add({ name, value, nameAt: at, ...place });
  }
}

const further = 'a line further in than the name in front of it: some readers take it for more of that value';

/** Of a section, or of a name inside it. */
function isPart(text: string): boolean {
  return text !== '' && text === text.trim() && !/[=:;#[\]"'\\\p{Cc}\u2028\u2029]/u.test(text);
}

const escapes: Readonly<Record<string, string>> = { '\\\\': '\\', '\\"': '"', '\\n': '\n', '\\r': '\r', '\\t': '\t' };
const escape = /\\[\\"nrt]/g;
const spelled = new Map(Object.entries(escapes).map(([written, meant]) => [meant, written]));

function decode(written: string): { readonly value: string | null; readonly wrong?: string } {
  const refuse = (wrong: string) => ({ value: null, wrong });
  if (written.startsWith("'")) return refuse('readers disagree about single quotes: use double quotes');
  if (written.startsWith('"')) {
    const inside = written.slice(1, -1);
    if (written.length < 2 || /["]|\\$/.test(inside.replace(escape, '')))
      return refuse('text behind the closing quote');
    if (!written.endsWith('"')) return refuse('the quote " is not closed');
    if (inside.replace(escape, '').includes('\\'))
      return refuse('unknown escape, expected one of \\\\ \\" \\n \\r \\t');
    return { value: inside.replace(escape, (one) => escapes[one] ?? one) };
  }
  if (/(?:^|\s)[;#]/.test(written)) return refuse('readers disagree about ; and # behind a blank: use double quotes');
  if (written.endsWith('\\')) return refuse('readers disagree about a backslash at the end: use double quotes');
  if (/[^\P{Cc}\t]/u.test(written)) return refuse('readers disagree about control characters: use double quotes');
  return { value: written };
}

function encode(value: string): string {
  const plain = value === value.trim() && !/^["']|[;#\p{Cc}\u2028\u2029]|\\$/u.test(value);
  return plain ? value : `"${value.replace(/[\\"\n\r\t]/g, (one) => spelled.get(one) ?? one)}"`;
}

/** Name → section and what is left; `''` for names without one. */
function split(name: string): readonly [section: string, own: string] {
  const dot = name.indexOf('.');
  return dot < 0 ? ['', name] : [name.slice(0, dot), name.slice(dot + 1)];
}

function problem(name: string, value: string): string | undefined {
  const [section, own] = split(name);
  const good = isPart(own) && (isPart(section) || !name.includes('.')) && name.isWellFormed();
  return good ? textProblem(value) : 'is not a name of an INI file: section.name without any of = : ; # [ ] " \' \\';
}

function lineOf(own: string, value: string): string {
  return `${own} = ${encode(value)}`;
}

function print(entries: readonly FormatEntry[]): string {
  const groups = Map.groupBy(entries, ({ name }) => split(name)[0]);
  const ordered = [...groups].sort(([a], [b]) => Number(a !== '') - Number(b !== ''));
  const blocks = ordered.map(([section, members]) => {
    const lines = members.map(({ name, value }) => `${lineOf(split(name)[1], value)}\n`).join('');
    return section === '' ? lines : `[${section}]\n${lines}`;
  });
  return blocks.join('\n');
}

/** A name goes to the section with the longest name that it starts with; where there is none, to a new one. */
function add(entries: readonly (readonly [string, string])[], { text, eol }: Editable): readonly Splice[] {
  const { sections } = new IniReader(text, '').read();
  const byName = new Map(sections.toReversed().map((section) => [section.name, section]));
  const lines = new Map<Section, string[]>();
  for (const [name, value] of entries) {
    const [section, own] = homeOf(name, byName) ?? split(name);
    const found = byName.get(section) ?? { name: section, line: 0, end: text.length };
    byName.set(section, found);
    const its = lines.get(found) ?? [];
    its.push(lineOf(own, value));
    lines.set(found, its);
  }
  let open = text !== '' && text !== '\uFEFF' && !text.endsWith('\n');
  const splices: Splice[] = [];
  const isNew = (section: Section): boolean => !sections.includes(section);
  // At one place, a section that is there comes first.
  const ordered = [...lines].sort(([a], [b]) => a.end - b.end || Number(isNew(a)) - Number(isNew(b)));
  for (const [section, added] of ordered) {
    const gap = open && section.end === text.length ? eol : '';
    if (gap !== '') open = false;
    const header = isNew(section) ? [...(text === '' && splices.length === 0 ? [] : ['']), `[${section.name}]`] : [];
    const written = [...header, ...added].map((line) => line + eol).join('');
    splices.push({ start: section.end, end: section.end, text: gap + written });
  }
  return splices;
}

function homeOf(name: string, sections: ReadonlyMap<string, Section>): readonly [string, string] | undefined {
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const own = name.slice(dot + 1);
    if (sections.has(name.slice(0, dot)) && isPart(own)) return [name.slice(0, dot), own];
  }
  return undefined;
}

export const ini = formatOf({
  brief: 'INI: [section] and name = value; the part in front of the first . is the section',
  extension: 'ini',
  what: 'an INI file',
  read: readUnless((text, subject) => new IniReader(text, subject).read().reading.finish()),
  problem,
  value: encode,
  add,
  print,
});
