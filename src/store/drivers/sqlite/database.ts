import { DatabaseSync } from 'node:sqlite';
import { PlumbError } from '#domain/errors';
import { brokenFailure, readFailure, toFailure, writeFailure } from './failure.ts';
import { prepareFolder } from './folder.ts';
import type { OpenRequest, Operation, Operations, Reply, Request } from './messages.ts';
import { Pieces } from './pieces.ts';
import { Reads } from './reads.ts';
import { claim, prepare, type Statements } from './tables.ts';
import { Writes } from './writes.ts';

type WriteRequest = Extract<Request, { op: 'append' | 'putBlob' | 'erase' | 'truncate' }>;
type ReadRequest = Extract<Request, { op: 'head' | 'read' | 'getBlobs' | 'blobIds' | 'pages' }>;

/** The database on the side of its thread. Everything here blocks. */
export class Database {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #reads: Reads;
  readonly #writes: Writes;
  readonly #options: OpenRequest;
  /** The write that failed; everything after it is refused. */
  #broken: { readonly cause: unknown } | undefined;
  /** The next frame begins the write-ahead log anew, and its header is synced by itself. */
  #walBegins: boolean;
  #syncs = 0;

  /** Throws a `PlumbError`: `unavailable`, `invalid`, `corrupt` or `unsupported`. */
  constructor(options: OpenRequest) {
    this.#options = options;
    const path = prepareFolder(options.folder);
    try {
      this.#database = new DatabaseSync(path, { timeout: 0 });
      this.#walBegins = !claim(this.#database, options.synchronous);
      this.#statements = prepare(this.#database);
      const pieces = new Pieces(this.#statements);
      this.#reads = new Reads(this.#statements, pieces);
      const heads = { truth: this.#reads.head({ stream: 'truth' }), work: this.#reads.head({ stream: 'work' }) };
      this.#writes = new Writes(this.#statements, pieces, heads);
    } catch (error) {
      throw readFailure(error);
    }
  }

  /** How often the file system was asked to make bytes durable. */
  get syncs(): number {
    return this.#syncs;
  }

  /** Answers all: the writes in one transaction, made durable by one sync, then the reads. */
  answer(requests: readonly Request[]): readonly Reply[] {
    const writes = requests.filter(isWrite);
    const written = writes.length > 0 ? this.#writeAll(writes) : [];
    return [...written, ...requests.filter(isRead).map((request) => this.#readOne(request))];
  }

  /** Copies the write-ahead log into the database when it has grown. Call it after answering, so that none waits for it. */
  checkpointIfDue(): void {
    if (this.#broken !== undefined) return;
    try {
      const frames = Number(this.#statements.countFrames.get()?.['log'] ?? 0);
      if (frames >= this.#options.checkpointPages) this.#checkpoint('checkpoint');
    } catch (cause) {
      this.#broken = { cause };
    }
  }

  /**
   * SQLite then copies the write-ahead log into the database and syncs it, also after a failure: that is no second
   * try of the sync that failed, since it writes every page again first, and only those of earlier transactions.
   */
  close(): void {
    this.#database.close();
  }

  #writeAll(requests: readonly WriteRequest[]): readonly Reply[] {
    const broken = this.#broken;
    if (broken !== undefined) return requests.map(({ ticket }) => refuse(ticket, brokenFailure(broken.cause)));
    try {
      const before = this.#writes.changes;
      this.#statements.begin.run();
      const replies = requests.map((request) => this.#writeOne(request));
      this.#statements.commit.run();
      if (this.#writes.changes > before) this.#countCommit();
      if (requests.some(({ op }) => op === 'erase')) this.#checkpoint('emptyWal');
      return replies;
    } catch (cause) {
      this.#broken = { cause };
      this.#rollBack();
      return requests.map(({ ticket }) => refuse(ticket, writeFailure(cause)));
    }
  }

  #writeOne(request: WriteRequest): Reply {
    try {
      return { ticket: request.ticket, answer: write(this.#writes, request) };
    } catch (error) {
      if (error instanceof PlumbError) return refuse(request.ticket, error);
      throw error;
    }
  }

  #readOne(request: ReadRequest): Reply {
    if (this.#broken !== undefined) return refuse(request.ticket, brokenFailure(this.#broken.cause));
    try {
      return { ticket: request.ticket, answer: read(this.#reads, request) };
    } catch (error) {
      return refuse(request.ticket, readFailure(error));
    }
  }

  #countCommit(): void {
    this.#syncs += this.#walBegins ? 2 : 1;
    this.#walBegins = false;
  }

  #checkpoint(how: 'checkpoint' | 'emptyWal'): void {
    const { busy } = this.#statements[how].get() ?? {};
    if (busy !== 0) throw new Error('the write-ahead log could not be copied into the database');
    this.#syncs += 2;
    this.#walBegins = true;
  }

  /** SQLite has often done it itself by then; the transaction is lost either way. */
  #rollBack(): void {
    try {
      this.#statements.rollback.run();
    } catch {
      // Nothing more can be said than the failure that led here.
    }
  }
}

function write(writes: Writes, request: WriteRequest): Operations[WriteRequest['op']]['answer'] {
  switch (request.op) {
    case 'append':
      return writes.append(request);
    case 'putBlob':
      return writes.putBlob(request);
    case 'erase':
      return writes.erase(request);
    case 'truncate':
      return writes.truncate(request);
  }
}

function read(reads: Reads, request: ReadRequest): Operations[ReadRequest['op']]['answer'] {
  switch (request.op) {
    case 'head':
      return reads.head(request);
    case 'read':
      return reads.read(request);
    case 'getBlobs':
      return reads.getBlobs(request);
    case 'blobIds':
      return reads.blobIds(request);
    case 'pages':
      return reads.pages(request);
  }
}

const writeOperations: ReadonlySet<Operation> = new Set<WriteRequest['op']>(['append', 'putBlob', 'erase', 'truncate']);

function isWrite(request: Request): request is WriteRequest {
  return writeOperations.has(request.op);
}

function isRead(request: Request): request is ReadRequest {
  return !writeOperations.has(request.op) && request.op !== 'close';
}

function refuse(ticket: number, error: PlumbError): Reply {
  return { ticket, failure: toFailure(error) };
}
