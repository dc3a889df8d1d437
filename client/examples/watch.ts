/** Follows the changes of a folder; goes on by itself after a broken connection, and misses none. */
import process from 'node:process';
import { createClient } from '@plumbd/client';

const client = createClient({
  address: process.env['PLUMB_ADDR'] ?? 'http://127.0.0.1:8200',
  token: process.env['PLUMB_TOKEN'] ?? '',
});
const stop = new AbortController();

for await (const event of client.changes.watch({ under: 'example/watched' }, { signal: stop.signal })) {
  // It is listening; a real program would only wait now.
  if (event.type === 'bookmark') {
    await client.changes.apply({ ops: [{ op: 'put', path: 'example/watched/A', value: '1' }] });
  }
  // `truncated` says that too much has happened since: read everything again.
  if (event.type !== 'change') continue;
  console.log(`changed: ${event.entries.map(({ path }) => path).join(', ')}`);
  stop.abort();
}
console.log('done');
