import type { Kind } from './entry.ts';
import type { Diagnostic } from './errors.ts';

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

/** May this be done? What is left out is not known: then conditions on it let no `allow` apply and every `deny`. */
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
}

export interface PolicyRule {
  readonly effect: 'allow' | 'deny';
  readonly actions: readonly Action[];
  /** `*` is any one segment; a last `**` any number of segments, also none. */
  readonly pattern: readonly string[];
  readonly conditions: readonly Condition[];
  /** 1-based. */
  readonly line: number;
}
export type Condition =
  | { readonly on: 'kind'; readonly kind: Kind }
  | { readonly on: 'tag'; readonly tag: string }
  | { readonly on: 'address'; readonly ranges: readonly string[] }
  /** Minutes since midnight UTC, `to` exclusive; `from` > `to` goes over midnight. */
  | { readonly on: 'time'; readonly from: number; readonly to: number };

export type ParsedPolicy =
  | { readonly ok: true; readonly rules: readonly PolicyRule[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export interface NamedRules {
  readonly name: string;
  readonly rules: readonly PolicyRule[];
}

/** Reads the `plumb` grammar; every mistake is reported with its place. `subject` names the text in diagnostics. */
export function parsePolicy(text: string, subject?: string): ParsedPolicy {
  throw new Error(`to be written: ${text.length} ${subject}`);
}

/** Deny wins; the order of policies and rules does not matter except for which rule is named. */
export function compilePolicies(policies: readonly NamedRules[]): Decider {
  throw new Error(`to be written: ${policies.length}`);
}
