import type { BigIntStats } from 'node:fs';
import type { Contents, FoundNames } from './contents.ts';
import type { Folder } from './folder.ts';
import { FreshMarks } from './fresh.ts';
import { PlaceFolder } from './place-folder.ts';
import type { PlaceOptions } from './place-folder.ts';
import { changedMeanwhile, replaceFile } from './replace.ts';
import { spread, tooMuch } from './spread.ts';
import type { FileLimit, Found } from './stats.ts';
import { findFile, linkNotes, markOf, modeOf, octal, rightMode, statFile } from './stats.ts';
import type { Observed, Place, Reading, ReadRequest, Sighting, Wanted, WriteRequest } from '../../target.ts';
import { PlumbError } from '#domain/errors';
import { formatLimits } from '#format/format';

export interface FilePlaceOptions extends PlaceOptions {
  readonly contents: Contents;
}

/** One file, or one block in it. */
export class FilePlace implements Place {
  readonly #options: FilePlaceOptions;
  readonly #file: FileLimit;
  readonly #folder: PlaceFolder;
  readonly #fresh = new FreshMarks();
  /** What was read for which answer: kept as long as whoever asked keeps the answer. */
  readonly #readings = new WeakMap<Observed, Found>();

  constructor(options: FilePlaceOptions) {
    const { segments } = options;
    this.#options = options;
    const name = segments.at(-1) ?? '';
    this.#folder = new PlaceFolder(options, { folder: segments.slice(0, -1), file: name });
    this.#file = { name, at: this.#folder.at, maxBytes: formatLimits.file };
  }

  /** A file is written as a whole. */
  groupOf(): string {
    return '';
  }

  async read({ desired, ours, reveal = false }: ReadRequest): Promise<Reading> {
    const { contents } = this.#options;
    const { wanted, obstacles } = spread(desired, contents);
    const found = await this.#folder.within(false, (folder) => findFile(folder, this.#file));
    if (found === undefined || found === null) {
      return { wanted, obstacles: [...obstacles, ...tooMuch(wanted, new Map(), ours)], observed: null };
    }
    this.#fresh.remember(this.#file.name, found.stats, found.bytes);
    const observed = this.#observe(found, wanted, reveal);
    this.#readings.set(observed, found);
    return { wanted, obstacles: [...obstacles, ...tooMuch(wanted, observed.names, ours)], observed };
  }

  async mark(): Promise<string | null> {
    const mark = await this.#folder.within(false, (folder) => this.#markIn(folder));
    return mark ?? null;
  }

  async write(request: WriteRequest, signal: AbortSignal): Promise<string> {
    const stats = await this.#folder.within(true, (folder) => this.#replace(folder, request, signal));
    if (stats === undefined) throw new PlumbError('unavailable', `${this.#file.at}: its folder vanished`);
    return markOf(stats);
  }

  watch(changed: () => void): () => void {
    return this.#folder.watch(changed);
  }

  async close(): Promise<void> {
    await this.#folder.idle();
  }

  #observe({ stats, bytes }: Found, wanted: ReadonlyMap<string, Wanted>, reveal: boolean): Observed {
    const { names, outside, notes } = this.#options.contents.read(bytes, wanted);
    const mode = modeOf(stats);
    const right = rightMode(stats, hasSecret(wanted), this.#options.mode);
    return {
      names: new Map([...names].map(([name, value]) => [name, this.#sighting(name, value)])),
      outside,
      flaws: mode === right ? [] : [{ group: '', message: `mode is ${octal(mode)}, expected ${octal(right)}` }],
      notes: [...notes, ...linkNotes(stats)],
      mark: markOf(stats),
      ...(reveal ? { revealed: revealedOf(names, wanted) } : {}),
    };
  }

  #sighting(name: string, value: string | null): Sighting {
    if (value === null) return { fingerprint: null, bytes: 0 };
    return { fingerprint: this.#options.fingerprint(name, value), bytes: Buffer.byteLength(value) };
  }

  async #replace(folder: Folder, { steps, wanted, observed }: WriteRequest, signal: AbortSignal): Promise<BigIntStats> {
    const { contents, mode, sweep } = this.#options;
    await sweep(folder);
    const expected = observed?.mark;
    const unchanged = async (): Promise<void> => {
      signal.throwIfAborted();
      if ((await this.#markIn(folder)) !== expected) throw changedMeanwhile();
    };
    // Whether it still stands there is asked before it is replaced.
    const known = observed === null ? undefined : this.#readings.get(observed);
    const found = known ?? (await findFile(folder, this.#file));
    if (known === undefined && found !== null) await unchanged();
    const bytes = contents.edit(found?.bytes ?? null, { steps, wanted });
    const replacement = {
      name: this.#file.name,
      bytes,
      mode: rightMode(found?.stats, hasSecret(wanted), mode),
    };
    const stats = await replaceFile(folder, replacement, { before: found?.stats, unchanged });
    this.#fresh.remember(this.#file.name, stats, bytes);
    return stats;
  }

  async #markIn(folder: Folder): Promise<string | undefined> {
    const stats = await statFile(folder, this.#file.name);
    return stats === undefined ? undefined : await this.#fresh.of(folder, this.#file, stats);
  }
}

function hasSecret(wanted: ReadonlyMap<string, Wanted>): boolean {
  return [...wanted.values()].some(({ secret }) => secret);
}

/** What stands under wanted names that are no secrets. */
export function revealedOf(
  names: FoundNames['names'],
  wanted: ReadonlyMap<string, Wanted>,
): ReadonlyMap<string, string> {
  const readable = [...names].filter(([name, value]) => value !== null && wanted.get(name)?.secret === false);
  return new Map(readable as [string, string][]);
}
