import type { Shelves, Stored } from './lookup.ts';
import { isExpression, lookUp } from './lookup.ts';
import type { Path } from '#domain/path';
import { parseReference, resolveReference } from '#domain/reference';

/*
 * What can be known of references without any value: versions keep them in clear. For validating a
 * change before it is made; `shelves` then shows the entries as they would be.
 */

export interface Target<H extends Stored> {
  /** As it was written, without the braces. */
  readonly written: string;
  readonly path: Path;
  /** What the path stands for now; `undefined`: nothing. */
  readonly found: H | undefined;
}

/** What an expression refers to when it is read at `readAt`. Throws `invalid` or `too-large` for one that names no path. */
export function targetsOf<H extends Stored>(
  references: readonly string[],
  readAt: Path,
  shelves: Shelves<H>,
): readonly Target<H>[] {
  return references.map((written) => {
    const path = resolveReference(parseReference(written), readAt);
    return { written, path, found: lookUp(path, shelves).found };
  });
}

/**
 * A cycle that reading `path` would run into, from its first entry back to the same; `undefined` if
 * there is none. References that name nothing lead nowhere.
 */
export function findCycle<H extends Stored>(path: Path, shelves: Shelves<H>): readonly Path[] | undefined {
  const open: { readonly path: Path; readonly targets: readonly Path[]; next: number }[] = [];
  const seen = new Set<Path>();
  const enter = (entered: Path) => {
    seen.add(entered);
    open.push({ path: entered, targets: followable(entered, shelves), next: 0 });
  };
  enter(path);
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const target = frame.targets[frame.next];
    frame.next += 1;
    if (target === undefined) {
      open.pop();
    } else if (!seen.has(target)) {
      enter(target);
    } else {
      const start = open.findIndex((one) => one.path === target);
      if (start !== -1) return [...open.slice(start).map((one) => one.path), target];
    }
  }
  return undefined;
}

function followable<H extends Stored>(path: Path, shelves: Shelves<H>): readonly Path[] {
  const found = lookUp(path, shelves).found;
  if (found === undefined || !isExpression(found)) return [];
  return found.current.references.flatMap((written) => {
    try {
      return [resolveReference(parseReference(written), path)];
    } catch {
      return [];
    }
  });
}
