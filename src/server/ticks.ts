import { executionAsyncResource } from 'node:async_hooks';

let kept: object | undefined;

/**
 * Keeps one object of `process.nextTick` for ever. V8 forgets the shape of objects of which none is left at a full
 * collection, and what makes them is slow from then on: a tick takes four times as long, and a request takes several.
 */
export function keepShapeOfTicks(): void {
  process.nextTick(() => (kept ??= executionAsyncResource()));
}
