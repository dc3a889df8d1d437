/** Values that must not be seen, in every dress in which a program might let them out. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Several shapes, since what escapes one masks another. Each has a part that occurs nowhere by chance. */
export const canaries = {
  word: 'CanaryWordQ7xV2mK9pL4w',
  quoted: `Canary"Quote'q8\\back/slash&<t>%41z`,
  lines: 'CanaryFirstLine-a91f\nCanarySecondLine-b82e\n',
  unicode: 'Canary-żółw-Ωmega-🐢-5d1c',
  dollars: 'Canary${NOT_A_REFERENCE}$(id)`x`-77ab',
  base64: Buffer.from('canary that is base64 already, 0017').toString('base64'),
} as const;

/** The same bytes as text, base64 at each of the three alignments, hex, percent- and JSON-escaped. */
function dresses(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const aligned = [0, 1, 2].flatMap((shift) => {
    // What surrounds the value changes the first and last characters, so only the middle is searched for.
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    const middle = encoded.slice(shift === 0 ? 0 : 4, Math.floor((shift + bytes.length) / 3) * 4);
    return [middle, middle.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const escaped = JSON.stringify(value).slice(1, -1);
  const ascii = escaped.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const lines = value.split('\n').filter((line) => line.length >= 8);
  const percent = [encodeURIComponent(value), encodeURI(value), new URLSearchParams({ v: value }).toString().slice(2)];
  const hex = bytes.toString('hex');
  return [...new Set([value, ...lines, escaped, ascii, ...percent, ...aligned, hex, hex.toUpperCase()])];
}

/** Names of the values found in the bytes, each with the dress it was found in. */
export type Search = (bytes: Buffer) => readonly string[];

export function searchFor(values: Readonly<Record<string, string>>): Search {
  const needles = Object.entries(values).flatMap(([name, value]) =>
    dresses(value).map((dress) => ({ name, dress, bytes: Buffer.from(dress) })),
  );
  return (bytes) =>
    needles.filter(({ bytes: needle }) => bytes.includes(needle)).map(({ name, dress }) => `${name} as ${dress}`);
}

/** The canaries. */
export const found = searchFor(canaries);

/** Every file below a folder with what was found in it; `except` says where values belong. */
export function foundBelow(
  folder: string,
  except: (path: string) => boolean,
  search: Search = found,
): Record<string, readonly string[]> {
  const leaks: Record<string, readonly string[]> = {};
  for (const each of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(each.parentPath, each.name);
    if (!each.isFile() || except(path)) continue;
    const seen = search(readFileSync(path));
    if (seen.length > 0) leaks[path] = seen;
  }
  return leaks;
}
