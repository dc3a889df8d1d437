/**
 * Entries of a folder as a text that people edit: YAML of one level, in which tags say what a value is, joined by `+`.
 * Every value is text, whatever it looks like: `yes`, `010` and `null` are themselves.
 *
 *     DB_HOST: !config db.internal
 *     DB_PASS: !unchanged
 *     DB_URL: !config+expression postgres://${DB_USER}@${DB_HOST}/app
 */
import type { ErrorCode, Pair, ParsedNode } from 'yaml';
import { isMap, isScalar, parseDocument } from 'yaml';
import { formatLimits } from './format.ts';
import { Places } from './reading.ts';
import type { Form, Kind, ValueType } from '#domain/entry';
import { valueTypes } from '#domain/entry';
import type { Diagnostic } from '#domain/errors';

/** What a line says of an entry. Without tags it is a secret, a string, and literal. */
export interface TaggedEntry {
  readonly name: string;
  readonly kind: Kind;
  readonly type: ValueType;
  readonly form: Form;
  /** `undefined`: the value stays as it is. */
  readonly value: string | undefined;
}

/** One that was read. */
export interface PlacedEntry extends TaggedEntry {
  /** Of the name; from 1. */
  readonly line: number;
  readonly column: number;
}

export interface TaggedText {
  readonly entries: readonly PlacedEntry[];
  /** Everything that is wrong; none: the text is valid. Never a value. */
  readonly diagnostics: readonly Diagnostic[];
}

const stays = 'unchanged';

/** The line or lines of one entry, line end included. */
export function printTagged({ name, kind, type, form, value }: TaggedEntry): string {
  const tags = [
    ...(kind === 'config' ? [kind] : []),
    ...(form === 'expression' ? [form] : []),
    ...(type === 'string' ? [] : [type]),
    ...(value === undefined ? [stays] : []),
  ];
  const tag = tags.length === 0 ? '' : ` !${tags.join('+')}`;
  const key = /^[A-Za-z_][\w.-]*$/.test(name) ? name : JSON.stringify(name);
  return value === undefined ? `${key}:${tag}\n` : `${key}:${tag}${printValue(value)}\n`;
}

/** What needs no quotes under any reader's rules for plain text, and no care with numbers, since all is text here. */
const plain = /^[\w/.$][\w/.$~{}@+=%?&;-]*(?::[\w/.$~{}@+=%?&;-]+)*$/;
/** Lines that a block carries as they are: no line starts with a blank, and nothing stands behind the last but one line end. */
const block = /^(?:[^\s\p{C}]([^\p{C}]*[^\s\p{C}])?\n)+[^\s\p{C}](?:[^\p{C}]*[^\s\p{C}])?\n?$/u;

