import type { ChangeRequest, ChangeRequestOp, MetadataInput, PutRequest } from './services.ts';
import { changeLimits } from '#domain/change';
import type { EntryMetadata, Form, ValueType } from '#domain/entry';
import { valueTypes } from '#domain/entry';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import { parseKeptPath, parsePath } from '#domain/path';
import type { Path } from '#domain/path';
import { parseExpression } from '#domain/reference';
import { encodeValue } from '#domain/value';

export const reasonLimit = 1000;
/** Of what describes an entry, in characters; `tags` and `tag`: how many, and of one. */
export const metadataLimits = { owner: 200, description: 4096, tags: 32, tag: 64 } as const;
const tagPattern = /^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/;
const maxMistakes = 100;

/** An op whose form has been checked; what depends on the state is decided later. */
export type CheckedOp = ChangeRequestOp & { readonly path: Path };

export interface CheckedChange {
  readonly reason: string;
  readonly isForced: boolean;
  readonly ops: readonly CheckedOp[];
  /** That every expected version is of; `undefined`: any. */
  readonly incarnation?: number | undefined;
}

/** Checks everything that needs no state. Throws `invalid` or `too-large`; several mistakes are reported at once. */
export function checkChange(request: ChangeRequest): CheckedChange {
  const { ops } = request;
  if (ops.length === 0) throw new PlumbError('invalid', 'a change has at least one operation');
  if (ops.length > changeLimits.ops) {
    throw new PlumbError(
      'too-large',
      `a change has at most ${changeLimits.ops} operations, this one has ${ops.length}`,
    );
  }
  checkTotal(ops);
  const mistakes = new Mistakes();
  for (const op of ops) mistakes.collect(op.path, () => checkOp(op));
  if (ops.length > 1) checkTwice(ops, mistakes);
  mistakes.throwIfAny();
  return {
    reason: checkReason(request.reason),
    isForced: request.force === true,
    ops: ops as readonly CheckedOp[],
  };
}

function checkTwice(ops: readonly ChangeRequestOp[], mistakes: Mistakes): void {
  const seen = new Set<string>();
  for (const { path } of ops) {
    if (seen.has(path))
      mistakes.add(path, new PlumbError('invalid', `${path} stands twice in the change, expected once`));
    seen.add(path);
  }
}

export function checkReason(reason = ''): string {
  if (reason.length > reasonLimit) throw new PlumbError('too-large', `a reason has at most ${reasonLimit} characters`);
  if (!reason.isWellFormed()) throw new PlumbError('invalid', 'the reason is not well-formed text');
  return reason;
}

/** By the length of the texts, which is never more than their bytes: encoding them would cost as much as they are. */
function checkTotal(ops: readonly ChangeRequestOp[]): void {
  let total = 0;
  for (const op of ops) if (op.op === 'put') total += op.type === 'bytes' ? (op.value.length * 3) / 4 : op.value.length;
  if (total > changeLimits.bytes) throw tooMuch();
}

export function tooMuch(): PlumbError {
  return new PlumbError('too-large', `the values of a change have at most ${changeLimits.bytes} bytes together`, {
    hint: 'make several changes of it',
  });
}

function checkOp(op: ChangeRequestOp): void {
  if (op.op === 'destroy') parseKeptPath(op.path);
  else parsePath(op.path);
  if (op.op === 'put' || op.op === 'describe') checkMetadata(op);
  if (op.op === 'describe' && isEmpty(op)) {
    throw new PlumbError('invalid', 'nothing to describe: expected an owner, a description, tags or an expiry');
  }
  if (op.op === 'destroy') checkVersions(op.versions);
  if (op.op === 'put' && op.value.length > changeLimits.value * 2) {
    throw new PlumbError('too-large', `a value has at most ${changeLimits.value} bytes`);
  }
  if ((op.op === 'put' || op.op === 'delete' || op.op === 'unset') && op.expect !== undefined && !isCount(op.expect)) {
    throw new PlumbError('invalid', 'an expected version is a whole number, 0 for none');
  }
}

