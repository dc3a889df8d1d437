/** Holds open change streams, and reads what comes. */
import { createClient } from '@plumbd/client';
import { serveParent } from './child.ts';

export interface Watchers {
  readonly address: string;
  readonly token: string;
  readonly under: string;
  readonly count: number;
}

serveParent<Watchers>(async ({ address, token, under, count }) => {
  const client = createClient({ address, token, retry: false });
  const opened = Array.from({ length: count }, async () => {
    const events = client.changes.watch({ under })[Symbol.asyncIterator]();
    // The first event says where the stream goes on from: it stands.
    await events.next();
    void events.next();
  });
  await Promise.all(opened);
  return count;
});