function printValue(value: string): string {
  if (plain.test(value)) return ` ${value}`;
  if (!block.test(value)) return ` ${quoted(value)}`;
  const kept = value.endsWith('\n');
  const lines = (kept ? value.slice(0, -1) : value).split('\n');
  return ` |${kept ? '' : '-'}\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

/** A double-quoted text of YAML, for which that of JSON is one, but for characters that YAML has no line without. */
function quoted(value: string): string {
  return JSON.stringify(value).replaceAll(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const grammar: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_DQ_ESCAPE: 'unknown escape in double quotes; single quotes take a backslash as it is',
  BAD_INDENT: 'the indentation does not fit what stands above, or something there is not closed',
  BAD_SCALAR_START: 'a value that starts with this character must be in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'expected NAME: value; a value with ": " in it must be in quotes',
  DUPLICATE_KEY: 'the name stands twice',
  MISSING_CHAR: 'something is not closed, or a : is missing behind the name',
  MULTILINE_IMPLICIT_KEY: 'expected NAME: value',
  TAB_AS_INDENT: 'expected blanks, found a tab',
  UNEXPECTED_TOKEN: 'expected NAME: value; a value with such characters must be in quotes',
};

/** Never throws. `subject` is what diagnostics call the text. */
export function readTagged(text: string, subject: string): TaggedText {
  const places = new Places(text);
  const diagnostics: Diagnostic[] = [];
  const report = (at: number, message: string): void => void diagnostics.push({ subject, ...places.of(at), message });
  if (text.length > formatLimits.file) {
    report(0, `the text is longer than ${formatLimits.file} characters`);
    return { entries: [], diagnostics };
  }
  const document = documentOf(text);
  if (document === undefined) {
    report(0, 'expected lines of NAME: value');
    return { entries: [], diagnostics };
  }
  for (const { code, pos } of document.errors) report(pos[0], grammar[code] ?? 'expected NAME: value');
  const root = document.contents as ParsedNode | null;
  if (diagnostics.length > 0 || root === null) return { entries: [], diagnostics };
  if (isScalar(root) && root.value === '') return { entries: [], diagnostics };
  if (!isMap(root) || root.flow === true) {
    report(root.range[0], 'expected lines of NAME: value');
    return { entries: [], diagnostics };
  }
  const pairs = root.items as unknown as readonly Pair<ParsedNode, ParsedNode | null>[];
  const entries = pairs.flatMap((pair) => {
    const entry = readPair(pair, text, report);
    return entry === undefined ? [] : [{ ...entry, ...places.of(pair.key.range[0]) }];
  });
  return { entries, diagnostics };
}

/** `undefined`: it is nested so deeply that the parser cannot end its levels. */
function documentOf(text: string): ReturnType<typeof parseDocument> | undefined {
  try {
    return parseDocument(text, { schema: 'failsafe', prettyErrors: false, logLevel: 'silent', uniqueKeys: true });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

type Report = (at: number, message: string) => void;

function readPair({ key, value: node }: Pair<ParsedNode, ParsedNode | null>, text: string, report: Report) {
  const at = key.range[0];
  if (!isScalar(key) || key.anchor !== undefined || key.tag !== undefined) {
    report(at, 'expected NAME: value');
    return undefined;
  }
  const tags = readTags(node?.tag, node?.tag === undefined ? at : text.indexOf('!', key.range[1]), report);
  if (tags === undefined) return undefined;
  const { isKept, ...entry } = tags;
  const found = node === null ? '' : readValue(node, { text, type: entry.type, report });
  if (found === undefined) return undefined;
  if (isKept && found !== '') {
    report(text.indexOf('!', key.range[1]), `!${stays} goes without a value`);
    return undefined;
  }
  return { name: String(key.value), ...entry, value: isKept ? undefined : found };
}

function readValue(
  node: ParsedNode,
  { text, type, report }: { readonly text: string; readonly type: ValueType; readonly report: Report },
): string | undefined {
  const [start, end] = node.range;
  if ('anchor' in node && node.anchor !== undefined)
    report(start, 'anchors are not read here: the value must be in quotes');
  else if (isScalar(node)) return typeof node.value === 'string' ? node.value : '';
  // Where JSON is asked for, brackets are what people write.
  else if (type === 'json' && 'flow' in node && node.flow) return text.slice(start, end).trim();
  else report(start, 'expected a text; one that starts with such a character must be in quotes');
  return undefined;
}

const known: ReadonlySet<string> = new Set(['secret', 'config', 'literal', 'expression', stays, ...valueTypes]);

function readTags(tag: string | undefined, at: number, report: Report) {
  const words = tag === undefined ? [] : tag.replace(/^!/, '').split('+');
  const unknown = words.filter((word) => !known.has(word));
  const kinds = words.filter((word): word is Kind => word === 'secret' || word === 'config');
  const types = words.filter((word): word is ValueType => valueTypes.some((type) => type === word));
  const forms = words.filter((word): word is Form => word === 'literal' || word === 'expression');
  if (unknown.length > 0) {
    report(at, `unknown tag, expected ${[...known].map((word) => `!${word}`).join(', ')}, joined by +`);
  } else if (kinds.length > 1 || types.length > 1 || forms.length > 1 || new Set(words).size < words.length) {
    report(at, 'tags contradict each other: expected one kind, one type and one form');
  } else {
    const [kind = 'secret'] = kinds;
    const [type = 'string'] = types;
    const [form = 'literal'] = forms;
    return { kind, type, form, isKept: words.includes(stays) };
  }
  return undefined;
}
