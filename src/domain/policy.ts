/**
 * The `plumb` grammar of policies: one rule a line, `#` begins a comment.
 *
 *     allow list, read on changelog/production/**
 *     deny read on changelog/production/DB_PASS
 *     allow write on changelog/development/* if kind = config and address in 10.0.0.0/8, unix
 *     allow read on ** if tag = public and time in 08:00-18:00 UTC
 *     allow * on **
 *
 * A pattern is a path; a segment `*` is any one segment, a last `**` any number of them, also none.
 * A pattern with spaces stands in double quotes, where `\"` and `\\` are escapes. Deny wins.
 */
import type { Action } from './decision.ts';
import { actions } from './decision.ts';
import type { Kind } from './entry.ts';
import type { Diagnostic } from './errors.ts';
import { PlumbError } from './errors.ts';
import { parseRange } from './network.ts';
import { parseAnyPath, segmentsOf } from './path.ts';
import { PolicyLine, SyntaxFault } from './policy-line.ts';

export interface PolicyRule {
  readonly effect: 'allow' | 'deny';
  readonly actions: readonly Action[];
  readonly pattern: readonly string[];
  /** All have to hold. */
  readonly conditions: readonly Condition[];
  /** 1-based. */
  readonly line: number;
}
export type Condition =
  | { readonly on: 'kind'; readonly kind: Kind }
  | { readonly on: 'tag'; readonly tag: string }
  /** CIDR ranges, addresses, or `unix`; one has to hold. */
  | { readonly on: 'address'; readonly ranges: readonly string[] }
  /** Minutes since midnight UTC, `to` exclusive; `from` > `to` goes over midnight. */
  | { readonly on: 'time'; readonly from: number; readonly to: number };

export type ParsedPolicy =
  | { readonly ok: true; readonly rules: readonly PolicyRule[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export const policyLimits = { characters: 64 * 1024, rules: 1000, diagnostics: 100 } as const;

/** The policy that may do everything; created with the first administrator. */
export const adminPolicyText = 'allow * on **\n';

/** Finds every mistake, with its place. `subject` names the text in diagnostics. */
export function parsePolicy(text: string, subject?: string): ParsedPolicy {
  const named = subject === undefined ? {} : { subject };
  if (text.length > policyLimits.characters) {
    return failed([{ message: `a policy has at most ${policyLimits.characters} characters`, ...named }]);
  }
  const rules: PolicyRule[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const [index, source] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    try {
      const rule = parseRule(new PolicyLine(source), line);
      if (rule !== undefined) rules.push(rule);
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      diagnostics.push({ message: error.message, ...named, line, column: error.column });
    }
  }
  if (rules.length > policyLimits.rules) {
    diagnostics.push({
      message: `a policy has at most ${policyLimits.rules} rules, this one has ${rules.length}`,
      ...named,
    });
  }
  return diagnostics.length > 0 ? failed(diagnostics) : { ok: true, rules };
}

function failed(diagnostics: readonly Diagnostic[]): ParsedPolicy {
  return { ok: false, diagnostics: diagnostics.slice(0, policyLimits.diagnostics) };
}

function parseRule(source: PolicyLine, line: number): PolicyRule | undefined {
  if (source.atEnd()) return undefined;
  const effect = source.word('allow or deny');
  if (effect !== 'allow' && effect !== 'deny') throw source.fault('expected allow or deny');
  const named = parseActions(source);
  source.keyword('on');
  const pattern = parsePattern(source);
  const conditions: Condition[] = [];
  if (!source.atEnd()) {
    source.keyword('if');
    conditions.push(parseCondition(source));
    while (!source.atEnd()) {
      source.keyword('and');
      conditions.push(parseCondition(source));
    }
  }
  return { effect, actions: named, pattern, conditions, line };
}

function parseActions(source: PolicyLine): readonly Action[] {
  const named = source.list(() => {
    const word = source.word('an action');
    if (word === '*') return [...actions];
    const action = actions.find((known) => known === word);
    if (action === undefined) throw source.fault(`there is no such action, expected * or one of ${actions.join(', ')}`);
    return [action];
  });
  return [...new Set(named.flat())];
}

function parsePattern(source: PolicyLine): readonly string[] {
  const text = source.text('a path pattern');
  try {
    parseAnyPath(text);
  } catch (error) {
    throw source.fault(error instanceof PlumbError ? error.message : 'expected a path pattern');
  }
  const pattern = segmentsOf(text);
  for (const [index, segment] of pattern.entries()) {
    if (!segment.includes('*') || segment === '*') continue;
    if (segment !== '**') throw source.fault('* stands for a whole segment, not for a part of one');
    if (index !== pattern.length - 1) throw source.fault('** stands only at the end of a pattern; * is one segment');
  }
  return pattern;
}

function parseCondition(source: PolicyLine): Condition {
  const subject = source.word('kind, tag, address or time');
  const parse = conditionParsers.get(subject);
  if (parse === undefined) throw source.fault('expected a condition on kind, tag, address or time');
  return parse(source);
}

const conditionParsers: ReadonlyMap<string, (source: PolicyLine) => Condition> = new Map([
  ['kind', parseKind],
  ['tag', parseTag],
  ['address', parseAddress],
  ['time', parseTime],
]);

function parseKind(source: PolicyLine): Condition {
  source.keyword('=');
  const kind = source.word('secret or config');
  if (kind !== 'secret' && kind !== 'config') throw source.fault('expected secret or config');
  return { on: 'kind', kind };
}

function parseTag(source: PolicyLine): Condition {
  source.keyword('=');
  return { on: 'tag', tag: source.text('a tag') };
}

function parseAddress(source: PolicyLine): Condition {
  source.keyword('in');
  const ranges = source.list(() => {
    const range = source.word('a range of addresses');
    if (range !== 'unix' && parseRange(range) === undefined) {
      throw source.fault(
        'expected an IPv4 or IPv6 address, a range such as 10.0.0.0/8 whose bits beyond the prefix are 0, or unix',
      );
    }
    return range;
  });
  return { on: 'address', ranges };
}

function parseTime(source: PolicyLine): Condition {
  source.keyword('in');
  const window = /^([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})$/.exec(source.word('a time such as 08:00-18:00'));
  const [fromHour, fromMinute, toHour, toMinute] = (window ?? []).slice(1).map(Number);
  const from = minutes(fromHour, fromMinute);
  const to = minutes(toHour, toMinute);
  if (from === undefined || to === undefined || from === to || from === dayMinutes) {
    throw source.fault('expected two different times such as 08:00-18:00, from 00:00 to 24:00');
  }
  source.keyword('UTC');
  return { on: 'time', from, to };
}

const dayMinutes = 24 * 60;

function minutes(hour: number | undefined, minute: number | undefined): number | undefined {
  if (hour === undefined || minute === undefined || minute > 59) return undefined;
  const total = hour * 60 + minute;
  return total > dayMinutes ? undefined : total;
}
