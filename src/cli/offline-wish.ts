/** How a command that reads gets its client. What keeps values is loaded only where that is wished. */
import type { Client } from '@plumbd/client';
import type { OfflineFlags } from './offline-flags.ts';
import { isOfflineWished } from './offline-flags.ts';
import type { PlaceFlags, Session } from './session.ts';

/** What was kept may stand in, if the user wishes that. */
export async function connectToRead(session: Session, flags: PlaceFlags & OfflineFlags): Promise<Client> {
  if (!isOfflineWished(session.io, flags)) return session.connect(flags);
  return (await import('./offline.ts')).connectOffline(session, flags);
}
