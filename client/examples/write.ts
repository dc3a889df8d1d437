/** Changes two values together, and only if nobody else has changed them since they were read. */
import process from 'node:process';
import { createClient, PlumbApiError } from '@plumbd/client';

const client = createClient({
  address: process.env['PLUMB_ADDR'] ?? 'http://127.0.0.1:8200',
  token: process.env['PLUMB_TOKEN'] ?? '',
});
const path = 'example/rotation/PASSWORD';

const versionOf = async (): Promise<number> => {
  try {
    return (await client.entries.get({ path })).version;
  } catch (error) {
    if (error instanceof PlumbApiError && error.code === 'not-found') return 0;
    throw error;
  }
};

const expect = await versionOf();
const rotate = () =>
  client.changes.apply({
    reason: 'rotated',
    ops: [
      { op: 'put', path, value: 'new-password', expect },
      { op: 'put', path: 'example/rotation/ROTATED_BY', value: 'write.ts', kind: 'config' },
    ],
  });

const { entries } = await rotate();
console.log(`changed ${entries.length} entries as one`);
// The version is another now, so the same change is refused as a whole.
const error = await rotate().catch((refused: unknown) => refused);
console.log(error instanceof PlumbApiError ? `then ${error.code} (${error.status})` : 'then nothing was refused');
