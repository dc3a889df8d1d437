/** The text that `edit` opens: a short explanation, the entries, what is inherited; and where something was wrong. */
import type { Diagnostic } from '#domain/errors';
import { printTagged } from '#format/tagged';
import type { EditableFolder } from './edit-folder.ts';
import { count, printable } from './style.ts';

const reasonPattern = /^# reason:[ \t]*(.*)$/m;

/** `reason` stands in it, so that it can be given or changed there. */
export function textFor({ folder, own, inherited }: EditableFolder, reason: string): string {
  const hidden = own.filter(({ value }) => value === undefined).length;
  const lines = [
    `${folder}: ${count(own.length, 'name')}${hidden === 0 ? '' : `, ${hidden} not shown (--reveal shows secrets)`}`,
    'Save and close to write it as one change. Nothing is changed by a text that is the same or empty.',
    '',
    '  NAME: value            a secret; a line that is taken away deletes its entry',
    '  NAME: !config value    plain configuration',
    '  NAME: !unchanged       stays as it is',
    '',
    'Other tags, joined by + (!config+expression): !expression for values with ${REFERENCES}, and the types',
    '!integer !number !boolean !url !json !pem !bytes (in base64).',
    '',
    `reason: ${printable(reason)}`,
  ];
  const head = lines.map((line) => `# ${line}`.trimEnd()).join('\n');
  const body = own.map(printTagged).join('');
  const tail = inherited.map((entry) => commented(printTagged(entry), `  # from ${printable(entry.from)}`)).join('');
  const inherits = tail === '' ? '' : `\n# Inherited. Without its # a line is of this folder:\n${tail}`;
  return `${head}\n\n${body}${inherits}`;
}

function commented(lines: string, origin: string): string {
  const [first = '', ...rest] = lines.trimEnd().split('\n');
  // Behind the first line of a block stands no comment, but a blank and a # would be one all the same.
  return [`# ${first}${rest.length === 0 ? origin : ''}`, ...rest.map((line) => `# ${line}`)].join('\n').concat('\n');
}

/** What stands behind `reason:`; empty: nothing. */
export function reasonIn(text: string): string {
  return reasonPattern.exec(text)?.[1]?.trim() ?? '';
}

/** A text with a comment above each line that something is wrong with, and which lines those comments are. */
export interface Marked {
  readonly text: string;
  readonly marks: ReadonlySet<string>;
}

export function withErrors(text: string, diagnostics: readonly Diagnostic[]): Marked {
  const above = new Map<number, string[]>();
  for (const { line = 1, column, message } of diagnostics) {
    const place = column === undefined ? '' : `column ${column}: `;
    above.set(line, [...(above.get(line) ?? []), `# error: ${place}${printable(message)}`]);
  }
  const lines = text.split('\n').flatMap((line, index) => [...(above.get(index + 1) ?? []), line]);
  return { text: lines.join('\n'), marks: new Set([...above.values()].flat()) };
}

/** The text as it was before. */
export function withoutErrors(text: string, marks: ReadonlySet<string>): string {
  if (marks.size === 0) return text;
  return text
    .split('\n')
    .filter((line) => !marks.has(line.trimEnd()))
    .join('\n');
}
