import { isAbsolute } from 'node:path';

/** Where the server is reached. */
export interface Address {
  /** One spelling for one place: `unix:/absolute/path` or an origin. */
  readonly text: string;
  /** Path of the unix socket, if it is one. */
  readonly socket?: string;
  /** What the client takes. */
  readonly url: string;
}

/** Answers what is expected, as text, unless it is `unix:/PATH`, `https://HOST[:PORT]`, or `http://` of this machine. */
export function parseAddress(written: string): { readonly value: Address } | string {
  if (written.startsWith('unix:')) {
    const socket = written.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (!isAbsolute(socket)) return 'an absolute path behind unix:';
    return { value: { text: `unix:${socket}`, socket, url: 'http://localhost' } };
  }
  const url = URL.canParse(written) ? new URL(written) : undefined;
  const usable = url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.host !== '';
  if (!usable || url.username !== '' || url.password !== '' || url.pathname !== '/' || url.search + url.hash !== '') {
    return 'unix:/PATH, https://HOST[:PORT] or http://127.0.0.1[:PORT], without a path';
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return 'https://, since plain http is for this machine only';
  return { value: { text: url.origin, url: url.origin } };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}
