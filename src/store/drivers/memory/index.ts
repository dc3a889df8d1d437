import { Bell, follow } from '../../follow.ts';
import {
  blobExistsError,
  checkAttachments,
  checkBlobId,
  checkPagePrefix,
  checkSeq,
  closedError,
  gapError,
  headStaysError,
  sameBytes,
  truncatedError,
} from '../../checks.ts';
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

interface Records {
  /** Seq of the first record that is left. */
  first: number;
  readonly list: Uint8Array[];
  readonly bell: Bell;
}

/**
 * A store that lives as long as the object. Each driver made from it is a writer of its own, as two
 * servers on one etcd would be; closing one leaves the others and the contents alone.
 */
export class MemoryStore {
  readonly #records: Readonly<Record<Stream, Records>> = { truth: noRecords(), work: noRecords() };
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #pages = new Map<string, Page>();

  driver(): Driver {
    return new MemoryDriver({ records: this.#records, blobs: this.#blobs, pages: this.#pages });
  }
}

interface Contents {
  readonly records: Readonly<Record<Stream, Records>>;
  readonly blobs: Map<string, Uint8Array>;
  readonly pages: Map<string, Page>;
}

/** Bytes are copied in and out, so that nobody can change what was stored. */
class MemoryDriver implements Driver {
  readonly name = 'memory';
  #appends = 0;
  #calls = 0;
  readonly #contents: Contents;
  /** Ends the follows of this driver only. */
  readonly #closing = new AbortController();

  constructor(contents: Contents) {
    this.#contents = contents;
  }

  get stats(): DriverStats {
    return { appends: this.#appends, syncs: 0, calls: this.#calls };
  }

  async append(stream: Stream, expectedSeq: number, bytes: Uint8Array, attached: Attachments = {}): Promise<Appended> {
    this.#enter();
    checkSeq(expectedSeq, 0);
    checkAttachments(attached);
    this.#appends += 1;
    const records = this.#contents.records[stream];
    const head = headOf(records);
    if (expectedSeq > head) throw gapError(expectedSeq, head);
    if (expectedSeq < head) return { outcome: 'conflict' };
    for (const blob of attached.blobs ?? []) this.#checkBlob(blob);
    for (const blob of attached.blobs ?? []) this.#contents.blobs.set(blob.id, blob.bytes.slice());
    for (const page of attached.pages ?? []) this.#contents.pages.set(page.name, copyPage(page));
    for (const name of attached.dropPages ?? []) this.#contents.pages.delete(name);
    records.list.push(bytes.slice());
    records.bell.ring();
    return { outcome: 'appended' };
  }

  async *read(stream: Stream, fromSeq: number): AsyncIterable<LogRecord> {
    this.#enter();
    checkSeq(fromSeq, 1);
    const records = this.#contents.records[stream];
    const head = headOf(records);
    for (let seq = fromSeq; seq <= head; seq += 1) {
      if (this.#closing.signal.aborted) throw closedError();
      const bytes = records.list[seq - records.first];
      if (bytes === undefined) throw truncatedError(stream, records.first);
      yield { seq, bytes: bytes.slice() };
    }
  }

  async head(stream: Stream): Promise<number> {
    this.#enter();
    return headOf(this.#contents.records[stream]);
  }

  async *follow(stream: Stream, fromSeq: number, signal: AbortSignal): AsyncIterable<Followed> {
    this.#enter();
    checkSeq(fromSeq, 1);
    const { bell } = this.#contents.records[stream];
    const either = AbortSignal.any([signal, this.#closing.signal]);
    yield* follow({ fromSeq, signal: either, bell, read: (from) => this.#whileOpen(stream, from) });
  }

  async putBlob(blob: Blob): Promise<void> {
    this.#enter();
    checkBlobId(blob.id);
    this.#checkBlob(blob);
    this.#contents.blobs.set(blob.id, blob.bytes.slice());
  }

  async getBlobs(ids: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    this.#enter();
    return ids.map((id) => this.#contents.blobs.get(id)?.slice());
  }

  async *blobIds(): AsyncIterable<string> {
    this.#enter();
    yield* this.#contents.blobs.keys();
  }

  async erase(ids: readonly string[]): Promise<void> {
    this.#enter();
    for (const id of ids) this.#contents.blobs.delete(id);
  }

  async *pages(prefix: string): AsyncIterable<Page> {
    this.#enter();
    checkPagePrefix(prefix);
    const names = [...this.#contents.pages.keys()].filter((name) => name.startsWith(prefix)).sort();
    for (const name of names) {
      const page = this.#contents.pages.get(name);
      if (page !== undefined) yield copyPage(page);
    }
  }

  async truncate(stream: Stream, upTo: number): Promise<void> {
    this.#enter();
    checkSeq(upTo, 0);
    const records = this.#contents.records[stream];
    const head = headOf(records);
    if (upTo > 0 && upTo >= head) throw headStaysError(upTo, head);
    const gone = upTo + 1 - records.first;
    if (gone <= 0) return;
    records.list.splice(0, gone);
    records.first += gone;
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  async *#whileOpen(stream: Stream, fromSeq: number): AsyncIterable<LogRecord> {
    if (!this.#closing.signal.aborted) yield* this.read(stream, fromSeq);
  }

  #checkBlob(blob: Blob): void {
    const present = this.#contents.blobs.get(blob.id);
    if (present !== undefined && !sameBytes(present, blob.bytes)) throw blobExistsError(blob.id);
  }

  #enter(): void {
    if (this.#closing.signal.aborted) throw closedError();
    this.#calls += 1;
  }
}

function noRecords(): Records {
  return { first: 1, list: [], bell: new Bell() };
}

function headOf({ first, list }: Records): number {
  return first + list.length - 1;
}

function copyPage({ name, seq, bytes }: Page): Page {
  return { name, seq, bytes: bytes.slice() };
}
