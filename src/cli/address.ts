/** Where a server is reached: which one a command talks to, and what may be sent there. */
import { isAbsolute, join, resolve } from 'node:path';
import { UsageError } from './failures.ts';
import type { CliIo } from './io.ts';

export interface Address {
  /** One spelling for one place: `unix:/absolute/path` or an origin such as `https://plumb.example`. */
  readonly text: string;
  /** Path of the unix socket, if it is one. */
  readonly socket?: string;
  /** What the client takes. */
  readonly url: string;
  /** Plain http: only to this machine, and only when the user names it. */
  readonly plain: boolean;
}

/** Throws a usage error unless `text` is `unix:PATH`, `https://HOST[:PORT]`, or `http://` of this machine. */
export function parseAddress(text: string, cwd: string): Address {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (path === '') throw new UsageError('unix: must be followed by the path of a socket');
    const socket = isAbsolute(path) ? path : resolve(cwd, path);
    return { text: `unix:${socket}`, socket, url: 'http://localhost', plain: false };
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const usable = url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.host !== '';
  if (!usable || url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search + url.hash !== '') {
    throw new UsageError('an address is unix:PATH, https://HOST[:PORT] or http://127.0.0.1[:PORT], without a path');
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new UsageError('plain http is for this machine only', 'use https://, or a tunnel to 127.0.0.1');
  }
  return { text: url.origin, url: url.origin, plain: url.protocol === 'http:' };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * The socket of a development server: `.plumb/dev/plumb.sock` in the working folder or the nearest one
 * above. Passed over unless the socket is the user's own and its folder closed to others: in a folder that
 * others may write to, somebody could lay a trap for the token.
 */
export function findDevelopmentSocket(io: CliIo): string | undefined {
  for (const folder of upward(io.cwd)) {
    const home = join(folder, '.plumb', 'dev');
    const socket = join(home, 'plumb.sock');
    const found = io.files.status(socket);
    if (found?.kind !== 'socket') continue;
    const around = io.files.status(home);
    const owned = found.owner === io.uid && around?.owner === io.uid;
    if (owned && (around.mode & 0o077) === 0) return socket;
  }
  return undefined;
}

/** The nearest file of this name: in the working folder or the one given, or in one above it. */
export function findUpward(io: CliIo, name: string, from: string = io.cwd): string | undefined {
  for (const folder of upward(from)) {
    if (io.files.status(join(folder, name)) !== null) return join(folder, name);
  }
  return undefined;
}

function* upward(from: string): Generator<string> {
  for (let folder = from; ; folder = resolve(folder, '..')) {
    yield folder;
    if (resolve(folder, '..') === folder) return;
  }
}
