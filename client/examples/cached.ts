/** Goes on with the values that were last known to be good while the server is away, for a day at most. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createClient } from '@plumbd/client';
import { newCacheKey, openCache, withCache } from '@plumbd/client/cache';
import type { CacheStorage } from '@plumbd/client/cache';

const address = process.env['PLUMB_ADDR'] ?? 'http://127.0.0.1:8200';
const token = process.env['PLUMB_TOKEN'] ?? '';
const folder = process.env['EXAMPLE_CACHE'] ?? join(homedir(), '.cache', 'example');

/** A folder of files. */
function storageIn(place: string): CacheStorage {
  return {
    read: (name) => readFile(join(place, name)).catch(() => null),
    async write(name, bytes) {
      await writeFile(join(place, `${name}.new`), bytes, { mode: 0o600 });
      await rename(join(place, `${name}.new`), join(place, name));
    },
    remove: (name) => rm(join(place, name), { force: true }),
  };
}

/** Better: from the keyring of the system, or from whoever starts this program. */
async function keyIn(file: string): Promise<Uint8Array> {
  const known = await readFile(file).catch(() => undefined);
  if (known !== undefined) return known;
  const made = newCacheKey();
  await writeFile(file, made, { mode: 0o600 });
  return made;
}

await mkdir(join(folder, 'values'), { recursive: true, mode: 0o700 });
const cache = openCache({
  storage: storageIn(join(folder, 'values')),
  key: await keyIn(join(folder, 'key')),
  scope: `${address} ${token}`,
});
const client = withCache(createClient({ address, token, timeoutMs: 5000, retry: { retries: 1 } }), cache, {
  onFallback: ({ savedAt }) => console.log(`offline, as of ${savedAt > 0 ? 'before' : 'never'}`),
});

const { entries } = await client.entries.evaluate({ folder: 'changelog/development' });
console.log(`${entries.length} values`);
