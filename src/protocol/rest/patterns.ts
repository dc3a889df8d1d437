/** URLs of routes, as the framework writes them. */
import type { Route } from './route.ts';

/** `{path}` takes the rest of the URL, every other parameter one segment. */
export function toPattern(url: string): string {
  return url.replace('{path}', '*').replaceAll(/\{(\w+)\}/g, ':$1');
}

/** Methods that are answered, by pattern. */
export function byUrl(routes: readonly Route[]): Map<string, string[]> {
  const known = new Map<string, string[]>();
  for (const { url, method, run } of routes) {
    const answered = method === 'GET' && run.kind !== 'stream' ? ['GET', 'HEAD'] : [method];
    known.set(toPattern(url), [...(known.get(toPattern(url)) ?? []), ...answered]);
  }
  return known;
}
