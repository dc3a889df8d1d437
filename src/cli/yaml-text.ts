/**
 * JSON values as YAML that readers of 1.1 and 1.2 take for the same: a text that any of them would take for something
 * else (`yes`, `0123`, `1e3`, `2026-01-01`, `~`) stands in quotes, and what a terminal would obey is escaped.
 */
import type { Documents } from './printer.ts';

/** Each document of a stream begins with `---`. */
export const yamlDocuments: Documents = {
  one: (content) => yamlText(content),
  next: (content) => `---\n${yamlText(content)}`,
};

/** One document, ended by a line feed. `undefined` members are left out, as JSON does. */
export function yamlText(content: unknown): string {
  return `${node(content, '').replace(/^[\n ]/, '')}\n`;
}

/** With what stands before it: a blank for a scalar, a line feed for what has lines of its own. */
function node(content: unknown, indent: string): string {
  if (Array.isArray(content))
    return content.length === 0 ? ' []' : content.map((item) => element(item, indent)).join('');
  if (typeof content !== 'object' || content === null) return ` ${scalar(content)}`;
  const members = Object.entries(content).filter(([, value]) => value !== undefined);
  if (members.length === 0) return ' {}';
  return members
    .map(([name, value]) => `\n${indent}${scalar(name)}:${node(value, isList(value) ? indent : `${indent}  `)}`)
    .join('');
}

function isList(content: unknown): boolean {
  return Array.isArray(content);
}

/** The first member of an object stands behind the dash. */
function element(item: unknown, indent: string): string {
  const inner = `${indent}  `;
  const text = node(item, inner);
  return `\n${indent}- ${text.startsWith('\n') ? text.slice(1 + inner.length) : text.slice(1)}`;
}

const plain = /^[A-Za-z_][\w./@+-]*(?: [\w./@+()-]+)*$/;
const taken = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf)$/i;
const unsafe = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function scalar(content: unknown): string {
  if (typeof content !== 'string') return JSON.stringify(content ?? null);
  if (plain.test(content) && !taken.test(content)) return content;
  return JSON.stringify(content).replace(unsafe, (character) =>
    [...character.split('')].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
  );
}
