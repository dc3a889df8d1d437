import { randomBytes } from 'node:crypto';

/**
 * Ids of values: `v-`, 11 random characters of this process, 8 that count. Never used twice, and in
 * byte order within a process, so that an engine's index is appended to instead of being split all over.
 */
export class ValueIds {
  readonly #prefix = `v-${randomBytes(8).toString('base64url')}`;
  #count = 0;

  next(): string {
    return this.#prefix + (this.#count++).toString(36).padStart(8, '0');
  }
}
