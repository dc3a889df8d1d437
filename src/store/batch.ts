/** One batch: requests validated one by one against the same draft, and encoded as they are accepted. */
import { type Change, changeLimits } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { type EncodedChange, encodeChange, recordLimit } from './codec.ts';
import type { Stream } from './driver.ts';
import type { Draft, LogOp } from './fold.ts';
import type { CommitRequest } from './log.ts';

/** Changes in one draft, above which batches are not validated upon each other any more: it would hold them all. */
const draftLimit = 1000;

export interface Waiting<Op, D> {
  readonly request: CommitRequest<Op, D>;
  readonly resolve: (change: Change<Op>) => void;
  readonly reject: (error: unknown) => void;
}

/** What became of one request, to be told once what it stood on is durable. */
export type Verdict<Op> = { readonly change: Change<Op> } | { readonly refusal: unknown };

/** What the writer needs of a batch. */
export interface Accepted<Op> {
  readonly accepted: readonly Change<Op>[];
  readonly encoded: readonly EncodedChange[];
}

/** Grows request by request until a record or a transaction is full; the first change is taken whatever its size. */
export class Batch<Op extends LogOp, D extends Draft<Op>> implements Accepted<Op> {
  /** One for each request taken, in order. */
  readonly verdicts: Verdict<Op>[] = [];
  readonly accepted: Change<Op>[] = [];
  readonly encoded: EncodedChange[] = [];
  readonly #stream: Stream;
  readonly #draft: D;
  /** Changes that the draft held before. */
  readonly #before: number;
  #room = recordLimit;
  #bytes = changeLimits.bytes;
  #isFull = false;

  constructor(stream: Stream, draft: D, before = 0) {
    this.#stream = stream;
    this.#draft = draft;
    this.#before = before;
  }

  /** The batch after this one, validated upon it before it is durable; `undefined` when the draft has grown too large. */
  following(): Batch<Op, D> | undefined {
    const staged = this.#before + this.accepted.length;
    return staged < draftLimit ? new Batch(this.#stream, this.#draft, staged) : undefined;
  }

  /** Validates a request and stages its change. `false`: it does not fit, and belongs to the next batch. */
  take(request: CommitRequest<Op, D>, time: number): boolean {
    if (this.#isFull) return false;
    let change: Change<Op>;
    let stored: EncodedChange;
    try {
      change = toChange(request, this.#draft, time);
      stored = encodeChange(this.#stream, change);
    } catch (refusal) {
      this.verdicts.push({ refusal });
      return true;
    }
    this.#room -= Buffer.byteLength(stored.text) + 1;
    this.#bytes -= stored.bytes;
    if ((this.#room < 0 || this.#bytes < 0) && this.accepted.length > 0) {
      this.#isFull = true;
      return false;
    }
    this.#draft.stage(change);
    this.verdicts.push({ change });
    this.accepted.push(change);
    this.encoded.push(stored);
    return true;
  }
}

function toChange<Op extends LogOp, D extends Draft<Op>>(
  { prepare, author, reason, requestId, accessor }: CommitRequest<Op, D>,
  draft: D,
  time: number,
): Change<Op> {
  const ops = prepare(draft);
  if (ops.length === 0) throw new PlumbError('internal', 'a change must hold at least one op');
  return { revision: draft.nextRevision, author, reason, requestId, accessor, time, ops };
}
