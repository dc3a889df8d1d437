/**
 * The key of what is kept offline: in the system's keyring where there is one, else in a file beside the tokens that
 * only its owner may read. The values themselves are in another folder, which backups and syncs are more likely to take.
 */
import { dirname, join } from 'node:path';
import { newCacheKey } from '@plumbd/client/cache';
import { PlumbError } from '#domain/errors';
import { credentialsPath, readPrivate } from './credentials.ts';
import type { CliIo } from './io.ts';

/** `offline-key` beside the tokens. */
export function offlineKeyPath(io: Pick<CliIo, 'env' | 'home'>): string {
  return join(dirname(credentialsPath(io)), 'offline-key');
}

/**
 * 32 bytes, made at the first time; `undefined`, and why is told, where none can be kept. Throws where the file may be read
 * by others, or is not one of ours.
 */
export async function takeOfflineKey(io: CliIo, onFault: (error: unknown) => void): Promise<Uint8Array | undefined> {
  const known = await findOfflineKey(io);
  if (known !== undefined) return known;
  const made = newCacheKey();
  const text = Array.from(made, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (await io.keyring.write(text)) return made;
  try {
    io.files.writePrivate(offlineKeyPath(io), `${text}\n`);
    return made;
  } catch (error) {
    onFault(error);
    return undefined;
  }
}

/** `undefined`: nothing was ever kept. */
export async function findOfflineKey(io: CliIo): Promise<Uint8Array | undefined> {
  const known = (await io.keyring.read()) ?? readKeyFile(io);
  return known === undefined ? undefined : parseKey(known);
}

/** Without it, whatever is kept anywhere can be opened by nobody. */
export async function removeOfflineKey(io: CliIo): Promise<void> {
  await io.keyring.remove();
  io.files.remove(offlineKeyPath(io));
}

function readKeyFile(io: CliIo): string | undefined {
  const bytes = readPrivate(io, offlineKeyPath(io), 4096);
  return bytes === null ? undefined : new TextDecoder().decode(bytes).trim();
}

function parseKey(text: string): Uint8Array {
  if (/^[0-9a-f]{64}$/.test(text)) return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  throw new PlumbError('invalid', 'the key of what is kept offline is not one of ours', {
    hint: 'plumb logout --all removes it, and what is kept',
  });
}
