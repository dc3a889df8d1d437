import type { BigIntStats } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { Folder } from './folder.ts';
import type { FileLimit } from './stats.ts';
import { findFile, isFresh, markOf } from './stats.ts';

/** Contents whose mark is so fresh that it might also be that of a later change. */
interface Fresh {
  readonly mark: string;
  readonly checksum: number;
}

/** The marks of files, told apart also where two changes fall into one tick of the file system's clock. */
export class FreshMarks {
  readonly #fresh = new Map<string, Fresh>();

  /** What was read of a file, or written to it. */
  remember(name: string, stats: BigIntStats, bytes: Uint8Array): void {
    if (isFresh(stats)) this.#fresh.set(name, { mark: markOf(stats), checksum: crc32(bytes) });
    else this.#fresh.delete(name);
  }

  /** The present mark; another one than that of the remembered contents if they were altered within the same tick. */
  async of(folder: Folder, file: FileLimit, stats: BigIntStats): Promise<string | undefined> {
    const mark = markOf(stats);
    const known = this.#fresh.get(file.name);
    if (known?.mark !== mark) return mark;
    const found = await findFile(folder, file);
    if (found === null) return undefined;
    if (crc32(found.bytes) !== known.checksum) return `${markOf(found.stats)}:altered`;
    if (!isFresh(stats)) this.#fresh.delete(file.name);
    return mark;
  }
}
