import { constants } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { looksLikeMarker } from './block.ts';
import { codeOf, faultOf, symbolicLink } from './faults.ts';
import type { Folder, Root } from './folder.ts';
import type { FileOptions } from './options.ts';
import { changedMeanwhile, replaceFile } from './replace.ts';
import { editFile, namesOf, notesOf, parseFile } from './text.ts';
import type { FileSubject } from './text.ts';
import type { FolderWatches } from './watch.ts';
import { spread, tooMuch } from './spread.ts';
import type {
  Observed,
  OpenRequest,
  Place,
  Reading,
  ReadRequest,
  Sighting,
  Wanted,
  WriteRequest,
} from '../../target.ts';
import { PlumbError } from '#domain/errors';
import { representationProblem } from '#format/dotenv';
import { dotenvLimits } from '#format/dotenv-grammar';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
/** A tick of a file system's clock, generously: two changes within one have the same time. */
const tickNs = 12_000_000n;

export interface FilePlaceOptions extends FileOptions {
  readonly root: Root;
  readonly watches: FolderWatches;
  readonly segments: readonly string[];
  readonly fingerprint: OpenRequest['fingerprint'];
  /** Called once per folder before anything is written there. */
  readonly sweep: (folder: Folder) => Promise<void>;
}

/** Contents whose mark is so fresh that it might also be that of a later change. */
interface Fresh {
  readonly mark: string;
  readonly checksum: number;
}

/** What was found at the name. */
interface Found {
  readonly bytes: Buffer;
  readonly stats: BigIntStats;
}

/** One file, or one block in it. */
export class FilePlace implements Place {
  readonly #options: FilePlaceOptions;
  readonly #subject: FileSubject;
  readonly #name: string;
  /** A call that was given up may still be at work: the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve();
  #fresh: Fresh | undefined;
  /** What was read for which answer: kept as long as whoever asked keeps the answer. */
  readonly #readings = new WeakMap<Observed, Found>();

  constructor(options: FilePlaceOptions) {
    const { block, segments } = options;
    this.#options = options;
    this.#subject = { at: segments.join('/'), ...(block === undefined ? {} : { block }) };
    this.#name = segments.at(-1) ?? '';
  }

  /** A file is written as a whole. */
  groupOf(): string {
    return '';
  }

