import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { PlumbError } from '#domain/errors';
import { Database } from './database.ts';
import { toFailure } from './failure.ts';
import type { FromThread, OpenRequest, Reply, Request } from './messages.ts';
import { type Packed, unpack } from './packing.ts';

/**
 * The thread that owns the database: syncs block it, and not the server. It takes everything that has arrived
 * while it was busy as one batch.
 */
const port = parentPort;
if (port === null) throw new Error('worker.ts runs as a thread of the sqlite driver only');

try {
  serve(new Database(workerData as OpenRequest));
} catch (error) {
  const refusal =
    error instanceof PlumbError ? error : new PlumbError('internal', 'the store did not open', { cause: error });
  tell({ kind: 'refused', failure: toFailure(refusal) });
}

function serve(database: Database): void {
  let told = 0;
  port?.on('message', (first: Packed) => {
    const requests = [...unpack(first), ...waiting()];
    const replies = database.answer(requests);
    tell({ kind: 'replies', replies, syncs: database.syncs - told }, buffersOf(replies));
    told = database.syncs;
    const close = requests.find(({ op }) => op === 'close');
    if (close === undefined) return database.checkpointIfDue();
    finish(database, close.ticket);
  });
  tell({ kind: 'opened' });
}

function waiting(): Request[] {
  const requests: Request[] = [];
  for (;;) {
    const next = port === null ? undefined : receiveMessageOnPort(port);
    if (next === undefined) return requests;
    requests.push(...unpack(next.message as Packed));
  }
}

/** Closing the port lets the thread end by itself. */
function finish(database: Database, ticket: number): void {
  const replies: Reply[] = [];
  try {
    database.close();
    replies.push({ ticket, answer: undefined });
  } catch (cause) {
    replies.push({
      ticket,
      failure: toFailure(new PlumbError('unavailable', 'the store did not close cleanly', { cause })),
    });
  }
  tell({ kind: 'replies', replies, syncs: 0 });
  port?.close();
}

/** Handed over instead of copied; the thread needs them no more. */
function buffersOf(replies: readonly Reply[]): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  for (const reply of replies) {
    const answer: unknown = 'answer' in reply ? reply.answer : undefined;
    for (const part of Array.isArray(answer) ? answer : [answer]) {
      const bytes = bytesIn(part);
      if (bytes?.buffer instanceof ArrayBuffer) found.add(bytes.buffer);
    }
  }
  return [...found];
}

function bytesIn(part: unknown): Uint8Array | undefined {
  const bytes = typeof part === 'object' && part !== null && 'bytes' in part ? part.bytes : part;
  return bytes instanceof Uint8Array ? bytes : undefined;
}

function tell(message: FromThread, buffers: ArrayBuffer[] = []): void {
  port?.postMessage(message, buffers);
}
