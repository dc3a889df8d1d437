/** A page of help as text for a terminal or a file. */
import type { Page, Row, Section } from './page.ts';
import { padded, width, wrapped } from './width.ts';

const indent = '  ';
/** Terms that are longer have their text on the next line. */
const longestTerm = 30;
const widest = 100;

export interface TextOptions {
  /** Columns of a line. Default, and at most: 100. */
  readonly columns?: number | undefined;
  /** Without the title, and without the sections that most commands have in common. Default false. */
  readonly isShort?: boolean;
}

export function pageText({ name, brief, sections }: Page, { columns = widest, isShort = false }: TextOptions): string {
  const room = Math.max(40, Math.min(columns, widest));
  const shown = sections.filter(({ isShared }) => !(isShort && isShared === true));
  const title = isShort ? [] : [`${name}: ${brief}`];
  return [...title, ...shown.map((section) => sectionText(section, room))].join('\n\n').concat('\n');
}

/** Title and content, without a line feed at the end. */
export function sectionText({ title, paragraphs = [], lines = [], rows = [] }: Section, room: number): string {
  const texts = paragraphs.map((text) => paragraph(text, room - indent.length).join('\n')).join('\n\n');
  const parts = [...(texts === '' ? [] : texts.split('\n')), ...lines, ...table(rows, room - indent.length)];
  return [title, ...parts.map((line) => (line === '' ? '' : indent + line))].join('\n');
}

/** Lines that begin with a blank stay as they are. */
function paragraph(text: string, room: number): readonly string[] {
  if (text.startsWith(' ')) return text.split('\n');
  return wrapped(text.replaceAll('\n', ' '), room);
}

/** Terms in one column, what they mean in the other. */
export function table(rows: readonly Row[], room: number): readonly string[] {
  const fitting = rows.map(([term]) => width(term)).filter((wide) => wide <= longestTerm);
  const wide = Math.max(0, ...fitting);
  return rows.flatMap(([term, text]) => {
    const lines = wrapped(text, room - wide - 2);
    const first = width(term) <= wide ? [] : [term];
    return [
      ...first,
      ...lines.map((line, index) =>
        `${padded(index === 0 && first.length === 0 ? term : '', wide)}  ${line}`.trimEnd(),
      ),
    ];
  });
}
