/** Reads the values of a folder once, as a program does when it starts. */
import process from 'node:process';
import { createClient, PlumbApiError } from '@plumbd/client';

const client = createClient({
  address: process.env['PLUMB_ADDR'] ?? 'http://127.0.0.1:8200',
  token: process.env['PLUMB_TOKEN'] ?? '',
});

try {
  const { entries } = await client.entries.evaluate({ folder: 'changelog/development' });
  const config = new Map(entries.map(({ path, value }) => [path.split('/').at(-1), value]));
  console.log(
    `the database is at ${config.get('DB_HOST')}; ${entries.filter(({ secret }) => secret).length} of the values are secrets`,
  );
} catch (error) {
  // What the server refused, with what to do about it; values are never in it.
  if (!(error instanceof PlumbApiError)) throw error;
  console.error(`${error.code}: ${error.message}`, error.hint ?? '');
  process.exitCode = 1;
}
