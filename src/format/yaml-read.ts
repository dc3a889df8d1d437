/** YAML as trees with places, one for each document. Anchors and aliases are refused: none is needed, and they grow without bound. */
import type { CST, ErrorCode, Pair, ParsedNode } from 'yaml';
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser } from 'yaml';
import { formatLimits } from './format.ts';
import { tooManyPieces } from './reading.ts';
import type { TreeLeaf, TreeMap, TreeMember } from './tree.ts';
import { plainKind } from './yaml-scalar.ts';

/** One document of a text. */
export interface YamlDocument {
  /** Absent: it is no map. An empty document is a map without members. */
  readonly root?: TreeMap;
  /** Of its first node, or of what stands there. */
  readonly start: number;
  readonly end: number;
}

export interface YamlText {
  readonly documents: readonly YamlDocument[];
  /** It breaks the grammar, or has what is not read: nothing is edited. */
  readonly damaged: boolean;
}

/**
 * Blanks, line ends and comments are tokens too: a name with all levels of its own has five for each, and a value a few.
 * The parser takes up to 800 bytes for one.
 */
const maxTokens = 2_000_000;
/** What is no token where it stands: only the first is told, and each takes 1 KB. */
const maxErrors = 1000;

type Report = (at: number, message: string) => void;

const expected: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_DIRECTIVE: 'not a directive of YAML',
  BAD_DQ_ESCAPE: 'unknown escape in double quotes; single quotes take a backslash as it is',
  BAD_INDENT: 'the indentation does not fit what stands above',
  BAD_SCALAR_START: 'a value that starts with this character must be in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'expected one key: value on this line; a value with : in it must be in quotes',
  BLOCK_IN_FLOW: 'expected no lines with - or key: between brackets',
  KEY_OVER_1024_CHARS: 'the key is longer than 1024 characters',
  MISSING_CHAR: 'something is not closed, or a : is missing',
  MULTILINE_IMPLICIT_KEY: 'expected key: value on one line',
  TAB_AS_INDENT: 'expected blanks, found a tab, which is not allowed as indentation',
  TAG_RESOLVE_FAILED: 'a tag that is not read here',
};

export function readYamlTrees(text: string, report: Report): YamlText {
  const unreadable = { documents: [], damaged: true };
  if (reportCharacters(text, report)) return unreadable;
  const tokens = tokensIn(text, report);
  if (tokens === undefined || reportTokens(tokens, report)) return unreadable;
  const composer = new Composer({
    keepSourceTokens: true,
    uniqueKeys: false,
    logLevel: 'silent',
    prettyErrors: false,
    schema: 'failsafe',
  });
  const documents: YamlDocument[] = [];
  for (const { errors, contents, range } of composer.compose(tokens)) {
    const [mistake] = errors;
    if (mistake !== undefined) {
      report(mistake.pos[0], expected[mistake.code] ?? 'expected YAML');
      return { documents, damaged: true };
    }
    documents.push(documentOf(text, contents, range, report));
  }
  const directive = tokens.find(({ type }) => type === 'directive');
  if (documents.length === 0 && directive !== undefined) {
    report(directive.offset, 'expected --- behind a directive');
    return unreadable;
  }
  return { documents, damaged: false };
}

/**
 * `undefined`, and told why: they are more than the parser has room for, most are mistakes, or they are nested so deeply that it, which ends all
 * levels at once by recursion, cannot end them.
 */
function tokensIn(text: string, report: Report): readonly CST.Token[] | undefined {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let [count, errors] = [0, 0];
  let first: number | undefined;
  try {
    for (const source of new Lexer().lex(text)) {
      count += 1;
      if (count > maxTokens) {
        const { at, message } = tooManyPieces(parser.offset, maxTokens);
        report(at, message);
        return undefined;
      }
      for (const token of parser.next(source)) {
        tokens.push(token);
        if (token.type !== 'error') continue;
        errors += 1;
        first ??= token.offset;
      }
      if (first !== undefined && errors > maxErrors) {
        report(first, 'expected YAML');
        return undefined;
      }
    }
    for (const token of parser.end()) tokens.push(token);
    return tokens;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    report(0, `more than ${formatLimits.depth} levels`);
    return undefined;
  }
}

