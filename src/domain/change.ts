import type { EntryMetadata, Form, Kind, SealedValue, ValueType } from './entry.ts';
import type { Path } from './path.ts';
import type { PrincipalName } from './principal.ts';
import type { TruthNoun, TruthNouns, WorkNoun, WorkNouns } from './records.ts';

/** What the fold does to the state: nothing here is decided again when it is replayed. */
export type TruthOp =
  | {
      readonly op: 'put';
      readonly path: Path;
      readonly version: number;
      readonly incarnation: number;
      readonly kind: Kind;
      readonly type: ValueType;
      readonly form: Form;
      readonly references: readonly string[];
      readonly value: SealedValue;
      /** Replaces the entry's metadata if present. */
      readonly metadata?: EntryMetadata;
    }
  | {
      readonly op: 'end';
      readonly path: Path;
      readonly version: number;
      readonly incarnation: number;
      readonly state: 'deleted' | 'unset';
      /** The path's last effective kind, so that delete-and-put cannot lower it. */
      readonly kind: Kind;
    }
  | { readonly op: 'describe'; readonly path: Path; readonly metadata: EntryMetadata }
  | { readonly op: 'destroy'; readonly path: Path; readonly versions: readonly number[] }
  | RecordOp<TruthNouns, TruthNoun>;

export type WorkOp = RecordOp<WorkNouns, WorkNoun>;

/** Sets or (with `null`) removes one whole record. */
export type RecordOp<Nouns, N extends keyof Nouns> = {
  [K in N]: { readonly op: 'record'; readonly noun: K; readonly name: string; readonly record: Nouns[K] | null };
}[N];

/** An atomic set of operations by one principal, with one reason: exactly one revision. */
export interface Change<Op> {
  /** Store-wide counter; 0 for changes of the work stream, which have none. */
  readonly revision: number;
  readonly author: PrincipalName;
  readonly reason: string;
  readonly requestId: string;
  /** Accessor of the token that was used; empty for the server itself. */
  readonly accessor: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly ops: readonly Op[];
}
export type TruthChange = Change<TruthOp>;

/** Limits of one change. */
export const changeLimits = { ops: 10_000, bytes: 16 * 1024 * 1024, value: 1024 * 1024 } as const;
