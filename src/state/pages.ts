import { PlumbError } from '#domain/errors';

/** A piece of the state in its stored form: at most 256 KB, with a name of `[a-z0-9-]` and `/` that it keeps. */
export interface StatePage {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What changed since the pages were last taken. */
export interface StatePages {
  readonly changed: readonly StatePage[];
  readonly removed: readonly string[];
}

const pageBytes = 256 * 1024;

/** A leaf is one page, unless a single row makes it larger: `<table>/<leaf>`, `<table>/<leaf>/1`, … */
export function splitChunks(table: string, id: number, bytes: Uint8Array) {
  const name = `${table}/${id.toString(36).padStart(6, '0')}`;
  const nameOf = (chunk: number) => (chunk === 0 ? name : `${name}/${chunk}`);
  const written: StatePage[] = [];
  for (let at = 0; at < bytes.length; at += pageBytes) {
    written.push({ name: nameOf(written.length), bytes: bytes.subarray(at, at + pageBytes) });
  }
  return { written, nameOf };
}

/** The leaves of one table. Throws `corrupt` when a piece of one is missing. */
export function joinChunks(
  table: string,
  pages: readonly StatePage[],
): { readonly id: number; readonly bytes: Uint8Array; readonly count: number }[] {
  const chunks = new Map<number, Uint8Array[]>();
  for (const page of pages) {
    const [id = '', chunk = '0'] = page.name.slice(table.length + 1).split('/');
    const number = Number.parseInt(id, 36);
    const own = chunks.get(number) ?? [];
    chunks.set(number, own);
    own[Number(chunk)] = page.bytes;
  }
  return [...chunks].map(([id, parts]) => {
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return { id, bytes: only, count: 1 };
    for (let index = 0; index < parts.length; index += 1) {
      if (parts[index] === undefined) throw new PlumbError('corrupt', `a page of the state is missing in ${table}`);
    }
    return { id, bytes: Buffer.concat(parts), count: parts.length };
  });
}
