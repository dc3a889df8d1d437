/**
 * The seal for a machine of one's own: a file of 32 random bytes that only its owner may read. It
 * protects a stolen database, backup or disk only if the file is kept elsewhere.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PlumbError } from '#domain/errors';
import { envelopeGeneration, openEnvelope, sealEnvelope } from '../envelope.ts';
import type { Seal } from '../seal.ts';

const keyLength = 32;
const bound = Buffer.from('plumb root key');

export interface KeyFileOptions {
  /** Absolute path of the file. */
  readonly path: string;
  /** Make the file if it is absent, 0600, with a random key. Only for a store without a keyring. */
  readonly create: boolean;
}

/**
 * Throws `unavailable` when the file is absent (and not to be made) or cannot be read, `invalid`
 * with a hint when others may read it, it is a symbolic link, or has not exactly 32 bytes.
 */
export async function openKeyFileSeal(options: KeyFileOptions): Promise<Seal> {
  const key = (await readKey(options.path)) ?? (await makeKey(options));
  return {
    name: 'key-file',
    wrap: async (rootKey) => sealEnvelope({ generation: 1, key }, rootKey, bound),
    unwrap: async (wrapped) => {
      envelopeGeneration(wrapped);
      try {
        return openEnvelope(key, wrapped, bound);
      } catch (cause) {
        throw new PlumbError('corrupt', 'the root key was not wrapped by this key file, or was altered', {
          cause,
          hint: `is ${options.path} the key file that this store was made with?`,
        });
      }
    },
  };
}

/** `undefined`: there is no such file. */
async function readKey(path: string): Promise<KeyObject | undefined> {
  const file = await openNoFollow(path);
  if (file === undefined) return undefined;
  try {
    await check(file, path);
    const bytes = Buffer.alloc(keyLength);
    await file.read(bytes, 0, keyLength, 0);
    const key = createSecretKey(bytes);
    bytes.fill(0);
    return key;
  } finally {
    await file.close();
  }
}

async function openNoFollow(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') {
      throw new PlumbError('invalid', `the key file ${path} is a symbolic link, a plain file is expected`, {
        hint: 'name the file itself',
      });
    }
    throw new PlumbError('unavailable', `the key file ${path} cannot be opened`, { cause: error });
  }
}

async function check(file: FileHandle, path: string): Promise<void> {
  const stat = await file.stat();
  if (!stat.isFile()) throw new PlumbError('invalid', `the key file ${path} is not a plain file`);
  if ((stat.mode & 0o077) !== 0) {
    throw new PlumbError('invalid', `the key file ${path} can be reached by others, mode 0600 is expected`, {
      hint: `chmod 600 ${path}; if others could read it, put the values under a new key`,
    });
  }
  const uid = process.geteuid?.() ?? stat.uid;
  if (stat.uid !== uid) {
    throw new PlumbError('invalid', `the key file ${path} belongs to another user`, { hint: `chown ${uid} ${path}` });
  }
  if (stat.size !== keyLength) {
    throw new PlumbError('invalid', `the key file ${path} has ${stat.size} bytes, exactly ${keyLength} are expected`, {
      hint: 'restore it from where it was kept; a new one cannot open the store',
    });
  }
}

/** Whole or not at all, and never over a file that is there. */
async function makeKey({ path, create }: KeyFileOptions): Promise<KeyObject> {
  if (!create) {
    throw new PlumbError('unavailable', `the key file ${path} is absent`, {
      hint: 'put it back from where it is kept; without it the store cannot be read',
    });
  }
  const bytes = randomBytes(keyLength);
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  await writeDurably(temporary, bytes);
  bytes.fill(0);
  try {
    await link(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(temporary);
  }
  await syncFolder(dirname(path));
  const key = await readKey(path);
  if (key === undefined) throw new PlumbError('unavailable', `the key file ${path} went away while it was made`);
  return key;
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
