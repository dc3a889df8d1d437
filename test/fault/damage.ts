/** Ways to damage a store that is closed, each drawn from a seed. */
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SeededRandom } from '#testing/clock';

export const storeFiles = ['plumb.db', 'plumb.db-wal', 'anchor', 'root.key'] as const;
export type StoreFile = (typeof storeFiles)[number];

export interface Damage {
  readonly file: StoreFile;
  readonly how: string;
  readonly inflict: (path: string, random: SeededRandom) => void;
}

const kinds: readonly Omit<Damage, 'file'>[] = [
  { how: 'one bit flipped', inflict: (path, random) => alter(path, random, (byte) => byte ^ (1 << random.below(8))) },
  { how: 'one byte zeroed', inflict: (path, random) => alter(path, random, () => 0) },
  { how: 'a block of other bytes', inflict: overwriteBlock },
  { how: 'cut off', inflict: (path, random) => truncateSync(path, random.below(statSync(path).size)) },
  { how: 'emptied', inflict: (path) => truncateSync(path, 0) },
  { how: 'lost', inflict: (path) => rmSync(path) },
];

/** Every kind on every file. */
export const damages: readonly Damage[] = storeFiles.flatMap((file) => kinds.map((kind) => ({ file, ...kind })));

export function inflict({ file, inflict: act }: Damage, folder: string, random: SeededRandom): void {
  act(join(folder, file), random);
}

function alter(path: string, random: SeededRandom, change: (byte: number) => number): void {
  const bytes = readFileSync(path);
  const at = random.below(bytes.length);
  bytes[at] = change(bytes[at] ?? 0);
  writeFileSync(path, bytes);
}

function overwriteBlock(path: string, random: SeededRandom): void {
  const bytes = readFileSync(path);
  const at = 512 * random.below(Math.ceil(bytes.length / 512) || 1);
  bytes.set(random.bytes(Math.min(512, bytes.length - at)), at);
  writeFileSync(path, bytes);
}
