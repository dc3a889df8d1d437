/** `@plumbd/client/cache`: what was last known to be good, sealed, for a program that must go on while the server is away. */
export { mayFallBack } from './fallback.ts';
export { newCacheKey } from './seal.ts';
export { openCache } from './sealed-cache.ts';
export type { Cache, Cached, CacheOptions, CacheStorage } from './sealed-cache.ts';
export { withCache } from './with-cache.ts';
export type { CacheUse, Fallback } from './with-cache.ts';
