/** What every noun that is a plain record has. Part of `services.ts`, where the rules for all stand. */
import type { Caller } from './caller.ts';

/** The same four verbs for every noun that is a plain record. */
export interface Nouns<R, Input> {
  get(caller: Caller, name: string): Promise<Named<R>>;
  /** Only what the caller may list; by name. */
  list(caller: Caller): Promise<readonly Named<R>[]>;
  /** Creates or replaces. With `expectAbsent`, throws `exists` if it is there. */
  put(
    caller: Caller,
    name: string,
    input: Input,
    options: NounPutOptions,
  ): Promise<Named<R> & { readonly revision: number }>;
  delete(caller: Caller, name: string, options: NounDeleteOptions): Promise<{ readonly revision: number }>;
}
export type Named<R> = { readonly name: string } & R;
export interface NounDeleteOptions {
  readonly reason?: string;
  /** Asked of what is there, in the state that the change is made upon. `mismatch` unless it is so, or when nothing is there. */
  readonly expect?: (present: object) => boolean;
}
export interface NounPutOptions extends NounDeleteOptions {
  readonly expectAbsent?: boolean;
}
