/** JSON (and JSON with comments) as a tree with places. */
import type { Node, ParseError } from 'jsonc-parser';
import { parseTree, printParseErrorCode } from 'jsonc-parser';
import { skipTrivia } from './braces.ts';
import { jsonTrivia } from './json-edit.ts';
import { lookThrough } from './json-look.ts';
import type { Reading } from './reading.ts';
import type { ReadTree, TreeItem, TreeLeaf, TreeMap, TreeMember } from './tree.ts';

export interface JsonDialect {
  /** `//` and block comments, and a comma behind the last member: read, never written. Default false. */
  readonly comments?: boolean;
  /** Arrays are maps of their indexes. Default: a value that cannot be read. */
  readonly lists?: boolean;
  /** Only strings are values. Default: numbers and booleans too, as the text that they are. */
  readonly strings?: boolean;
}

const expected: Readonly<Record<string, string>> = {
  InvalidSymbol: 'expected a value: a word must be in double quotes',
  InvalidNumberFormat: 'expected a number as JSON has it',
  PropertyNameExpected: 'expected a name in double quotes',
  ValueExpected: 'expected a value',
  ColonExpected: 'expected :',
  CommaExpected: 'expected , between two members',
  CloseBraceExpected: 'expected , or }',
  CloseBracketExpected: 'expected , or ]',
  EndOfFileExpected: 'expected nothing behind the object',
  UnexpectedEndOfComment: 'the comment is not closed',
  UnexpectedEndOfString: 'the string is not closed on its line',
  UnexpectedEndOfNumber: 'expected a number as JSON has it',
  InvalidUnicode: 'expected four hexadecimal digits behind \\u',
  InvalidEscapeCharacter: 'unknown escape, expected one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX',
  InvalidCharacter: 'a control character must be escaped',
};

/** The outermost object, if the text is one. Problems are told to `reading`. */
export function readJsonTree(text: string, dialect: JsonDialect, reading: Reading<TreeItem>): ReadTree {
  const body = text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text;
  const { excess, comment, spaced } = lookThrough(body);
  if (excess !== undefined) {
    reading.report(excess.at, excess.message);
    return { damaged: true };
  }
  const errors = new First<ParseError>();
  const comments = dialect.comments === true;
  const root = parseTree(spaced, errors, { allowTrailingComma: comments });
  if (root?.type !== 'object') {
    reading.report(startOf(body, comments), 'expected an object');
    return { damaged: true };
  }
  const [mistake] = errors;
  if (!comments && comment <= (mistake?.offset ?? body.length)) {
    reading.report(comment, 'comments are not allowed in JSON');
    return { root: mapOf(root, body, dialect), damaged: true };
  }
  if (mistake !== undefined) {
    const message = expected[printParseErrorCode(mistake.error)] ?? 'expected JSON';
    reading.report(Math.min(mistake.offset, body.length), message);
  }
  return { root: mapOf(root, body, dialect), damaged: mistake !== undefined };
}

/** Keeps one element: what is told behind the first mistake is mostly about that one, and it may be told of every character. */
class First<T> extends Array<T> {
  override push(...items: T[]): number {
    return this.length === 0 ? super.push(...items.slice(0, 1)) : this.length;
  }
}

function mapOf(node: Node, text: string, dialect: JsonDialect): TreeMap {
  const list = node.type === 'array';
  const children = node.children ?? [];
  const members = list
    ? children.map((child, index) => memberOf(child, { label: String(index), value: child, text, dialect }))
    : children.flatMap((child) => {
        const [key, value] = child.children ?? [];
        if (key === undefined || value === undefined) return [];
        return [memberOf(child, { label: String(key.value), value, text, dialect })];
      });
  const { offset: start, length } = node;
  return { kind: 'map', style: list ? 'list' : 'braces', start, end: start + length, members };
}

interface Context {
  readonly label: string;
  readonly value: Node;
  readonly text: string;
  readonly dialect: JsonDialect;
}

function memberOf({ offset: start, length }: Node, { label, value, text, dialect }: Context): TreeMember {
  const nested =
    value.type === 'object' || (value.type === 'array' && (dialect.lists === true || dialect.strings === true));
  return {
    label,
    start,
    end: start + length,
    value: nested ? mapOf(value, text, dialect) : leafOf(value, text, dialect),
  };
}

function leafOf(node: Node, text: string, { strings }: JsonDialect): TreeLeaf {
  const { offset: start, length, type } = node;
  const place = { kind: 'leaf', start, end: start + length } as const;
  if (type === 'string') return { ...place, text: String(node.value), style: 'string' };
  const problem =
    strings === true
      ? 'the value must be a string: put it in double quotes'
      : type === 'null'
        ? 'null is no value: write "" or leave the name out'
        : type === 'array'
          ? 'expected a string, a number, true, false or an object, found an array'
          : undefined;
  if (problem !== undefined) return { ...place, text: null, problem, style: 'other' };
  return { ...place, text: text.slice(start, start + length), style: type === 'number' ? 'number' : 'boolean' };
}

/** Of the first character that is no blank and, where they are allowed, no comment. */
function startOf(text: string, comments: boolean): number {
  return comments ? skipTrivia(text, 0, jsonTrivia) : (/^\s*/.exec(text)?.[0].length ?? 0);
}