  async read({ desired, ours, reveal = false }: ReadRequest): Promise<Reading> {
    const { wanted, obstacles } = spread(desired, (name, value) => this.#problem(name, value));
    const found = await this.#within(false, (folder) => this.#find(folder));
    if (found === undefined || found === null) {
      return { wanted, obstacles: [...obstacles, ...tooMuch(wanted, new Map(), ours)], observed: null };
    }
    this.#remember(found.stats, found.bytes);
    const observed = this.#observe(found, wanted, reveal);
    this.#readings.set(observed, found);
    return { wanted, obstacles: [...obstacles, ...tooMuch(wanted, observed.names, ours)], observed };
  }

  async mark(): Promise<string | null> {
    const mark = await this.#within(false, (folder) => this.#markIn(folder));
    return mark ?? null;
  }

  async write(request: WriteRequest, signal: AbortSignal): Promise<string> {
    const stats = await this.#within(true, (folder) => this.#replace(folder, request, signal));
    if (stats === undefined) throw new PlumbError('unavailable', `${this.#subject.at}: its folder vanished`);
    return markOf(stats);
  }

  watch(changed: () => void): () => void {
    return this.#options.watches.listen(this.#folderKey, this.#name, changed);
  }

  async close(): Promise<void> {
    await this.#last.catch(() => undefined);
  }

  #observe({ stats, bytes }: Found, wanted: ReadonlyMap<string, Wanted>, reveal: boolean): Observed {
    const file = parseFile(bytes, this.#subject);
    const mode = modeOf(stats);
    const right = this.#modeFor(stats, hasSecret(wanted));
    const values = namesOf(file.lines);
    const revealed = [...values].filter(([name, value]) => value !== null && wanted.get(name)?.secret === false);
    return {
      names: new Map([...values].map(([name, value]) => [name, this.#sighting(name, value)])),
      outside: file.outside,
      flaws: mode === right ? [] : [{ group: '', message: `mode is ${octal(mode)}, expected ${octal(right)}` }],
      notes: [...notesOf(file), ...linkNotes(stats)],
      mark: markOf(stats),
      ...(reveal ? { revealed: new Map(revealed as [string, string][]) } : {}),
    };
  }

  #sighting(name: string, value: string | null): Sighting {
    if (value === null) return { fingerprint: null, bytes: 0 };
    return { fingerprint: this.#options.fingerprint(name, value), bytes: Buffer.byteLength(value) };
  }

  async #replace(folder: Folder, { steps, wanted, observed }: WriteRequest, signal: AbortSignal): Promise<BigIntStats> {
    await this.#options.sweep(folder);
    const expected = observed?.mark;
    const unchanged = async (): Promise<void> => {
      signal.throwIfAborted();
      if ((await this.#markIn(folder)) !== expected) throw changedMeanwhile();
    };
    // Whether it still stands there is asked before it is replaced.
    const known = observed === null ? undefined : this.#readings.get(observed);
    const found = known ?? (await this.#find(folder));
    if (known === undefined && found !== null) await unchanged();
    const file = found === null ? null : parseFile(found.bytes, this.#subject);
    const bytes = editFile(file, steps, this.#subject);
    const replacement = {
      name: this.#name,
      bytes,
      mode: this.#modeFor(found?.stats, hasSecret(wanted)),
      ...(found === null ? {} : { owner: { uid: Number(found.stats.uid), gid: Number(found.stats.gid) } }),
    };
    const stats = await replaceFile(folder, replacement, { isNew: found === null, unchanged });
    this.#remember(stats, bytes);
    return stats;
  }

  async #within<T>(create: boolean, use: (folder: Folder) => Promise<T>): Promise<T | undefined> {
    const { root, segments, watches } = this.#options;
    const before = this.#last;
    const call = (async () => {
      await before;
      return await root.within(segments, create, async (folder) => {
        watches.seen(this.#folderKey, folder);
        return await use(folder);
      });
    })();
    this.#last = call.catch(() => undefined);
    try {
      return await call;
    } catch (error) {
      throw faultOf(error, this.#subject.at);
    }
  }

  /** `null`: no such file. */
  async #find(folder: Folder): Promise<Found | null> {
    let handle: FileHandle;
    try {
      handle = await open(folder.path(this.#name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOENT') return null;
      throw code === 'ELOOP' ? symbolicLink(this.#subject.at) : error;
    }
    try {
      return await this.#readAll(handle);
    } finally {
      await handle.close();
    }
  }

  /** Bytes and facts that belong together: somebody may be writing in place. */
  async #readAll(handle: FileHandle): Promise<Found> {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const before = await handle.stat({ bigint: true });
      if (!before.isFile()) throw new PlumbError('forbidden', `${this.#subject.at}: it is no regular file`);
      if (before.size > dotenvLimits.file) {
        throw new PlumbError('too-large', `${this.#subject.at}: larger than ${dotenvLimits.file} bytes`);
      }
      const bytes = Buffer.alloc(Number(before.size) + 1);
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
      const stats = await handle.stat({ bigint: true });
      if (markOf(stats) === markOf(before) && BigInt(bytesRead) === stats.size) {
        return { bytes: bytes.subarray(0, bytesRead), stats };
      }
    }
    throw new PlumbError('unavailable', `${this.#subject.at}: somebody keeps writing to it`);
  }

  /** Without following a link; `undefined`: no such file. */
  async #stat(folder: Folder): Promise<BigIntStats | undefined> {
    try {
      return await lstat(folder.path(this.#name), { bigint: true });
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** The present mark; another one than that of the remembered contents if they were altered within the same tick. */
  async #markIn(folder: Folder): Promise<string | undefined> {
    const stats = await this.#stat(folder);
    if (stats === undefined) return undefined;
    const mark = markOf(stats);
    if (this.#fresh?.mark !== mark) return mark;
    const found = await this.#find(folder);
    if (found === null) return undefined;
    if (crc32(found.bytes) !== this.#fresh.checksum) return `${markOf(found.stats)}:altered`;
    if (!isFresh(stats)) this.#fresh = undefined;
    return mark;
  }

  #remember(stats: BigIntStats, bytes: Uint8Array): void {
    this.#fresh = isFresh(stats) ? { mark: markOf(stats), checksum: crc32(bytes) } : undefined;
  }

  #modeFor(stats: BigIntStats | undefined, secret: boolean): number {
    const { mode } = this.#options;
    if (mode !== undefined) return mode;
    if (stats === undefined) return secret ? 0o600 : 0o644;
    return secret ? modeOf(stats) & 0o600 : modeOf(stats);
  }

  #problem(name: string, value: string): string | undefined {
    const problem = representationProblem(name, value);
    if (problem !== undefined) return problem;
    if (this.#options.block === undefined || !looksLikeMarker(value)) return undefined;
    return 'has a value with a line like a block marker';
  }

  get #folderKey(): string {
    return this.#options.segments.slice(0, -1).join('/');
  }
}

function hasSecret(wanted: ReadonlyMap<string, Wanted>): boolean {
  return [...wanted.values()].some(({ secret }) => secret);
}

/** Device, inode, change time and size. */
function markOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.ctimeNs}:${stats.size}`;
}

function isFresh({ ctimeNs }: BigIntStats): boolean {
  return BigInt(Date.now()) * 1_000_000n - ctimeNs < tickNs;
}

function modeOf(stats: BigIntStats): number {
  return Number(stats.mode & 0o777n);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function linkNotes({ nlink }: BigIntStats): readonly string[] {
  return nlink > 1n ? [`has ${nlink} hard links; replacing it leaves the others with the old contents`] : [];
}
