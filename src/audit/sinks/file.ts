/**
 * The audit file: append-only and chained; the layout stands in `file/format.ts`. All records of one
 * turn of the event loop are one batch: one write, one MAC. It survives the process once `write` has
 * resolved, and a power cut a second later.
 */
import { close, closeSync, constants, fdatasync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import {
  type AuditAnchor,
  type AuditHead,
  type AuditMac,
  closingEnd,
  closingOpening,
  closingStart,
  encodeHeader,
  fullName,
} from './file/format.ts';
import { recover, type Recovered, syncFolderOf } from './file/recover.ts';
import { type AuditReport, verifyAudit } from './file/verify.ts';
import type { AuditSink } from '../sink.ts';
import { PlumbError } from '#domain/errors';
import type { Clock, Timer } from '#util/clock';

export interface AuditFileOptions {
  /** Files that are full stand beside it, as `<path>.000001` and so on. */
  readonly path: string;
  /** `keyring.chain('audit')`. */
  readonly mac: AuditMac;
  /** Where the head of the chain is written down, once it is durable. */
  readonly anchor: AuditAnchor;
  readonly clock: Clock;
  /** Bytes after which the next file is begun. Default 256 MiB. */
  readonly maxBytes?: number;
  /** Runs `act` when the records of this turn have been handed over. Default: at the end of the turn (`setImmediate`). */
  readonly defer?: (act: () => void) => void;
}

export interface AuditFile extends AuditSink {
  /** Reads all files again and compares them with the anchor, and with what this process has written. */
  verify(): Promise<AuditReport>;
}

/** Throws `unsupported` for a newer format, and what the file system throws. */
export async function openAuditFile(options: AuditFileOptions): Promise<AuditFile> {
  const { path, mac, anchor } = options;
  const recovered = await recover({ path, mac, anchored: anchor.head('audit') });
  const file = new ChainedFile(options, recovered);
  const { note, count } = recovered;
  if (note !== undefined) await file.write(JSON.stringify({ time: options.clock.now(), note, count }));
  await file.flush();
  return file;
}

const syncEvery = 1000;
const closeLater = promisify(close);
const syncLater = promisify(fdatasync);

class ChainedFile implements AuditFile {
  readonly #options: AuditFileOptions;
  #descriptor: number;
  #number: number;
  #size: number;
  #head: AuditHead;
  #batch = { lines: '', count: 0, written: Promise.withResolvers<void>() };
  /** Full, and not yet known to be durable. */
  readonly #full: number[] = [];
  #timer: Timer | undefined;
  #syncing: Promise<void> = Promise.resolve();
  #failure: PlumbError | undefined;
  #buffer = Buffer.allocUnsafe(64 * 1024);

  constructor(options: AuditFileOptions, { file, head, size }: Recovered) {
    this.#options = options;
    this.#head = head;
    this.#number = file;
    this.#size = size;
    this.#descriptor = openForAppending(options.path, size);
    if (size === 0) this.#begin();
  }

  write(record: string): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (record.includes('\n') || record.startsWith(closingStart)) {
      return Promise.reject(new PlumbError('internal', 'an audit record must be one line that is not a closing one'));
    }
    const batch = this.#batch;
    if (batch.count === 0) (this.#options.defer ?? setImmediate)(() => this.#writeBatch());
    batch.lines += record + '\n';
    batch.count += 1;
    return batch.written.promise;
  }

  async flush(): Promise<void> {
    this.#writeBatch();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#syncing = this.#syncing.then(() => this.#sync());
    await this.#syncing;
  }

  async verify(): Promise<AuditReport> {
    this.#writeBatch();
    const { path, mac, anchor } = this.#options;
    return verifyAudit({ path, mac, end: this.#head, anchored: anchor.head('audit') });
  }

  async close(): Promise<void> {
    const failed = this.#failure !== undefined;
    try {
      if (!failed) await this.flush();
    } finally {
      this.#failure ??= new PlumbError('unavailable', 'the audit file is closed');
      if (this.#descriptor >= 0) closeSync(this.#descriptor);
      this.#descriptor = -1;
    }
  }

  #writeBatch(): void {
    const { lines, count, written } = this.#batch;
    if (count === 0) return;
    this.#batch = { lines: '', count: 0, written: Promise.withResolvers() };
    try {
      if (this.#failure !== undefined) throw this.#failure;
      this.#append(lines, count);
      if (this.#size >= (this.#options.maxBytes ?? 256 * 1024 * 1024)) this.#turnOver();
    } catch (cause) {
      written.reject(this.#fail(cause));
      return;
    }
    written.resolve();
    this.#timer ??= this.#options.clock.timer(syncEvery, () => void this.flush().catch(() => undefined));
  }

  #append(lines: string, count: number): void {
    const { mac } = this.#options;
    const { generation } = mac;
    const seq = this.#head.seq + count;
    const text = lines + closingOpening(seq, generation);
    if (this.#buffer.length < text.length * 3 + 128) this.#buffer = Buffer.allocUnsafe(text.length * 4);
    const covered = this.#buffer.write(text, 'utf8');
    const head = { seq, mac: mac.mac(this.#head.mac, this.#buffer.subarray(0, covered), generation) };
    const end = covered + this.#buffer.write(closingEnd(head.mac), covered, 'latin1');
    for (let at = 0; at < end; ) at += writeSync(this.#descriptor, this.#buffer, at, end - at);
    this.#head = head;
    this.#size += end;
  }

  /** The header is vouched for at once, by a batch without records. */
  #begin(): void {
    this.#append(`${encodeHeader({ file: this.#number, from: this.#head })}\n`, 0);
    syncFolderOf(this.#options.path);
  }

  #turnOver(): void {
    const { path } = this.#options;
    this.#full.push(this.#descriptor);
    renameSync(path, fullName(path, this.#number));
    this.#number += 1;
    this.#size = 0;
    this.#descriptor = openForAppending(path, 0);
    this.#begin();
  }

  /** Anchors the head only once it is durable, so that a power cut never looks like a loss. A failed sync is not tried again. */
  async #sync(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const head = this.#head;
    const current = this.#descriptor; // turned over meanwhile, it stays open until the next sync
    const full = this.#full.splice(0);
    try {
      for (const descriptor of full) {
        await syncLater(descriptor);
        await closeLater(descriptor);
      }
      await syncLater(current);
      this.#options.anchor.set('audit', head);
    } catch (cause) {
      throw this.#fail(cause);
    }
  }

  #fail(cause: unknown): PlumbError {
    this.#failure ??= new PlumbError('unavailable', 'the audit file cannot be written', { cause });
    return this.#failure;
  }
}

/** Appending is all the descriptor can do. Throws `conflict` if the file is not as long as was read. */
function openForAppending(path: string, size: number): number {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const descriptor = openSync(path, flags, 0o600);
  if (fstatSync(descriptor).size === size) return descriptor;
  closeSync(descriptor);
  throw new PlumbError('conflict', 'another process is writing the audit file');
}
