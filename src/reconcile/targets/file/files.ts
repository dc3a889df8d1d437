/**
 * One file for each name, in a folder that others may use too. A file is its value, byte by byte: no line end is added. Each
 * file is replaced whole, and only files that are ours are ever removed.
 */
import type { BigIntStats } from 'node:fs';
import { createHash } from 'node:crypto';
import { readdir, unlink } from 'node:fs/promises';
import type { Folder } from './folder.ts';
import { FreshMarks } from './fresh.ts';
import { fileLimits, temporaryPattern } from './options.ts';
import { revealedOf } from './place.ts';
import { PlaceFolder } from './place-folder.ts';
import type { PlaceOptions } from './place-folder.ts';
import { changedMeanwhile, replaceFile } from './replace.ts';
import { spread, tooMuch } from './spread.ts';
import { decodeValue, encodeValue } from './spelling.ts';
import type { FileLimit, Found } from './stats.ts';
import { findFile, markOf, modeOf, octal, rightMode, statFile } from './stats.ts';
import type {
  Desired,
  Flaw,
  Observed,
  Place,
  Reading,
  ReadRequest,
  Sighting,
  Step,
  Wanted,
  WriteRequest,
} from '../../target.ts';
import { formatLimits } from '#format/format';

/** Name → what stands there, and the marks of all of them. */
interface Listing {
  readonly found: ReadonlyMap<string, Found>;
  readonly mark: string;
}

export class FilesPlace implements Place {
  readonly #options: PlaceOptions;
  readonly #folder: PlaceFolder;
  readonly #fresh = new FreshMarks();
  readonly #readings = new WeakMap<Observed, Listing>();

  constructor(options: PlaceOptions) {
    this.#options = options;
    this.#folder = new PlaceFolder(options, { folder: options.segments, file: '' });
  }

  /** What is wrong with one name keeps all of them, as in one file. */
  groupOf(): string {
    return '';
  }

