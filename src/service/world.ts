import type { Gate } from './gate.ts';
import { mayList, PastLoaders, PresentLoaders } from './loaders.ts';
import type { Past, ReadingRights, StoredEntry } from './loaders.ts';
import { factsOf, notFound } from './rights.ts';
import type { Rights } from './rights.ts';
import type { Keyring } from '#crypto/keyring';
import { PlumbError } from '#domain/errors';
import type { Head } from '#domain/entry';
import { evaluate } from '#eval/evaluate';
import type { Evaluated } from '#eval/evaluate';
import { lookUp } from '#eval/lookup';
import type { Problem } from '#eval/problem';
import type { Path } from '#domain/path';
import type { View } from '#state/view';
import type { Driver } from '#store/driver';
import type { Clock } from '#util/clock';

/** What every use-case that reads the durable state stands on. */
export interface World {
  readonly gate: Gate;
  readonly state: View;
  readonly keyring: Keyring;
  readonly blobs: Pick<Driver, 'getBlobs'>;
  readonly clock: Clock;
}

export function presentLoaders(world: World, rights: Rights): PresentLoaders {
  return new PresentLoaders(world.state, rights, world.keyring);
}

export function pastLoaders(world: World, rights: ReadingRights, past: Past): PastLoaders {
  const { state, keyring, blobs } = world;
  return new PastLoaders({ view: state, rights, keyring, blobs, past });
}

/** The present value of a path, or the error that the caller is to see. */
export function evaluatePresent(world: World, rights: Rights, path: Path): Evaluated<Head> {
  const loaders = presentLoaders(world, rights);
  const own = world.state.head(path);
  const found = own?.current.state === 'present' ? own : lookUp(path, loaders).found;
  if (found !== undefined && isPlain(found) && loaders.mayRead(path, found)) {
    const secret = found.current.kind === 'secret';
    return { path, stored: found, text: loaders.text(found), secret, origins: [found] };
  }
  const evaluation = evaluate(path, loaders);
  if (evaluation.ok) return evaluation.value;
  if (found !== undefined && !loaders.mayRead(path, found)) throw refuseRead(rights, path, found);
  if (found === undefined && !rights.mayKnow(path)) throw rights.refuse('read', path);
  throw problemError(evaluation.problem);
}

/** Nothing to compute: most reads are of these, so they skip the evaluator. */
function isPlain({ current }: Head): boolean {
  return current.form === 'literal' && current.value !== undefined;
}

/** The refusal to read what is stored for `path`: `not-found` where the caller may not know of it. */
export function refuseRead(rights: Rights, path: Path, stored: StoredEntry): PlumbError {
  const refusal = rights.refuse('read', path, factsOf(stored));
  return mayList(rights, path, stored) ? refusal : notFound(path);
}

export function problemError(problem: Problem): PlumbError {
  const { path, code, message, chain, cause } = problem;
  if (code === 'not-found') return notFound(path);
  return new PlumbError(code, message, {
    details: { path, chain: chain.map((link) => link ?? null) },
    ...(cause === undefined ? {} : { cause }),
  });
}
