import type { Activator, Progress } from './activator.ts';
import type { Places } from './places.ts';
import type { DueRestarts } from './restarts.ts';
import type { Activation, InventoryRecord, RestartItem } from '#domain/records';

export interface ActivationRequest extends DueRestarts {
  readonly places: Places;
  readonly activator: Activator;
  readonly signal: AbortSignal;
}

/** What became of the restarts that were due. */
export interface Activated {
  readonly restarts: InventoryRecord['restarts'] | undefined;
  readonly activation: Omit<Activation, 'since'>;
  /** Something is still on its way. */
  readonly isPending: boolean;
  /** The restarts that failed in this run, and not before. */
  readonly failed: readonly RestartItem[];
  /** How many were started in this run. */
  readonly started: number;
}

/** Starts anew what is due and looks how far it is. One that fails is looked at again, and never dropped. */
export async function activate(request: ActivationRequest): Promise<Activated> {
  const due = Object.entries(request.due);
  const outcomes = await Promise.all(due.map(([consumer, item]) => advance(request, consumer, item)));
  const left = outcomes.filter(({ item }) => item !== undefined);
  const failed = outcomes.flatMap(({ item, before }) =>
    item?.state === 'failed' && before.state !== 'failed' ? item : [],
  );
  return {
    restarts:
      left.length === 0
        ? undefined
        : Object.fromEntries(left.map(({ consumer, item }) => [consumer, item as RestartItem])),
    activation: describe(outcomes),
    isPending: left.some(({ consumer, item }) => item?.state !== 'failed' && !request.unwritten.has(consumer)),
    failed,
    started: outcomes.filter(({ started }) => started).length,
  };
}

/** What is said of restarts that are due and were not tried yet. */
export function dueActivation(consumers: readonly string[]): Omit<Activation, 'since'> {
  return { state: 'pending', message: `to be restarted: ${listed(consumers)}` };
}

interface Advanced {
  readonly consumer: string;
  readonly before: RestartItem;
  /** `undefined`: it runs, or is gone. */
  readonly item: RestartItem | undefined;
  readonly message: string;
  readonly started: boolean;
}

async function advance(request: ActivationRequest, consumer: string, before: RestartItem): Promise<Advanced> {
  const { places, activator, signal } = request;
  if (request.unwritten.has(consumer)) {
    return { consumer, before, item: before, message: 'waits until what it reads is written', started: false };
  }
  const ask = <T>(call: (limit: AbortSignal) => Promise<T>): Promise<T> => places.ask(signal, call);
  const started = before.state === 'pending' && (await ask((limit) => activator.restart(consumer, before.mark, limit)));
  if (before.state === 'pending' && !started) {
    return { consumer, before, item: before, message: 'waits: the budget of restarts is used up', started };
  }
  const progress = await ask((limit) => activator.progress(consumer, before.mark, limit));
  return { consumer, before, ...advanced(before, progress), started };
}

function advanced(before: RestartItem, progress: Progress): Pick<Advanced, 'item' | 'message'> {
  if (progress.state === 'done' || progress.state === 'gone') return { item: undefined, message: progress.state };
  const { message } = progress;
  const { message: _, ...rest } = before;
  // Somebody took the mark away: what failed once is not tried again because of that.
  if (progress.state === 'undone')
    return { item: before.state === 'failed' ? before : { ...rest, state: 'pending' }, message };
  if (progress.state === 'failed') return { item: { ...rest, state: 'failed', message }, message };
  return { item: { ...rest, state: 'rolling' }, message };
}

/** Stable from one look to the next as long as nothing moves on. */
function describe(outcomes: readonly Advanced[]): Omit<Activation, 'since'> {
  const failed = outcomes.filter(({ item }) => item?.state === 'failed');
  const waiting = outcomes.filter(({ item }) => item !== undefined && item.state !== 'failed');
  const shown = failed.length > 0 ? failed : waiting;
  if (shown.length === 0) {
    const names = outcomes.map(({ consumer }) => consumer);
    return { state: 'done', message: `restarted: ${listed(names)}` };
  }
  const message = listed(shown.map((one) => `${one.consumer}: ${one.message}`));
  return { state: failed.length > 0 ? 'failed' : 'pending', message };
}

function listed(texts: readonly string[]): string {
  const shown = texts.slice(0, 5).join('; ');
  return texts.length > 5 ? `${shown}; and ${texts.length - 5} more` : shown;
}
