import type { Diagnostic } from './errors.ts';
import { PlumbError } from './errors.ts';
import type { Path } from './path.ts';
import { folderOf, joinPath, parseAnyPath, parsePath, placeOf } from './path.ts';

/**
 * References inside expressions:
 * `${NAME}` same folder · `${/db/HOST}` from the root of the environment that is read ·
 * `${staging:/db/HOST}` another environment of the project · `${shared/production:/db/HOST}` another project.
 * `$${` is a literal `${`. Inside, `\:`, `\}` and `\\` stand for the character; nothing else is escaped.
 */
export type Reference =
  | { readonly to: 'name'; readonly name: string }
  | { readonly to: 'environment-root'; readonly relative: string }
  | { readonly to: 'environment'; readonly environment: string; readonly relative: string }
  | { readonly to: 'project'; readonly project: string; readonly environment: string; readonly relative: string };

export type ExpressionPart = string | { readonly reference: Reference; readonly written: string };

export type ParsedExpression =
  | {
      readonly ok: true;
      /** Literal text and references in order. */
      readonly parts: readonly ExpressionPart[];
      /** What stands between the braces, as written, in order, each once: what a version keeps in clear. */
      readonly references: readonly string[];
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export const expressionLimits = { references: 1000 } as const;
const diagnosticLimit = 100;

/** Finds every mistake, with its place. `subject` names the text in diagnostics. */
export function parseExpression(text: string, subject?: string): ParsedExpression {
  const parts: ExpressionPart[] = [];
  const faults: Fault[] = [];
  let count = 0;
  for (const token of tokens(text)) {
    if ('literal' in token) {
      pushLiteral(parts, token.literal);
      continue;
    }
    count += 1;
    const { at, written } = token;
    const reference = written === undefined ? 'this reference is not closed, expected }' : readReference(written);
    if (typeof reference === 'string') faults.push({ at, message: reference });
    else parts.push({ reference, written: written ?? '' });
  }
  if (count > expressionLimits.references) {
    const message = `an expression has at most ${expressionLimits.references} references, this one has ${count}`;
    faults.push({ at: 0, message });
  }
  if (faults.length === 0) return { ok: true, parts, references: writtenIn(parts) };
  return { ok: false, diagnostics: faults.slice(0, diagnosticLimit).map((fault) => locate(text, fault, subject)) };
}

interface Fault {
  /** Offset in the expression. */
  readonly at: number;
  readonly message: string;
}

type Token = { readonly literal: string } | { readonly at: number; readonly written: string | undefined };

/** Splits at references; `written` is undefined for one that is not closed, which is the last. */
function* tokens(text: string): Generator<Token> {
  let from = 0;
  for (let at = text.indexOf('${'); at !== -1; at = text.indexOf('${', from)) {
    if (at > from && text.charAt(at - 1) === '$') {
      yield { literal: `${text.slice(from, at - 1)}\${` };
      from = at + 2;
      continue;
    }
    yield { literal: text.slice(from, at) };
    const end = closingBrace(text, at + 2);
    yield { at, written: end === -1 ? undefined : text.slice(at + 2, end) };
    if (end === -1) return;
    from = end + 1;
  }
  yield { literal: text.slice(from) };
}

/** Joins with a literal before it. */
function pushLiteral(parts: ExpressionPart[], literal: string): void {
  if (literal === '') return;
  const last = parts.at(-1);
  if (typeof last === 'string') parts[parts.length - 1] = last + literal;
  else parts.push(literal);
}

function writtenIn(parts: readonly ExpressionPart[]): readonly string[] {
  return [...new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : [part.written])))];
}

/** The reference between the braces of one that was accepted before. Throws `invalid`. */
export function parseReference(written: string): Reference {
  const reference = readReference(written);
  if (typeof reference === 'string') throw new PlumbError('invalid', reference);
  return reference;
}

/**
 * The path that a reference names when the entry that holds it is read at `readAt`. Throws `invalid`
 * or `too-large` when there is no such path: outside an environment, or longer than a path may be.
 */
export function resolveReference(reference: Reference, readAt: Path): Path {
  if (reference.to === 'name') return joinPath(folderOf(readAt), reference.name);
  if (reference.to === 'project') {
    return parsePath(`${reference.project}/${reference.environment}/${reference.relative}`);
  }
  const place = placeOf(readAt);
  if (place === undefined || (reference.to === 'environment-root' && place.relative === '')) {
    throw new PlumbError(
      'invalid',
      'only an entry inside an environment can refer to a path of its environment or project',
      {
        hint: 'an entry of an environment has a path of at least three segments: <project>/<environment>/<name>',
      },
    );
  }
  if (reference.to === 'environment')
    return parsePath(`${place.project}/${reference.environment}/${reference.relative}`);
  return parsePath(`${place.environment}/${reference.relative}`);
}

/** Offset of the `}` that is not escaped; -1 if there is none. */
function closingBrace(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '}') return at;
    if (character === '\\') at += 1;
  }
  return -1;
}

/** The reference, or what is wrong with it. */
function readReference(written: string): Reference | string {
  if (written === '') return 'a reference must name an entry';
  if (written.includes('${')) return 'references do not stand inside references';
  const halves = unescapeHalves(written);
  if (typeof halves === 'string') return halves;
  const [scope, rest] = halves;
  if (rest === undefined) return scope.startsWith('/') ? fromRoot(scope) : byName(scope);
  if (!rest.startsWith('/')) return 'after the environment and : comes a path that begins with /';
  const relative = rest.slice(1);
  const wrong = pathFault(`${scope}/${relative}`);
  if (wrong !== undefined) return wrong;
  const names = scope.split('/');
  const [first = '', second] = names;
  if (names.length > 2) return 'before : comes an environment, or a project and an environment';
  if (second === undefined) return { to: 'environment', environment: first, relative };
  return { to: 'project', project: first, environment: second, relative };
}

function fromRoot(text: string): Reference | string {
  const relative = text.slice(1);
  return pathFault(relative) ?? { to: 'environment-root', relative };
}

function byName(name: string): Reference | string {
  if (name.includes('/')) return 'a name has no /; a path from the root of the environment begins with /';
  return pathFault(name) ?? { to: 'name', name };
}

function pathFault(text: string): string | undefined {
  try {
    parseAnyPath(text);
    return undefined;
  } catch (error) {
    return error instanceof PlumbError ? error.message : String(error);
  }
}

/** Splits at the one `:` that is not escaped, and takes the escapes away. */
function unescapeHalves(written: string): readonly [string, string?] | string {
  const halves = [''];
  for (let at = 0; at < written.length; at += 1) {
    let character = written.charAt(at);
    if (character === ':') {
      if (halves.length === 2) return 'a reference has one : at most; write \\: for one in a name';
      halves.push('');
      continue;
    }
    if (character === '\\') {
      at += 1;
      character = written.charAt(at);
      if (!':}\\'.includes(character)) return 'in a reference \\ stands only before : } or \\';
    }
    halves[halves.length - 1] += character;
  }
  const [first = '', second] = halves;
  return second === undefined ? [first] : [first, second];
}

function locate(text: string, fault: Fault, subject?: string): Diagnostic {
  const before = text.slice(0, fault.at);
  const place = { line: before.split('\n').length, column: fault.at - before.lastIndexOf('\n') };
  return { message: fault.message, ...(subject === undefined ? {} : { subject }), ...place };
}
