import type { PastVersion } from '#domain/entry';
import type { Path } from '#domain/path';
import { placeOf } from '#domain/path';

/** What evaluation needs to know of a stored entry; a `Head` is one. */
export interface Stored {
  readonly path: Path;
  readonly current: PastVersion;
}

/** Where to look. */
export interface Shelves<H extends Stored> {
  /** What is stored at exactly this path, whatever its state. */
  head(path: Path): H | undefined;
  /** Environments that this one looks through, nearest first, itself first. */
  chain(environment: string): readonly string[];
}

export interface Lookup<H extends Stored> {
  readonly found: H | undefined;
  /** Nearest first; ends with the one found or unset, else with the last of the chain. */
  readonly steps: readonly LookupStep<H>[];
}
export interface LookupStep<H extends Stored> {
  readonly path: Path;
  readonly stored: H | undefined;
}

/**
 * What a path stands for before its references are followed: the entry that is present in the nearest
 * environment, unless a nearer one has it unset. Outside an environment nothing is inherited.
 */
export function lookUp<H extends Stored>(path: Path, shelves: Shelves<H>): Lookup<H> {
  const own = shelves.head(path);
  const first: LookupStep<H> = { path, stored: own };
  if (own !== undefined && own.current.state !== 'deleted') {
    return { found: own.current.state === 'present' ? own : undefined, steps: [first] };
  }
  const place = placeOf(path);
  if (place === undefined || place.relative === '') return { found: undefined, steps: [first] };
  const steps = [first];
  for (const environment of shelves.chain(place.environment).slice(1)) {
    const at = `${environment}/${place.relative}` as Path;
    const stored = shelves.head(at);
    steps.push({ path: at, stored });
    if (stored?.current.state === 'present') return { found: stored, steps };
    if (stored?.current.state === 'unset') break;
  }
  return { found: undefined, steps };
}

/** Whether its text holds references; `bytes` and `pem` never do, whatever their form says. */
export function isExpression({ current }: Stored): boolean {
  return current.form === 'expression' && current.type !== 'bytes' && current.type !== 'pem';
}
