/** What load and yardsticks agree on: the entries, and a value that anybody can compute from its number. */
import { createHash } from 'node:crypto';

export const folder = 'bench/load';

export function nameOf(index: number): string {
  return `SECRET_${String(index).padStart(6, '0')}`;
}

/** 100 characters. */
export function valueOf(index: number): string {
  const digest = createHash('sha512').update(`value ${index}`).digest('hex');
  return digest.slice(0, 100);
}
