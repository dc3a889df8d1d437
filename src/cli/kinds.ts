import type { Client, Kind } from '@plumbd/client';
import { isFailure } from './failures.ts';

/**
 * The kind a put of this path would have if none is asked for, as far as the caller may know: that of the
 * entry's newest version (a deleted one counts: it may have been a secret), of the inherited entry, of the
 * environment, else `secret`.
 */
export async function kindOf(client: Client, path: string): Promise<Kind> {
  const own = await known(client.entries.history({ path, limit: 1 }));
  const newest = own?.versions[0];
  if (newest !== undefined) return newest.kind;
  return (await inheritedKind(client, path)) ?? (await environmentKind(client, path)) ?? 'secret';
}

async function inheritedKind(client: Client, path: string): Promise<Kind | undefined> {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  for (let cursor: string | undefined; ; ) {
    const page = await known(client.entries.list({ folder, limit: 1000, ...(cursor === undefined ? {} : { cursor }) }));
    const found = page?.entries.find((entry) => entry.path === path);
    if (found !== undefined) return found.kind;
    cursor = page?.cursor;
    if (cursor === undefined) return undefined;
  }
}

/** What the environment says about paths below it; `undefined` if it is not declared, or hidden from the caller. */
export async function environmentKind(client: Client, path: string): Promise<Kind | undefined> {
  const [project, environment, ...rest] = path.split('/');
  if (project === undefined || environment === undefined || rest.length === 0) return undefined;
  return (await known(client.environments.get(`${project}/${environment}`)))?.defaultKind;
}

/** `undefined` where nothing is, or nothing that the caller may know of. */
async function known<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isFailure(error) && (error.code === 'not-found' || error.code === 'forbidden')) return undefined;
    throw error;
  }
}