/** Line ends that YAML 1.1 has and 1.2 has not, and what may not stand in a text of YAML at all. */
const forbidden = /\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x85\u2028\u2029\ufffe\uffff]|(?!^)\ufeff/g;

/** Whether a text has characters that are refused wherever they stand, in a comment too. */
export function hasForbiddenCharacters(text: string): boolean {
  return text.search(forbidden) >= 0;
}

function reportCharacters(text: string, report: Report): boolean {
  let found = false;
  for (const { 0: character, index } of text.matchAll(forbidden)) {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    report(index, `the character U+${code} must be escaped, in double quotes`);
    found = true;
  }
  return found;
}

/** Without recursion: the composer's own depth has an end. */
function reportTokens(tokens: readonly CST.Token[], report: Report): boolean {
  const left: { readonly token: CST.Token; readonly depth: number }[] = tokens
    .map((token) => ({ token, depth: 0 }))
    .reverse();
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { token, depth } = next;
    const refused = refusalOf(token, depth);
    if (refused !== undefined) {
      report(token.offset, refused);
      return true;
    }
    const colon = 'items' in token ? colonWithoutKey(token.items) : undefined;
    if (colon !== undefined) {
      report(colon.offset, 'expected a key in front of this colon');
      return true;
    }
    const inner =
      'items' in token
        ? token.items.flatMap(tokensOf)
        : 'value' in token && token.value !== undefined
          ? [...token.start, token.value]
          : [];
    const props = token.type === 'block-scalar' ? token.props : [];
    const level = 'items' in token ? depth + 1 : depth;
    for (const one of [...inner, ...props].reverse()) left.push({ token: one, depth: level });
  }
  return false;
}

function tokensOf(item: CST.CollectionItem): readonly CST.Token[] {
  const { start, key, sep = [], value } = item;
  return [
    ...start,
    ...(key === null || key === undefined ? [] : [key]),
    ...sep,
    ...(value === undefined ? [] : [value]),
  ];
}

function refusalOf(token: CST.Token, depth: number): string | undefined {
  if (token.type === 'anchor' || token.type === 'alias')
    return 'anchors and aliases are not read: write the value where it is meant';
  if (token.type === 'directive' && !/^%YAML 1\.2\s*$/.test(token.source)) return 'not a directive that is read here';
  if (token.type === 'explicit-key-ind') return 'keys with ? are not read: write key: value';
  if ('items' in token && depth >= formatLimits.depth) return `more than ${formatLimits.depth} levels`;
  return undefined;
}

/** The parser takes a key that is not there, at any indentation and with a place above its line. */
function colonWithoutKey(items: readonly CST.CollectionItem[]): CST.SourceToken | undefined {
  return items
    .filter(({ key }) => key === null || key === undefined)
    .flatMap(({ sep = [] }) => sep)
    .find(({ type }) => type === 'map-value-ind');
}

function documentOf(
  text: string,
  node: ParsedNode | null,
  [from, to]: readonly [number, number, number],
  report: Report,
): YamlDocument {
  if (node === null || (isScalar(node) && node.value === '' && node.type === 'PLAIN' && node.tag === undefined)) {
    const at = node === null ? to : node.range[0];
    return { root: { kind: 'map', start: at, end: at, members: [], style: 'lines', indent: 0 }, start: from, end: to };
  }
  const [start, end] = node.range;
  if (!isMap(node)) {
    report(start, 'expected a map of names to values');
    return { start, end };
  }
  return { root: new TreeBuilder(text).map(node, 0), start, end };
}

type ParsedMap = Extract<ParsedNode, { readonly items: unknown[]; readonly flow?: boolean }>;

