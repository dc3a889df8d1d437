/** A page of help as a manual page: roff with the macros of man(7). */
import type { Page, Row, Section } from './page.ts';

/** `plumb-sync-create` of `plumb sync create`: the name of the manual page. */
export function manualName({ name }: Page): string {
  return name.replaceAll(' ', '-');
}

/** Section 1. `version` is that of the program. */
export function manualPage(page: Page, version: string): string {
  const title = manualName(page);
  return [
    `.TH ${quoted(title.toUpperCase())} 1 "" ${quoted(`plumb ${version}`)} "Plumb Manual"`,
    '.SH NAME',
    `${escaped(title)} \\- ${escaped(page.brief)}`,
    ...page.sections.flatMap(sectionLines),
    '',
  ].join('\n');
}

function sectionLines({ title, paragraphs = [], lines = [], rows = [] }: Section): readonly string[] {
  const isSynopsis = title === 'SYNOPSIS';
  return [
    `.SH ${quoted(title)}`,
    ...paragraphs.flatMap((text, index) => paragraphLines(text, index === 0)),
    ...(lines.length === 0 ? [] : isSynopsis ? lines.map(textLine) : ['.nf', ...lines.map(textLine), '.fi']),
    ...rows.flatMap(rowLines),
  ];
}

function paragraphLines(text: string, isFirst: boolean): readonly string[] {
  const before = isFirst ? [] : ['.PP'];
  if (text.startsWith(' ')) return [...before, '.nf', ...text.split('\n').map(textLine), '.fi'];
  return [...before, ...text.split('\n').map(textLine)];
}

function rowLines([term, text]: Row): readonly string[] {
  return ['.TP', `\\fB${escaped(term.trim())}\\fR`, textLine(text)];
}

/** A line that roff takes for nothing but text. */
function textLine(text: string): string {
  const safe = escaped(text);
  return /^[.']/.test(safe) ? `\\&${safe}` : safe;
}

const named: Readonly<Record<string, string>> = { '\\': '\\e', '-': '\\-', '…': '...', '•': '\\(bu', '→': '\\(->' };

function escaped(text: string): string {
  return text.replace(/[\\…•→-]/g, (character) => named[character] ?? character);
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '\\(dq')}"`;
}
