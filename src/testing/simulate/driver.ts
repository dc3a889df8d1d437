import type { Life } from './life.ts';
import type { Appended, Attachments, Blob, Driver, Followed, LogRecord, Page, Stream } from '#store/driver';

/** The store as one process meets it: slow, unreliable, and out of reach once the process is dead. */
export class SimulatedDriver implements Driver {
  readonly name = 'simulated';
  readonly #inner: Driver;
  readonly #life: Life;

  constructor(inner: Driver, life: Life) {
    this.#inner = inner;
    this.#life = life;
  }

  get stats(): Driver['stats'] {
    return this.#inner.stats;
  }

  append(stream: Stream, expectedSeq: number, bytes: Uint8Array, attachments?: Attachments): Promise<Appended> {
    const append = (): Promise<Appended> => this.#inner.append(stream, expectedSeq, bytes, attachments);
    if (this.#life.world.bug === 'answering before durable') return this.#answerFirst(stream, expectedSeq, append);
    return this.#life.outside(append);
  }

  async *read(stream: Stream, fromSeq: number): AsyncIterable<LogRecord> {
    await this.#life.outside(async () => undefined);
    yield* this.#inner.read(stream, fromSeq);
  }

  head(stream: Stream): Promise<number> {
    return this.#life.outside(() => this.#inner.head(stream));
  }

  async *follow(stream: Stream, fromSeq: number, signal: AbortSignal): AsyncIterable<Followed> {
    for await (const followed of this.#inner.follow(stream, fromSeq, signal)) {
      await this.#life.pass();
      yield followed;
    }
  }

  putBlob(blob: Blob): Promise<void> {
    return this.#life.outside(() => this.#inner.putBlob(blob));
  }

  getBlobs(ids: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.#life.outside(() => this.#inner.getBlobs(ids));
  }

  async *blobIds(): AsyncIterable<string> {
    await this.#life.outside(async () => undefined);
    yield* this.#inner.blobIds();
  }

  erase(ids: readonly string[]): Promise<void> {
    return this.#life.outside(() => this.#inner.erase(ids));
  }

  async *pages(prefix: string): AsyncIterable<Page> {
    await this.#life.outside(async () => undefined);
    yield* this.#inner.pages(prefix);
  }

  truncate(stream: Stream, upTo: number): Promise<void> {
    return this.#life.outside(() => this.#inner.truncate(stream, upTo));
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** The planted bug: the answer is given, then the bytes are written, if the process lives so long. */
  async #answerFirst(stream: Stream, expectedSeq: number, append: () => Promise<Appended>): Promise<Appended> {
    await this.#life.pass();
    const head = await this.#inner.head(stream);
    if (head > expectedSeq) return { outcome: 'conflict' };
    if (head < expectedSeq) throw new Error(`record ${head + 1} of ${stream} was never written`);
    void this.#life
      .pass()
      .then(append)
      .catch(() => undefined);
    return { outcome: 'appended' };
  }
}
