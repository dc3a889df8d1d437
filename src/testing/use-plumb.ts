import { afterEach, beforeEach, expect } from 'vitest';
import { newPlumb } from './plumb.ts';
import type { Plumb, PlumbOptions } from './plumb.ts';

/** A server of its own for each test, of which it is checked afterwards that its state is the fold of its log. */
export function usePlumb(options: () => PlumbOptions = () => ({})): () => Plumb {
  let plumb: Plumb | undefined;
  beforeEach(async () => {
    plumb = await newPlumb(options());
  });
  afterEach(async () => {
    const { folded, now } = await ended(plumb);
    expect(folded).toEqual(now);
  });
  return () => {
    if (plumb === undefined) throw new Error('only inside a test');
    return plumb;
  };
}

async function ended(plumb: Plumb | undefined): Promise<{ readonly folded: unknown; readonly now: unknown }> {
  const now = plumb?.dump();
  const folded = await plumb?.folded();
  await plumb?.close();
  return { folded, now };
}

/** The error that a promise is rejected with: its code and message, in one line. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return `${String(error.code)}: ${error.message}`;
    throw error;
  }
  return 'nothing was refused';
}
