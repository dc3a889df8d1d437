/**
 * The user's own state file: which tokens were given by `login`, each for exactly one address. It is the
 * only thing besides flags and environment that says where to connect; a project file cannot.
 */
import { join } from 'node:path';
import { PlumbError } from '#domain/errors';
import type { Address } from './address.ts';
import type { CliIo } from './io.ts';

/** What is kept for one address. */
export interface StoredToken {
  readonly token: string;
  readonly principal: string;
}
export interface Credentials {
  /** The address of the last login. */
  readonly default?: string;
  readonly tokens: Readonly<Record<string, StoredToken>>;
}

const maxBytes = 1024 * 1024;

/** `$XDG_STATE_HOME/plumb/credentials.json`, by default below `~/.local/state`. */
export function credentialsPath(io: Pick<CliIo, 'env' | 'home'>): string {
  const state = io.env['XDG_STATE_HOME'];
  return join(
    state !== undefined && state.startsWith('/') ? state : join(io.home, '.local', 'state'),
    'plumb',
    'credentials.json',
  );
}

/** Empty if there is no file. Throws if others may read it, or if it is not ours or not valid. */
export function readCredentials(io: CliIo): Credentials {
  const path = credentialsPath(io);
  const bytes = readPrivate(io, path, maxBytes);
  if (bytes === null) return { tokens: {} };
  try {
    const { version, tokens, default: preferred } = JSON.parse(new TextDecoder().decode(bytes)) as Partial<StoredFile>;
    if (version !== 1 || typeof tokens !== 'object') throw new Error('unexpected shape');
    return { tokens, ...(preferred === undefined ? {} : { default: preferred }) };
  } catch (cause) {
    throw new PlumbError('invalid', `${path} is not a credentials file of this version`, {
      cause,
      hint: 'remove it and sign in again with plumb login',
    });
  }
}

interface StoredFile {
  readonly version: number;
  readonly default?: string;
  readonly tokens: Readonly<Record<string, StoredToken>>;
}

/** Adds or replaces the token of one address and makes that address the default. */
export function storeToken(io: CliIo, address: Address, stored: StoredToken): void {
  const { tokens } = readCredentials(io);
  const file: StoredFile = { version: 1, default: address.text, tokens: { ...tokens, [address.text]: stored } };
  io.files.writePrivate(credentialsPath(io), `${JSON.stringify(file, null, 2)}\n`);
}

/** Takes the token of one address away. Answers what is left. */
export function removeToken(io: CliIo, address: Address): Credentials {
  const { default: preferred, tokens } = readCredentials(io);
  const rest = Object.fromEntries(Object.entries(tokens).filter(([name]) => name !== address.text));
  const left: Credentials = {
    tokens: rest,
    ...(preferred === undefined || preferred === address.text ? {} : { default: preferred }),
  };
  if (Object.keys(rest).length === 0) io.files.remove(credentialsPath(io));
  else io.files.writePrivate(credentialsPath(io), `${JSON.stringify({ version: 1, ...left }, null, 2)}\n`);
  return left;
}

/**
 * The token for exactly this address: PLUMB_TOKEN, the credentials file, or for a unix socket the file
 * `token` beside it. `undefined` if there is none.
 */
export function tokenFor(io: CliIo, address: Address, credentials: Credentials): string | undefined {
  const given = io.env['PLUMB_TOKEN'];
  if (given !== undefined && given !== '') return given;
  const stored = Object.hasOwn(credentials.tokens, address.text) ? credentials.tokens[address.text] : undefined;
  if (stored !== undefined) return stored.token;
  if (address.socket === undefined) return undefined;
  const beside = readPrivate(io, join(address.socket, '..', 'token'), 4096);
  return beside === null ? undefined : new TextDecoder().decode(beside).trim();
}

/** A file that only its owner may read, and the owner is this user. `null`: does not exist. */
export function readPrivate(io: CliIo, path: string, limit: number): Uint8Array | null {
  const status = io.files.status(path);
  if (status === null) return null;
  if (status.owner !== io.uid) throw new PlumbError('forbidden', `${path} belongs to another user, so it is not used`);
  if ((status.mode & 0o077) !== 0) {
    throw new PlumbError('forbidden', `${path} may be read by other users, so it is not used`, {
      hint: `if nobody has read it: chmod 600 ${path}; otherwise revoke its token and sign in again`,
    });
  }
  return io.files.read(path, limit);
}