function isEmpty(input: MetadataInput): boolean {
  return (
    input.owner === undefined &&
    input.description === undefined &&
    input.tags === undefined &&
    input.expires === undefined
  );
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function checkVersions(versions: readonly number[]): void {
  if (
    versions.length === 0 ||
    versions.length > 1000 ||
    !versions.every((version) => isCount(version) && version > 0)
  ) {
    throw new PlumbError('invalid', 'versions to destroy are 1 to 1000 whole numbers from 1');
  }
}

function checkMetadata(input: MetadataInput): void {
  checkText('an owner', input.owner, metadataLimits.owner);
  checkText('a description', input.description, metadataLimits.description);
  const { tags, expires } = input;
  if (tags !== undefined && tags !== null) {
    if (tags.length > metadataLimits.tags) {
      throw new PlumbError('too-large', `an entry has at most ${metadataLimits.tags} tags`);
    }
    if (!tags.every((tag) => tag.length <= metadataLimits.tag && tagPattern.test(tag))) {
      throw new PlumbError('invalid', `a tag is 1 to ${metadataLimits.tag} of A-Z a-z 0-9 . _ : / @ -`);
    }
  }
  if (expires !== undefined && expires !== null && !isCount(expires)) {
    throw new PlumbError('invalid', 'expires is a time in milliseconds since the epoch');
  }
}

function checkText(what: string, text: string | null | undefined, limit: number): void {
  if (text === undefined || text === null) return;
  if (text.length > limit) throw new PlumbError('too-large', `${what} has at most ${limit} characters`);
  if (!text.isWellFormed()) throw new PlumbError('invalid', `${what} is not well-formed text`);
}

/** What is given replaces, `null` removes, what is absent stays. */
export function mergeMetadata(present: EntryMetadata, input: MetadataInput): EntryMetadata {
  const merged: Record<string, unknown> = { ...present };
  for (const name of ['owner', 'description', 'tags', 'expires'] as const) {
    const value = input[name];
    if (value === null) delete merged[name];
    else if (value !== undefined) merged[name] = name === 'tags' ? [...new Set(input.tags ?? [])] : value;
  }
  return merged;
}

const noReferences: readonly string[] = [];

/** The bytes of a value and the references in it. Throws `invalid` with a diagnostic for each mistake, or `too-large`. */
export function readValue(
  op: PutRequest,
  type: ValueType,
  form: Form,
): { readonly bytes: Uint8Array; readonly references: readonly string[] } {
  if (!valueTypes.includes(type)) throw new PlumbError('invalid', `a type is one of ${valueTypes.join(', ')}`);
  if (form === 'literal') return { bytes: encodeValue(type, op.value), references: noReferences };
  if (type === 'bytes' || type === 'pem') {
    throw new PlumbError('invalid', `a value of type ${type} is always literal`, {
      hint: 'leave out the form expression',
    });
  }
  const parsed = parseExpression(op.value, op.path);
  if (!parsed.ok) {
    throw new PlumbError('invalid', 'the expression cannot be read', { diagnostics: parsed.diagnostics });
  }
  // What an expression comes to is checked against its type when it is evaluated.
  return { bytes: encodeValue('string', op.value), references: parsed.references };
}

/** Mistakes of several ops, thrown together. */
export class Mistakes {
  readonly #found: { readonly path: string; readonly error: PlumbError }[] = [];

  collect(path: string, check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      this.add(path, error);
    }
  }

  add(path: string, error: PlumbError): void {
    this.#found.push({ path, error });
  }

  /** One mistake as it is; several as one error with a diagnostic for each, with the first one's code. */
  throwIfAny(): void {
    const [first] = this.#found;
    if (first === undefined) return;
    if (this.#found.length === 1) throw located(first.error, first.path);
    const diagnostics = this.#found.slice(0, maxMistakes).flatMap(({ path, error }) => diagnosticsOf(error, path));
    throw new PlumbError(first.error.code, `${this.#found.length} operations of the change cannot be carried out`, {
      diagnostics,
      details: { count: this.#found.length },
    });
  }
}

function located(error: PlumbError, path: string): PlumbError {
  const { code, message, hint, details } = error;
  return new PlumbError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    details: { path, ...details },
    diagnostics: error.diagnostics.length > 0 ? error.diagnostics : diagnosticsOf(error, path),
  });
}

function diagnosticsOf(error: PlumbError, path: string): readonly Diagnostic[] {
  if (error.diagnostics.length > 0) return error.diagnostics;
  return [{ message: error.message, subject: path }];
}
