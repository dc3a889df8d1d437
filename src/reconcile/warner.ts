import { mapNames } from './mapping.ts';
import type { Places, Resolved } from './places.ts';
import { PlumbError } from '#domain/errors';
import type { SyncSpec } from '#domain/records';

/** An entry of the source, as it is written. */
interface Written {
  readonly name: string;
  readonly bytes: number;
}

/**
 * What the target of a sync says of an entry that it will not carry, under the name that it would have there; `undefined`
 * for a target that never says anything, and for a spec that does not fit.
 */
export function warnerOf(
  places: Pick<Places, 'resolve'>,
  spec: SyncSpec,
): ((entry: Written) => string | undefined) | undefined {
  const resolved = attempt(places, spec);
  if (resolved?.target.warn === undefined) return undefined;
  const { target, at, options, rules } = resolved;
  if (Object.keys(rules.names).length === 0) return (entry) => target.warn?.(at, options, entry);
  return ({ name, bytes }) => {
    const [mapped] = mapNames(rules.names, new Map([[name, { value: '', secret: false }]])).desired.keys();
    return mapped === undefined ? undefined : target.warn?.(at, options, { name: mapped, bytes });
  };
}

function attempt(places: Pick<Places, 'resolve'>, spec: SyncSpec): Resolved | undefined {
  try {
    return places.resolve(spec);
  } catch (error) {
    if (error instanceof PlumbError) return undefined;
    throw error;
  }
}
