/** Opening a log: pages, then the tail, then the anchor's word on whether that is all. */
import { equalBytes } from '#crypto/digest';
import { PlumbError } from '#domain/errors';
import type { Anchor } from './anchor.ts';
import { type Book, bookOfStrays, emptyBook, loadCheckpoint, type LoadedCheckpoint } from './checkpoint.ts';
import { advance, type ChainPlace, type Cursor, cursorAt, genesis } from './cursor.ts';
import type { Draft, Fold, LogOp } from './fold.ts';
import { Tail } from './tail.ts';

export interface ReplayOptions<Op, D extends Draft<Op>> {
  readonly place: ChainPlace;
  readonly fold: Fold<Op, D>;
  readonly anchor: Anchor;
  readonly acceptLoss: boolean;
  readonly onNotice: (notice: string) => void;
}

export interface Replayed<Op extends LogOp, D extends Draft<Op>> {
  readonly tail: Tail<Op, D>;
  readonly book: Book;
  readonly acceptedLoss: string | undefined;
  /** Values destroyed since the last checkpoint, whose bytes may still be there. */
  readonly destroyed: readonly string[];
}

/** Throws `corrupt` when the chain is broken, or something is lost and the loss is not accepted. */
export async function replay<Op extends LogOp, D extends Draft<Op>>(
  options: ReplayOptions<Op, D>,
): Promise<Replayed<Op, D>> {
  const { place, fold, anchor } = options;
  const loaded = await newestCheckpoint(options);
  const start = loaded?.cursor ?? genesis(place);
  const missing = loaded === undefined ? [] : await load(place, fold, loaded);
  const tail = new Tail(place, fold, { cursor: start, missing });
  const destroyed = [...(await tail.readOn())];
  // Another writer may destroy a value between our reading its commit and its bytes.
  if (tail.missing.length > 0) destroyed.push(...(await tail.readOn()));
  const loss = (await lostCommits(options, start, tail.cursor)) ?? lostValues(tail.missing);
  if (loss !== undefined && !options.acceptLoss) {
    throw new PlumbError('corrupt', `${place.stream}: ${loss}`, {
      hint: 'restore a backup, or have an administrator accept the loss',
      details: { stream: place.stream },
    });
  }
  anchor.set(place.stream, tail.cursor);
  // Durable before the first commit is answered: a log with records that its anchor knows nothing of is refused.
  await anchor.flush();
  const book = loaded?.book ?? (tail.cursor.checkpoint === 0 ? emptyBook : await bookOfStrays(place));
  return { tail, book, acceptedLoss: loss, destroyed };
}

async function newestCheckpoint<Op extends LogOp, D extends Draft<Op>>(
  options: ReplayOptions<Op, D>,
): Promise<LoadedCheckpoint | undefined> {
  const { place, onNotice } = options;
  const { checkpoint } = await cursorAt(place, await place.driver.head(place.stream));
  if (checkpoint === 0) return undefined;
  const loaded = await loadCheckpoint(place, checkpoint);
  if (loaded === undefined) onNotice(`pages of ${place.stream} fail their check: the state is built from the log`);
  return loaded;
}

/** Answers the ids of values that the pages name and the store has no bytes for. */
async function load<Op extends LogOp, D extends Draft<Op>>(
  { driver }: ChainPlace,
  fold: Fold<Op, D>,
  { pages }: LoadedCheckpoint,
): Promise<readonly string[]> {
  fold.loadPages(pages);
  const ids = fold.wantedBlobs();
  if (ids.length === 0) return [];
  const bytes = await driver.getBlobs(ids);
  const found = new Map<string, Uint8Array>();
  ids.forEach((id, index) => {
    const kept = bytes[index];
    if (kept !== undefined) found.set(id, kept);
  });
  fold.supplyBlobs(found);
  return ids.filter((id) => !found.has(id));
}

/** What the anchor knows and the log lacks; `undefined`: nothing. A log ahead of its anchor is as it should be after a power cut. */
async function lostCommits<Op extends LogOp, D extends Draft<Op>>(
  { place, anchor }: ReplayOptions<Op, D>,
  start: Cursor,
  end: Cursor,
): Promise<string | undefined> {
  const anchored = anchor.head(place.stream);
  if (anchor.state === 'lost') return 'the anchor is unreadable, so what the log lacks cannot be told';
  if (anchored === undefined) {
    return end.seq === 0 ? undefined : `the log has ${end.seq} records and the anchor knows of none`;
  }
  if (anchored.seq > end.seq) return `records ${end.seq + 1} to ${anchored.seq} are missing`;
  const there = await cursorAt(place, anchored.seq);
  if (!equalBytes(there.mac, anchored.mac)) return `record ${anchored.seq} is not the one that was anchored`;
  if (anchored.seq < start.seq) await walk(place, there, start);
  return undefined;
}

function lostValues(missing: readonly string[]): string | undefined {
  return missing.length === 0 ? undefined : `the bytes of ${missing.length} values are missing`;
}

/** Throws `corrupt` unless the chain leads from `from` to `to`. */
async function walk(place: ChainPlace, from: Cursor, to: Cursor): Promise<void> {
  let cursor = from;
  for await (const record of place.driver.read(place.stream, from.seq + 1)) {
    cursor = advance(place, cursor, record);
    if (cursor.seq === to.seq) break;
  }
  if (!equalBytes(cursor.mac, to.mac)) {
    throw new PlumbError('corrupt', `the chain of ${place.stream} does not lead to its checkpoint`);
  }
}
