import type { Life } from './life.ts';
import type { MemoryTarget } from './target.ts';
import type { Activator } from '#reconcile/activator';
import type { Place, Reading, Target, WriteRequest } from '#reconcile/target';

/** The target as one process meets it: slow, unreliable, and out of reach once the process is dead. */
export function mortalTarget(inner: MemoryTarget, life: Life): Target {
  return {
    type: inner.type,
    check: (at, options) => inner.check(at, options),
    identity: (at, options) => inner.identity(at, options),
    open: (request) => life.outside(async () => mortalPlace(await inner.open(request), life)),
    close: () => inner.close(),
  };
}

function mortalPlace(place: Place, life: Life): Place {
  const { activator } = place;
  const { bug } = life.world;
  const seen = (reading: Reading): Reading =>
    bug === 'writing a blocked object' ? { ...reading, obstacles: [] } : reading;
  return {
    groupOf: (name) => place.groupOf(name),
    read: (request, signal) => life.outside(async () => seen(await place.read(request, signal))),
    mark: (signal) => life.outside(() => place.mark(signal)),
    write: (request: WriteRequest, signal) => life.outside(() => place.write(request, signal)),
    watch: (changed) => place.watch?.(() => (life.over ? undefined : changed())) ?? (() => undefined),
    close: () => place.close(),
    ...(activator === undefined ? {} : { activator: mortalActivator(activator, life) }),
  };
}

function mortalActivator(inner: Activator, life: Life): Activator {
  const activator: Activator = {
    consumers: (names, signal) => life.outside(() => inner.consumers(names, signal)),
    restart: (consumer, mark, signal) =>
      life.outside(() => life.unreliable(() => inner.restart(consumer, mark, signal))),
    progress: (consumer, mark, signal) => life.outside(() => inner.progress(consumer, mark, signal)),
  };
  return life.world.bug === 'dropping a restart that failed' ? dropping(activator) : activator;
}

/** The planted bug: what failed to be started anew is believed to run. */
function dropping(activator: Activator): Activator {
  const dropped = new Set<string>();
  return {
    consumers: activator.consumers,
    restart: async (consumer, mark, signal) => {
      try {
        return await activator.restart(consumer, mark, signal);
      } catch {
        dropped.add(mark);
        return true;
      }
    },
    progress: async (consumer, mark, signal) => {
      const progress = await activator.progress(consumer, mark, signal);
      return dropped.has(mark) || progress.state === 'failed' ? { state: 'done' } : progress;
    },
  };
}
