/** One batch: requests validated one by one against the same draft, and encoded as they are accepted. */
import { type Change, changeLimits } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { type EncodedChange, encodeChange, recordLimit } from './codec.ts';
import type { Stream } from './driver.ts';
import type { Draft, LogOp } from './fold.ts';
import type { CommitRequest } from './log.ts';

export interface Waiting<Op, D> {
  readonly request: CommitRequest<Op, D>;
  readonly resolve: (change: Change<Op>) => void;
  readonly reject: (error: unknown) => void;
}

/** What became of one request, to be told once what it stood on is durable. */
export type Verdict<Op> = { readonly change: Change<Op> } | { readonly refusal: unknown };

export interface Batch<Op> {
  /** One for each request taken, in order. */
  readonly verdicts: readonly Verdict<Op>[];
  readonly accepted: readonly Change<Op>[];
  readonly encoded: readonly EncodedChange[];
}

/** Takes requests while they fit into one record; the first is taken whatever its size. */
export function prepareBatch<Op extends LogOp, D extends Draft<Op>>(
  waiting: Iterable<Waiting<Op, D>>,
  draft: D,
  to: { readonly stream: Stream; readonly time: number },
): Batch<Op> {
  const verdicts: Verdict<Op>[] = [];
  const accepted: Change<Op>[] = [];
  const encoded: EncodedChange[] = [];
  let room = recordLimit;
  let bytes = changeLimits.bytes;
  for (const { request } of waiting) {
    let change: Change<Op>;
    let stored: EncodedChange;
    try {
      change = toChange(request, draft, to.time);
      stored = encodeChange(to.stream, change);
    } catch (refusal) {
      verdicts.push({ refusal });
      continue;
    }
    room -= Buffer.byteLength(stored.text) + 1;
    bytes -= stored.bytes;
    if ((room < 0 || bytes < 0) && accepted.length > 0) break;
    draft.stage(change);
    verdicts.push({ change });
    accepted.push(change);
    encoded.push(stored);
  }
  return { verdicts, accepted, encoded };
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
