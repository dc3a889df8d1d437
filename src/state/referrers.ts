import type { TruthTables } from './tables.ts';
import { afterPrefix } from './table.ts';
import type { Version } from '#domain/entry';
import type { Path } from '#domain/path';
import { placeOf } from '#domain/path';
import type { Reference } from '#domain/reference';
import { parseReference, resolveReference } from '#domain/reference';

/*
 * The index of referrers: `<target>\0<path of the entry that refers>`. What a reference names depends
 * on the environment that is read, if it is relative to it; so its target is written without the
 * environment (`r<project>/<path in it>`), and who reads it where is found out when asked. Every other
 * reference names one path (`a<path>`).
 */

const none: readonly string[] = [];

/** Takes the references of what was stored out of the index, and those of what is stored now into it. */
export function index(tables: TruthTables, path: Path, before: Version | undefined, now: Version): void {
  for (const key of keysOf(path, before)) tables.referrers.delete(key);
  for (const key of keysOf(path, now)) tables.referrers.set(key, true);
}

function keysOf(path: Path, version: Version | undefined): readonly string[] {
  if (version === undefined || version.state !== 'present' || version.references.length === 0) return none;
  return version.references.flatMap((written) => {
    const target = targetOf(written, path);
    return target === undefined ? [] : [`${target}\0${path}`];
  });
}

/** `undefined` for a reference that can name nothing from where it stands. */
function targetOf(written: string, path: Path): string | undefined {
  try {
    const reference = parseReference(written);
    const target = resolveReference(reference, path);
    return isRelative(reference, path) ? relativeKey(target) : absoluteKey(target);
  } catch {
    return undefined;
  }
}

function isRelative(reference: Reference, path: Path): boolean {
  return reference.to === 'environment-root' || (reference.to === 'name' && isInEnvironment(path));
}

function isInEnvironment(path: Path): boolean {
  return (placeOf(path)?.relative ?? '') !== '';
}

/** Stored paths whose entries refer to this path by naming all of it. */
export function namedBy(tables: TruthTables, path: Path): readonly Path[] {
  return scan(tables, absoluteKey(path));
}

/** Stored paths of the project whose entries refer to this place in whichever environment they are read. */
export function namedInProjectBy(tables: TruthTables, path: Path): readonly Path[] {
  return isInEnvironment(path) ? scan(tables, relativeKey(path)) : [];
}

function absoluteKey(path: Path): string {
  return `a${path}`;
}

function relativeKey(path: Path): string {
  const place = placeOf(path);
  return `r${place?.project ?? ''}/${place?.relative ?? ''}`;
}

function scan(tables: TruthTables, target: string): readonly Path[] {
  const prefix = `${target}\0`;
  const found: Path[] = [];
  for (const [key] of tables.referrers.range(prefix, afterPrefix(prefix))) found.push(key.slice(prefix.length) as Path);
  return found;
}
