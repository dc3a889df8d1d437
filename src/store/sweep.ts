import { type BlobReference, decodeBody, spilledPrefix } from './codec.ts';
import type { ChainPlace } from './cursor.ts';

/** Values belong to the truth stream; see `value-ids.ts`. */
const valuePrefix = 'v-';

/**
 * Erases those of `ids` that are this stream's and that nothing names: staged before an append that
 * was lost. `ids` must have been listed before the state that `live` comes from. Answers how many.
 */
export async function sweepOrphans(place: ChainPlace, ids: readonly string[], live: Iterable<string>): Promise<number> {
  const values = place.stream === 'truth' ? ids.filter((id) => id.startsWith(valuePrefix)) : [];
  const spilled = ids.filter((id) => id.startsWith(spilledPrefix(place.stream)));
  const named = new Set(values.length > 0 ? live : []);
  if (spilled.length > 0) for await (const { id } of references(place)) named.add(id);
  const orphans = [...values, ...spilled].filter((id) => !named.has(id));
  if (orphans.length > 0) await place.driver.erase(orphans);
  return orphans.length;
}

async function* references({ driver, stream }: ChainPlace): AsyncIterable<BlobReference> {
  for await (const { bytes } of driver.read(stream, 1)) {
    const body = decodeBody(bytes);
    const named = 'pages' in body ? [body.pages] : body.changes.map(({ ops }) => ops);
    for (const reference of named) if (!Array.isArray(reference)) yield reference as BlobReference;
  }
}
