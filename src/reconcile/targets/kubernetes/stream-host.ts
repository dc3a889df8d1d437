import type { ApiObject, Selection } from './cluster.ts';
import type { WatchRequest } from './watches.ts';
import type { Clock, Random } from '#util/clock';

/** What a stream needs of its cluster. */
export interface StreamHost {
  readonly clock: Clock;
  readonly random: Random;
  watch(request: WatchRequest): Promise<void>;
  /** All that is there; as of when, if a watch can go on from there. */
  list(selection: Selection, signal: AbortSignal): Promise<Listed>;
  /** The same by the least right that gives it, for one who comes late. */
  get(selection: Selection, signal: AbortSignal): Promise<Listed>;
  /** Whether watches can start with what is there; found out by asking. */
  startsWithAll: boolean;
  /** Calls `listener` when the server answers again. */
  onRecovered(listener: () => void): () => void;
}

export interface Listed {
  readonly objects: readonly ApiObject[];
  readonly resourceVersion: string | undefined;
}