class TreeBuilder {
  readonly #text: string;
  /** How much deeper than its map an inner one stands, as the text has it first. */
  #unit: number | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** `indent`: of its members where each has its line; `undefined`: between brackets of another. */
  map(node: ParsedMap, outer: number | undefined, anchor?: number): TreeMap {
    const [start, end] = node.range;
    const flow = node.flow === true;
    const pairs = node.items as unknown as readonly Pair<ParsedNode | null, ParsedNode | null>[];
    const indent = flow ? outer : this.#column(start);
    if (!flow && outer !== undefined && indent !== undefined && anchor !== undefined) {
      this.#unit ??= indent - (outer - 2);
    }
    const members = pairs.map((pair) => this.#member(pair, flow ? undefined : indent));
    const where = { ...(indent === undefined ? {} : { indent }), ...(anchor === undefined ? {} : { anchor }) };
    return { kind: 'map', start, end: this.#trimmed(start, end), members, style: flow ? 'braces' : 'lines', ...where };
  }

  #column(at: number): number {
    const first = this.#text.startsWith('\uFEFF') ? 1 : 0;
    return at - Math.max(this.#text.lastIndexOf('\n', at - 1) + 1, first);
  }

  #member(
    { key, value, srcToken }: Pair<ParsedNode | null, ParsedNode | null>,
    indent: number | undefined,
  ): TreeMember {
    const [start, keyEnd] = key?.range ?? [value?.range[0] ?? 0, value?.range[0] ?? 0];
    const colon = srcToken?.sep?.find(({ type }) => type === 'map-value-ind');
    const anchor = colon === undefined ? keyEnd : colon.offset + 1;
    const tree = this.#value(value, anchor, indent);
    const problem = this.#keyProblem(key);
    const end = Math.max(keyEnd, anchor, tree.end);
    return {
      label: isScalar(key) ? String(key.value) : '',
      start,
      end,
      value: tree,
      ...(problem === undefined ? {} : { problem }),
    };
  }

  #keyProblem(key: ParsedNode | null): string | undefined {
    if (!isScalar(key)) return key === null ? undefined : 'must be a scalar';
    if (key.tag !== undefined && key.tag !== stringTag) return 'has a tag that is not read here';
    if (key.type !== 'PLAIN') return undefined;
    if (key.value === '<<') return 'merges another map, which is not read';
    return ['ambiguous', 'boolean', 'null'].includes(plainKind(String(key.value)))
      ? 'must be in quotes: readers of YAML disagree about it'
      : undefined;
  }

  #value(node: ParsedNode | null, anchor: number, indent: number | undefined): TreeMap | TreeLeaf {
    if (node === null)
      return { kind: 'leaf', start: anchor, end: anchor, text: null, problem: noValue, style: 'other' };
    if (isMap(node)) return this.map(node, indent === undefined ? undefined : indent + (this.#unit ?? 2), anchor);
    return this.#leaf(node);
  }

  #leaf(node: ParsedNode): TreeLeaf {
    const [start, last] = node.range;
    const place = { kind: 'leaf', start, end: this.#trimmed(start, last) } as const;
    const wrong = (problem: string): TreeLeaf => ({ ...place, text: null, problem, style: 'other' });
    if (isSeq(node)) return wrong('expected a scalar or a map, found a list');
    if (isAlias(node) || !isScalar(node)) return wrong('expected a scalar or a map');
    const text = String(node.value);
    if (node.tag !== undefined && node.tag !== stringTag)
      return wrong('a tag that is not read here: expected none, or !!str');
    if (node.type === 'QUOTE_DOUBLE') return { ...place, text, style: 'string' };
    if (node.type === 'QUOTE_SINGLE') return { ...place, text, style: 'single' };
    if (node.type !== 'PLAIN') return { ...place, end: this.#blockEnd(start, last), text, style: 'block' };
    const kind = node.tag === undefined ? plainKind(text) : 'string';
    if (kind === 'null') return wrong(noValue);
    if (kind === 'ambiguous') return wrong('readers of YAML disagree about this value: put it in quotes');
    return { ...place, text, style: kind === 'string' ? 'plain' : kind };
  }

  /** Blank lines behind a block are none of it, but where its header says that they are. */
  #blockEnd(start: number, end: number): number {
    const header = this.#text.slice(start, this.#text.indexOf('\n', start));
    return header.includes('+') ? end : this.#trimmed(start, end);
  }

  #trimmed(start: number, end: number): number {
    let at = end;
    while (at > start && ' \t\r\n'.includes(this.#text[at - 1] ?? '-')) at -= 1;
    return at;
  }
}

const stringTag = 'tag:yaml.org,2002:str';
/** What is wrong with nothing, `null` and `~`. */
export const noValue = 'null is no value: write "" or leave the name out';
