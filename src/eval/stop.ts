import type { Stored } from './lookup.ts';
import type { Fault } from './problem.ts';
import { PlumbError } from '#domain/errors';
import type { Path } from '#domain/path';
import type { ExpressionPart, Reference } from '#domain/reference';
import { parseExpression, resolveReference } from '#domain/reference';
import { checkValue } from '#domain/value';

/** Ends the walk; becomes a problem with the chain that led to it. */
export class Stop extends Error {
  readonly fault: Fault;
  /** What the chain ends with, after the expressions that are open. */
  readonly tail: readonly (Path | undefined)[];

  constructor(fault: Fault, tail: readonly (Path | undefined)[] = []) {
    super(fault.what);
    this.fault = fault;
    this.tail = tail;
  }
}

/** Literal text and references of an expression. */
export function partsOf(path: Path, text: string): readonly ExpressionPart[] {
  const parsed = parseExpression(text);
  if (parsed.ok) return parsed.parts;
  const [first] = parsed.diagnostics;
  const place = first === undefined ? '' : ` at line ${first.line ?? 1}, column ${first.column ?? 1}: ${first.message}`;
  throw new Stop({ code: 'unevaluable', what: `the expression is malformed${place}` }, [path]);
}

/** The path that a reference names for who reads at `readAt`. */
export function targetOf(reference: Reference, readAt: Path): Path {
  try {
    return resolveReference(reference, readAt);
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    throw new Stop({ code: 'unevaluable', what: error.message });
  }
}

/** What the parts make together has to be of the entry's type. */
export function checkResult(stored: Stored, text: string): void {
  const { type } = stored.current;
  if (type === 'string') return;
  try {
    checkValue(type, text);
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    throw new Stop({ code: 'unevaluable', what: error.message });
  }
}
