import type { Life } from './life.ts';
import type { MemoryTarget } from './target.ts';
import type { Place, Target, WriteRequest } from '#reconcile/target';

/** The target as one process meets it: slow, unreliable, and out of reach once the process is dead. */
export function mortalTarget(inner: MemoryTarget, life: Life): Target {
  return {
    type: inner.type,
    check: (at, options) => inner.check(at, options),
    identity: (at) => inner.identity(at),
    open: (request) => life.outside(async () => mortalPlace(await inner.open(request), life)),
    close: () => inner.close(),
  };
}

function mortalPlace(place: Place, life: Life): Place {
  return {
    groupOf: (name) => place.groupOf(name),
    read: (request, signal) => life.outside(() => place.read(request, signal)),
    mark: (signal) => life.outside(() => place.mark(signal)),
    write: (request: WriteRequest, signal) => life.outside(() => place.write(request, signal)),
    watch: (changed) => place.watch?.(() => (life.over ? undefined : changed())) ?? (() => undefined),
    close: () => place.close(),
  };
}
