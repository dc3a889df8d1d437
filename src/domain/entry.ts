import type { PrincipalName } from './principal.ts';
import type { Path } from './path.ts';

/** `secret` is the default everywhere. */
export type Kind = 'secret' | 'config';
export const valueTypes = ['string', 'integer', 'number', 'boolean', 'url', 'json', 'pem', 'bytes'] as const;
export type ValueType = (typeof valueTypes)[number];
/** `literal` is the default everywhere; `bytes` and `pem` are always literal. */
export type Form = 'literal' | 'expression';

/** Where the encrypted bytes of a value are, and how to check them. */
export interface ValueAddress {
  /** The id of the blob that holds the bytes. */
  readonly id: string;
  /** SHA-256 of the bytes, base64url: what the chain covers. */
  readonly digest: string;
}

/** The encrypted bytes of one value. `id` and kind are bound to them as associated data. */
export interface SealedValue extends ValueAddress {
  readonly bytes: Uint8Array;
}

/**
 * One version of an entry. `present` carries a value; `deleted` ends it (an inherited one shows
 * again); `unset` hides an inherited one.
 */
export interface Version {
  /** 1…n within the incarnation; not reused after a delete. */
  readonly version: number;
  /** 1 for the first life of a path; a purge ends one. */
  readonly incarnation: number;
  readonly state: 'present' | 'deleted' | 'unset';
  readonly kind: Kind;
  readonly type: ValueType;
  readonly form: Form;
  readonly reason: string;
  readonly author: PrincipalName;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly revision: number;
  /** References of an expression as they were written, in clear, in order, each once. */
  readonly references: readonly string[];
  /** Absent for `deleted`, `unset`, and after a destroy (then `destroyed` is true). */
  readonly value?: SealedValue;
  readonly destroyed?: true;
}

/** A version that need not be the newest: its bytes stay in the store until they are asked for. */
export type PastVersion = Omit<Version, 'value'> & { readonly value?: ValueAddress };

/** What belongs to the entry, not to a version; changes with a revision of its own. */
export interface EntryMetadata {
  readonly owner?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Milliseconds since the epoch; only informs. */
  readonly expires?: number;
}

/** The newest version of an entry and its metadata. */
export interface Head {
  readonly path: Path;
  readonly current: Version;
  readonly metadata: EntryMetadata;
  /** The revision that last touched the version or the metadata. */
  readonly revision: number;
}
