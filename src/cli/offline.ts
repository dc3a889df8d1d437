/**
 * What a person has read, kept sealed on this machine for when the server is away: one cache for each server and token,
 * below `$XDG_CACHE_HOME/plumb/offline`. Nothing is kept unless the user wishes it. Loaded only then.
 */
import { join } from 'node:path';
import type { Client, EntrySummary, EvaluatedEntry } from '@plumbd/client';
import { newCacheKey, openCache, withCache } from '@plumbd/client/cache';
import type { Cache, CacheOptions, CacheStorage, Fallback } from '@plumbd/client/cache';
import { PlumbError } from '#domain/errors';
import { isFailure, UsageError } from './failures.ts';
import type { CliIo } from './io.ts';
import { findOfflineKey, removeOfflineKey, takeOfflineKey } from './offline-key.ts';
import type { OfflineFlags } from './offline-flags.ts';
import type { PlaceFlags, Session, SignedIn } from './session.ts';
import { agoText } from './syncs.ts';
import { offlineSettings } from './user-config.ts';

const maxBytes = 256 * 1024 * 1024;
/** A server that is behind a dead line is given up after this. */
const patienceMs = 10_000;

/** `$XDG_CACHE_HOME/plumb/offline`, by default below `~/.cache`. */
export function offlineFolder({ env, home }: Pick<CliIo, 'env' | 'home'>): string {
  const cache = env['XDG_CACHE_HOME'];
  return join(cache?.startsWith('/') === true ? cache : join(home, '.cache'), 'plumb', 'offline');
}

function storageOf(io: CliIo): CacheStorage {
  const file = (name: string): string => join(offlineFolder(io), name);
  return {
    read: async (name) => io.files.read(file(name), maxBytes),
    write: async (name, bytes) => io.files.writePrivate(file(name), bytes),
    remove: async (name) => io.files.remove(file(name)),
  };
}

/**
 * What a token may read is kept for it alone: the token is a part of the scope, which is never written down, only
 * authenticated and hashed with the key.
 */
function cacheOf(io: CliIo, { address, token }: SignedIn, options: Pick<CacheOptions, 'key' | 'maxAgeMs'>): Cache {
  return openCache({ storage: storageOf(io), scope: `${address.text} ${token}`, now: io.now, ...options });
}

/** Where there is none, nothing is kept, and any other finds just that. */
const knownKey = async (io: CliIo): Promise<Uint8Array> => (await findOfflineKey(io)) ?? newCacheKey();

/** A client that keeps what it reads, and answers from it, as flags and user wish. */
export async function connectOffline(session: Session, flags: PlaceFlags & OfflineFlags): Promise<Client> {
  const { mode, maxAgeMs } = offlineSettings(session.io);
  const signedIn = await session.signedIn(flags);
  const client = await session.clientFor(signedIn.address, signedIn.token);
  if (mode === 'never' && flags.offline !== true) return client;
  const use = flags.offline === true ? 'only' : mode === 'fallback' ? 'fallback' : 'keep';
  const onFault = (error: unknown): void => session.note('warning', faultText(error));
  const key = await (use === 'only' ? knownKey(session.io) : takeOfflineKey(session.io, onFault));
  // As long as the server answers, nobody is kept from it by a disk that is full.
  if (key === undefined) return client;
  const cache = cacheOf(session.io, signedIn, { key, maxAgeMs });
  const patient = use === 'fallback' ? client.with({ timeoutMs: patienceMs }) : client;
  return withHint(
    withCache(patient, cache, {
      use,
      onFallback: (fallback) => session.note('note', ageText(fallback, session.io.now())),
      onFault,
    }),
  );
}

function ageText({ savedAt, error }: Fallback, now: number): string {
  const age = `offline, as of ${agoText(savedAt, now)}`;
  if (error === undefined) return age;
  return `${age}: ${isFailure(error.cause) ? error.cause.message : error.message}`;
}

function faultText(error: unknown): string {
  const reason = isFailure(error) ? error.message : 'a fault of plumb itself';
  return isFailure(error) && error.code === 'corrupt' ? `nothing offline: ${reason}` : `not kept offline: ${reason}`;
}

/** Where nothing is kept, how something comes to be. */
function withHint(client: Client): Client {
  const explained = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (!isFailure(error) || error.code !== 'unavailable' || !error.message.startsWith('nothing is kept'))
        throw error;
      throw nothingKept(error.message);
    }
  };
  const { entries } = client;
  return {
    ...client,
    entries: {
      ...entries,
      get: (request) => explained(entries.get(request)),
      evaluate: (request) => explained(entries.evaluate(request)),
    },
  };
}

function nothingKept(message: string): PlumbError {
  return new PlumbError('unavailable', message, {
    hint: 'with PLUMB_OFFLINE=keep what is read is kept; plumb run and plumb export read a whole folder',
  });
}

/** Names of a folder, as far as they are kept: of values that the caller may read, without folders below. */
export async function listKept(
  session: Session,
  flags: PlaceFlags & OfflineFlags,
  { folder, isRecursive }: { readonly folder: string; readonly isRecursive: boolean },
) {
  if (isRecursive) throw new UsageError('--offline does not go with --recursive', 'folders below are not kept');
  const { maxAgeMs } = offlineSettings(session.io);
  const signedIn = await session.signedIn(flags);
  const cache = cacheOf(session.io, signedIn, { key: await knownKey(session.io), maxAgeMs });
  const kept = await cache.load(folder);
  if (kept === undefined) throw nothingKept(`nothing is kept of ${folder || '/'}, or it is too old`);
  session.note(
    'note',
    `${ageText({ asked: folder, savedAt: kept.savedAt }, session.io.now())}; only what you may read`,
  );
  return { folder, folders: [], entries: kept.value.entries.map(summaryOf) };
}

function summaryOf({ value: _v, secret: _s, origin: _o, etag: _e, ...summary }: EvaluatedEntry): EntrySummary {
  return summary;
}

/** Ends what is kept for a server and its token. */
export async function forgetKept(io: CliIo, signedIn: SignedIn): Promise<void> {
  const key = await findOfflineKey(io);
  if (key !== undefined) await cacheOf(io, signedIn, { key }).clear();
}

/** Ends everything that is kept, whoever it was kept for, and the key. */
export async function forgetAllKept(io: CliIo): Promise<void> {
  await removeOfflineKey(io);
  io.files.remove(offlineFolder(io));
}
