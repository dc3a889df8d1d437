import { checkAttachments, checkBlobId, checkPagePrefix, checkSeq, closedError } from '../../checks.ts';
import type {
  Appended,
  Attachments,
  Blob,
  Driver,
  DriverStats,
  Followed,
  LogRecord,
  Page,
  Stream,
} from '../../driver.ts';
import { Bell, follow } from '../../follow.ts';
import { Thread } from './thread.ts';

export interface SqliteOptions {
  /** Where the thread's program is. Absent: `worker.ts` beside this file; a bundle names its own. */
  readonly worker?: URL;
  /** Pages in the write-ahead log at which it is copied into the database. Default 1,000 (4 MB). */
  readonly checkpointPages?: number;
  /**
   * `full`, the default: an append is durable when it resolves. `off` loses acknowledged records in a power cut;
   * it is there for the test that proves that such a loss is found.
   */
  readonly synchronous?: 'full' | 'off';
}

/**
 * The embedded store: one SQLite database in `folder`, written by one thread, open in one process at a time.
 * The folder is made (0700) if it is missing; its files are 0600.
 *
 * Erased bytes are overwritten in the database and gone from its write-ahead log when `erase` resolves; what the
 * file system or the disk keep of overwritten blocks is theirs.
 *
 * Errors: `unavailable` when another server has the folder open or it cannot be used; `invalid` when others may
 * enter it; `corrupt` for a damaged or foreign database; `unsupported` for one of a newer format.
 */
export async function openSqlite(folder: string, options: SqliteOptions = {}): Promise<Driver> {
  const { worker, checkpointPages = 1_000, synchronous = 'full' } = options;
  const entry = worker ?? new URL('./worker.ts', import.meta.url);
  return new SqliteDriver(await Thread.start(entry, { folder, checkpointPages, synchronous }));
}

class SqliteDriver implements Driver {
  readonly name = 'sqlite';
  readonly #thread: Thread;
  readonly #bells: Readonly<Record<Stream, Bell>> = { truth: new Bell(), work: new Bell() };
  #appends = 0;
  #calls = 0;
  #closing: Promise<void> | undefined;

  constructor(thread: Thread) {
    this.#thread = thread;
  }

  get stats(): DriverStats {
    return { appends: this.#appends, syncs: this.#thread.syncs, calls: this.#calls };
  }

  async append(stream: Stream, expectedSeq: number, bytes: Uint8Array, attached: Attachments = {}): Promise<Appended> {
    this.#enter();
    checkSeq(expectedSeq, 0);
    checkAttachments(attached);
    this.#appends += 1;
    const { blobs = [], pages = [], dropPages = [] } = attached;
    try {
      return await this.#thread.request('append', { stream, expectedSeq, bytes, blobs, pages, dropPages });
    } finally {
      this.#bells[stream].ring();
    }
  }

  async *read(stream: Stream, fromSeq: number): AsyncIterable<LogRecord> {
    this.#enter();
    checkSeq(fromSeq, 1);
    yield* this.#records(stream, fromSeq);
  }

  async head(stream: Stream): Promise<number> {
    this.#enter();
    return this.#thread.request('head', { stream });
  }

  async *follow(stream: Stream, fromSeq: number, signal: AbortSignal): AsyncIterable<Followed> {
    this.#enter();
    checkSeq(fromSeq, 1);
    yield* follow({ fromSeq, signal, bell: this.#bells[stream], read: (from) => this.#records(stream, from) });
  }

  async putBlob(blob: Blob): Promise<void> {
    this.#enter();
    checkBlobId(blob.id);
    await this.#thread.request('putBlob', { id: blob.id, bytes: blob.bytes });
  }

  async getBlobs(ids: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#enter();
    const found: (Uint8Array | undefined)[] = [];
    while (found.length < ids.length) {
      const some = await this.#thread.request('getBlobs', { ids: ids.slice(found.length, found.length + 1_024) });
      for (const bytes of some) found.push(bytes ?? undefined);
    }
    return found;
  }

  async *blobIds(): AsyncIterable<string> {
    this.#enter();
    let after = '';
    for (;;) {
      const some = await this.#thread.request('blobIds', { after });
      yield* some;
      const last = some.at(-1);
      if (last === undefined) return;
      after = last;
    }
  }

  async erase(ids: readonly string[]): Promise<void> {
    this.#enter();
    await this.#thread.request('erase', { ids });
  }

  async *pages(prefix: string): AsyncIterable<Page> {
    this.#enter();
    checkPagePrefix(prefix);
    let after = '';
    for (;;) {
      const some = await this.#thread.request('pages', { prefix, after });
      yield* some;
      const last = some.at(-1);
      if (last === undefined) return;
      after = last.name;
    }
  }

  async truncate(stream: Stream, upTo: number): Promise<void> {
    this.#enter();
    checkSeq(upTo, 0);
    await this.#thread.request('truncate', { stream, upTo });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const bell of Object.values(this.#bells)) bell.close();
    await this.#thread.close();
  }

  async *#records(stream: Stream, fromSeq: number): AsyncIterable<LogRecord> {
    let upTo: number | undefined;
    let seq = fromSeq;
    do {
      const some = await this.#thread.request('read', {
        stream,
        fromSeq: seq,
        ...(upTo === undefined ? {} : { upTo }),
      });
      upTo = some.upTo;
      let offset = 0;
      for (const length of some.lengths) {
        yield { seq, bytes: some.bytes.subarray(offset, offset + length) };
        offset += length;
        seq += 1;
      }
    } while (seq <= upTo);
  }

  #enter(): void {
    if (this.#closing !== undefined) throw closedError();
    this.#calls += 1;
  }
}
