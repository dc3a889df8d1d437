/**
 * What runs with the names of a place and does not see a change by itself. Written and activated are two states:
 * what was written stays, and activating is tried until it holds.
 */

/** Something that reads names of the place. */
export interface Consumer {
  /** e.g. `Deployment/app`, with the namespace before it where a place has several. */
  readonly id: string;
  /** Those of the names asked about that it reads. */
  readonly names: readonly string[];
}

export type Progress =
  /** It runs with what it was restarted for. */
  | { readonly state: 'done' }
  /** It is being replaced, or waits for its turn. */
  | { readonly state: 'waiting'; readonly message: string }
  /** It gave up: `ProgressDeadlineExceeded`. */
  | { readonly state: 'failed'; readonly message: string }
  /** It does not carry the mark, or not any more: somebody put it back. Restarting it again is safe. */
  | { readonly state: 'undone'; readonly message: string }
  /** There is no such consumer any more. */
  | { readonly state: 'gone' };

export interface Activator {
  /** It runs also where nothing stands yet: what is made for the first time is news to it. Default: what needs an object waits for it. */
  readonly heedsNew?: true;
  /** The place's watch tells when a restart has come further: nobody need look meanwhile. */
  readonly tellsProgress?: true;
  /** Who reads any of these names, by id. Throws `forbidden` naming verb and resource. */
  consumers(names: ReadonlySet<string>, signal: AbortSignal): Promise<readonly Consumer[]>;
  /**
   * Starts it anew, marked with what it reads: a hash. One that carries the mark already stays as it is. `false`: the budget
   * of restarts is used up for now.
   */
  restart(consumer: string, mark: string, signal: AbortSignal): Promise<boolean>;
  /** How far the restart for that mark is. */
  progress(consumer: string, mark: string, signal: AbortSignal): Promise<Progress>;
}
