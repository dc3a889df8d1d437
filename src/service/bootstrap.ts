import type { ServiceParts } from './parts.ts';

/**
 * On a store that has no administrator yet: makes the one-time bootstrap token, of which only the hash
 * is kept, and answers its text; `undefined` once there is one or it has been spent. A start that died
 * before the text was written down makes a new one with `renew`, as long as the old is not spent.
 */
export async function prepareBootstrap(parts: ServiceParts, renew = false): Promise<string | undefined> {
  throw new Error(`to be written: ${parts.version} ${renew}`);
}
