/** Reading what an API server sent: it says what it likes, so every step is checked and what does not fit is not there. */
import { isMapping } from '#util/mapping';

/** What stands under a path of field names. */
export function at(value: unknown, ...names: readonly string[]): unknown {
  let found: unknown = value;
  for (const name of names) found = isMapping(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  return found;
}

export function textAt(value: unknown, ...names: readonly string[]): string | undefined {
  const found = at(value, ...names);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** 0 where there is none, as the API leaves zeros out. */
export function countAt(value: unknown, ...names: readonly string[]): number {
  const found = at(value, ...names);
  return typeof found === 'number' ? found : 0;
}

export function listAt(value: unknown, ...names: readonly string[]): readonly unknown[] {
  const found = at(value, ...names);
  return Array.isArray(found) ? found : [];
}
