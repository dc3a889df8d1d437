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
  const comments = dialect.comments === true;
  const { excess, comment, spaced } = lookThrough(body);
  if (excess !== undefined) {
    reading.report(excess.at, excess.message);
    return { damaged: true };
  }
  if (body[skipTrivia(body, 0, jsonTrivia)] !== '{') {
    reading.report(comments ? skipTrivia(body, 0, jsonTrivia) : body.search(/\S|$/), 'expected an object');
    return { damaged: true };
  }
  const { root, mistake } = parseUntilMistake(spaced, comments);
  const isCommented = !comments && comment !== undefined && comment <= (mistake?.offset ?? comment);
  if (isCommented) reading.report(comment, 'comments are not allowed in JSON');
  else if (mistake !== undefined) {
    const message = expected[printParseErrorCode(mistake.error)] ?? 'expected JSON';
    reading.report(Math.min(mistake.offset, body.length), message);
  }
  return root === undefined || isCommented ? { damaged: true } : { root: mapOf(root, body, dialect), damaged: false };
}

/**
 * The parser would go on behind the first mistake: with a tree that nobody needs, of more levels and pieces than were
 * counted, and with a mistake for every character.
 */
function parseUntilMistake(
  text: string,
  allowTrailingComma: boolean,
): { readonly root?: Node | undefined; readonly mistake?: ParseError } {
  try {
    return { root: parseTree(text, new NoMistakes(), { allowTrailingComma }) };
  } catch (error) {
    if (error instanceof Mistake) return { mistake: error.found };
    throw error;
  }
}

class Mistake extends Error {
  readonly found: ParseError;

  constructor(found: ParseError) {
    super('the text is not JSON');
    this.found = found;
  }
}

class NoMistakes extends Array<ParseError> {
  override push(found: ParseError): never {
    throw new Mistake(found);
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