  async read({ desired, ours, reveal = false }: ReadRequest): Promise<Reading> {
    const { wanted, obstacles } = spread(spelled(desired), { problem, together: () => [] });
    const listing = await this.#folder.within(false, (folder) =>
      this.#list(folder, (name) => wanted.has(name) || ours.has(name)),
    );
    const observed = listing === undefined ? null : this.#observe(listing, wanted, reveal);
    if (listing !== undefined && observed !== null) this.#readings.set(observed, listing);
    const names = observed?.names ?? new Map<string, Sighting>();
    return { wanted, obstacles: [...obstacles, ...tooMuch(wanted, names, ours)], observed };
  }

  async mark(): Promise<string | null> {
    return (await this.#folder.within(false, (folder) => this.#markIn(folder))) ?? null;
  }

  async write(request: WriteRequest, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const before = (await this.mark()) ?? undefined;
    if (before !== request.observed?.mark) throw changedMeanwhile();
    const mark = await this.#folder.within(true, async (folder) => {
      await this.#options.sweep(folder);
      for (const step of this.#touched(request)) await this.#carryOut(folder, { step, request, signal });
      await folder.sync();
      return await this.#markIn(folder);
    });
    return mark ?? '';
  }

  watch(changed: () => void): () => void {
    return this.#folder.watch(changed);
  }

  async close(): Promise<void> {
    await this.#folder.idle();
  }

  #observe({ found, mark }: Listing, wanted: ReadonlyMap<string, Wanted>, reveal: boolean): Observed {
    const values = new Map([...found].map(([name, { bytes }]) => [name, decodeValue(bytes)]));
    const names = [...values].map(([name, value]): [string, Sighting] => [
      name,
      { fingerprint: this.#options.fingerprint(name, value), bytes: found.get(name)?.bytes.length ?? 0 },
    ]);
    const flaws = [...found].flatMap(([name, { stats }]) => this.#flaw(name, stats, wanted.get(name)));
    const revealed = reveal ? { revealed: revealedOf(values, wanted) } : {};
    return { names: new Map(names), outside: new Map(), flaws, notes: [], mark, ...revealed };
  }

  #flaw(name: string, stats: BigIntStats, item: Wanted | undefined): readonly Flaw[] {
    if (item === undefined) return [];
    const right = rightMode(stats, item.secret, this.#options.mode);
    if (modeOf(stats) === right) return [];
    return [{ group: '', message: `mode of ${name} is ${octal(modeOf(stats))}, expected ${octal(right)}` }];
  }

  /** The steps, removals last, and files whose mode alone is wrong: they are written again. */
  #touched({ steps, wanted, observed }: WriteRequest): readonly Step[] {
    const planned = new Set(steps.map(({ name }) => name));
    const found = (observed === null ? undefined : this.#readings.get(observed))?.found ?? new Map<string, Found>();
    const again = [...wanted].flatMap(([name, item]): Step[] => {
      const stats = planned.has(name) ? undefined : found.get(name)?.stats;
      return stats === undefined || this.#flaw(name, stats, item).length === 0 ? [] : [{ do: 'update', name, item }];
    });
    return [...steps, ...again].toSorted((a, b) => Number(a.do === 'delete') - Number(b.do === 'delete'));
  }

  async #carryOut(folder: Folder, { step, request, signal }: Work): Promise<void> {
    const { name } = step;
    const file = this.#file(name);
    const known = request.observed === null ? undefined : this.#readings.get(request.observed)?.found.get(name);
    const found = known ?? (await findFile(folder, file));
    const unchanged = async (): Promise<void> => {
      signal.throwIfAborted();
      const stats = await statFile(folder, name);
      const present = stats === undefined ? undefined : await this.#fresh.of(folder, file, stats);
      if (present !== (found === null ? undefined : markOf(found.stats))) throw changedMeanwhile();
    };
    if (step.do === 'delete') {
      if (found === null) return;
      await unchanged();
      await unlink(folder.path(name));
      return;
    }
    const bytes = encodeValue(step.item.value);
    const mode = rightMode(found?.stats, step.item.secret, this.#options.mode);
    const stats = await replaceFile(folder, { name, bytes, mode }, { before: found?.stats, unchanged });
    this.#fresh.remember(name, stats, bytes);
  }

  /** Every regular file that is not larger than a value may be and that we may read; all that are `needed`, or an error. */
  async #list(folder: Folder, needed: (name: string) => boolean): Promise<Listing> {
    const found = new Map<string, Found>();
    const marks = new Map<string, string>();
    for (const [name, stats] of await statsIn(folder)) {
      if (isValueFile(stats)) marks.set(name, markOf(stats));
      if (!needed(name) && (!isValueFile(stats) || (stats.mode & 0o400n) === 0n)) continue;
      const one = await findFile(folder, this.#file(name));
      if (one === null) continue;
      found.set(name, one);
      marks.set(name, markOf(one.stats));
      this.#fresh.remember(name, one.stats, one.bytes);
    }
    return { found, mark: markOfAll(marks) };
  }

  async #markIn(folder: Folder): Promise<string> {
    const marks = new Map<string, string>();
    for (const [name, stats] of await statsIn(folder)) {
      const mark = isValueFile(stats) ? await this.#fresh.of(folder, this.#file(name), stats) : undefined;
      if (mark !== undefined) marks.set(name, mark);
    }
    return markOfAll(marks);
  }

  #file(name: string): FileLimit {
    return { name, at: `${this.#folder.at}/${name}`, maxBytes: formatLimits.value };
  }
}

interface Work {
  readonly step: Step;
  readonly request: WriteRequest;
  readonly signal: AbortSignal;
}

async function statsIn(folder: Folder): Promise<readonly (readonly [name: string, stats: BigIntStats])[]> {
  const names = (await readdir(folder.self)).filter((name) => !temporaryPattern.test(name)).sort();
  const all = await Promise.all(names.map(async (name) => [name, await statFile(folder, name)] as const));
  return all.flatMap(([name, stats]) => (stats === undefined ? [] : [[name, stats] as const]));
}

/** What others keep there that cannot be a value is nobody's business. */
function isValueFile(stats: BigIntStats): boolean {
  return stats.isFile() && stats.size <= formatLimits.value;
}

function markOfAll(marks: ReadonlyMap<string, string>): string {
  return createHash('sha256')
    .update(JSON.stringify([...marks]))
    .digest('base64url');
}

/** A value of bytes is what its base64 stands for. */
function spelled(desired: Desired): Desired {
  return new Map(
    [...desired].map(([name, item]) => [
      name,
      item.binary === true ? { ...item, value: decodeValue(Buffer.from(item.value, 'base64')) } : item,
    ]),
  );
}

function problem(name: string, value: string): string | undefined {
  if (name === '' || name === '.' || name === '..' || /[/\\\0-\x1f\x7f]/.test(name) || !name.isWellFormed()) {
    return 'is not a name of a file';
  }
  if (Buffer.byteLength(name) > fileLimits.segment) return `is longer than ${fileLimits.segment} bytes`;
  if (temporaryPattern.test(name)) return 'is a name that files of ours have while they are being written';
  if (!value.isWellFormed()) return 'has a value that is not valid Unicode';
  return encodeValue(value).length > formatLimits.value ? 'has a value over 1 MiB' : undefined;
}
