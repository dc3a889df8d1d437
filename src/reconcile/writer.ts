import type { Writer } from './target.ts';

/** `kubectl-edit, 2026-11-22T14:03:07.000Z`. */
export function describeWriter({ name, at }: Writer): string {
  return at === undefined ? name : `${name}, ${new Date(at).toISOString()}`;
}
