import type { Kind } from './entry.ts';

/** The same word in CLI, URL, policy and code. */
export const actions = [
  'list',
  'read',
  'compare',
  'write',
  'delete',
  'destroy',
  'declassify',
  'approve',
  'use',
  'assume',
  'sync',
  'audit',
  'admin',
] as const;
export type Action = (typeof actions)[number];

/** May this be done? What is left out is not known: a condition on it keeps every `allow` from applying, and no `deny`. */
export interface Question {
  readonly action: Action;
  /** Of an entry, or of what `nounPaths` names. */
  readonly path: string;
  readonly kind?: Kind | undefined;
  readonly tags?: readonly string[] | undefined;
  /** IP address, or `unix`. */
  readonly address?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly time?: number | undefined;
  /** What is left out counts for being allowed, not against it: asks what could be allowed at all. Default false. */
  readonly isGenerous?: boolean | undefined;
}

export interface Decision {
  readonly allow: boolean;
  /** What decided; absent when nothing allows it. */
  readonly rule?: RulePlace;
}
export interface RulePlace {
  readonly policy: string;
  /** 1-based. */
  readonly line: number;
}

/** Compiled policies of one principal, whatever grammar they were written in. Nothing is allowed by default. */
export interface Decider {
  decide(question: Question): Decision;
  /** Whether anything below the folder could be allowed; may say yes for nothing, never no for something. */
  mayBelow(action: Action, folder: string): boolean;
  /** Whether the time of day alone may change a decision. */
  readonly isTimed: boolean;
}
