import type { Action, Decider, Decision, Question } from './decision.ts';
import { actions } from './decision.ts';
import type { AddressGroups, AddressRange } from './network.ts';
import { isInRange, parseAddress, parseRange } from './network.ts';
import type { Condition, PolicyRule } from './policy.ts';

/** The rules of one policy. */
export interface NamedRules {
  readonly name: string;
  readonly rules: readonly PolicyRule[];
}

/**
 * Compiles the policies of one principal into a trie over path segments. Deny wins; which rule an
 * allow names is the first that was met on the way, shorter patterns first.
 */
export function compilePolicies(policies: readonly NamedRules[]): Decider {
  const root = newNode();
  for (const policy of policies) {
    for (const rule of policy.rules) insert(root, rule, compileRule(policy.name, rule));
  }
  const isTimed = policies.some(({ rules }) => rules.some((rule) => rule.conditions.some(({ on }) => on === 'time')));
  return new TrieDecider(root, isTimed);
}

interface CompiledRule {
  readonly isDeny: boolean;
  /** Bit per action. */
  readonly actions: number;
  /** The one object that every decision of this rule is. */
  readonly decision: Decision;
  readonly tests: readonly Test[];
}

/** True, false, or `undefined` when the question does not say. */
type Test = (question: Question) => boolean | undefined;

interface TrieNode {
  children: Map<string, TrieNode> | undefined;
  /** Where `*` leads. */
  any: TrieNode | undefined;
  /** Rules whose pattern ends here. */
  readonly exact: CompiledRule[];
  /** Rules whose pattern goes on with `**`. */
  readonly deep: CompiledRule[];
  /** Actions that some rule here or below allows, or denies. */
  allows: number;
  denies: number;
}

function newNode(): TrieNode {
  return { children: undefined, any: undefined, exact: [], deep: [], allows: 0, denies: 0 };
}

const bitOf = new Map<Action, number>(actions.map((action, index) => [action, 1 << index]));

function compileRule(policy: string, rule: PolicyRule): CompiledRule {
  const isDeny = rule.effect === 'deny';
  let mask = 0;
  for (const action of rule.actions) mask |= bitOf.get(action) ?? 0;
  const decision = { allow: !isDeny, rule: { policy, line: rule.line } };
  return { isDeny, actions: mask, decision, tests: rule.conditions.map(compileCondition) };
}

function insert(root: TrieNode, rule: PolicyRule, compiled: CompiledRule): void {
  let node = root;
  note(node, compiled);
  for (const segment of rule.pattern) {
    if (segment === '**') {
      node.deep.push(compiled);
      return;
    }
    node = segment === '*' ? (node.any ??= newNode()) : childOf(node, segment);
    note(node, compiled);
  }
  node.exact.push(compiled);
}

function childOf(node: TrieNode, segment: string): TrieNode {
  node.children ??= new Map();
  let child = node.children.get(segment);
  if (child === undefined) {
    child = newNode();
    node.children.set(segment, child);
  }
  return child;
}

function note(node: TrieNode, rule: CompiledRule): void {
  if (rule.isDeny) node.denies |= rule.actions;
  else node.allows |= rule.actions;
}

const nothing: Decision = { allow: false };

class TrieDecider implements Decider {
  readonly #root: TrieNode;
  readonly isTimed: boolean;

  constructor(root: TrieNode, isTimed: boolean) {
    this.#root = root;
    this.isTimed = isTimed;
  }

  decide(question: Question): Decision {
    const bit = bitOf.get(question.action) ?? 0;
    if ((this.#root.allows & bit) === 0 && (this.#root.denies & bit) === 0) return nothing;
    return walk(this.#root, question, { bit, at: 0, found: nothing });
  }

  mayBelow(action: Action, folder: string): boolean {
    const bit = bitOf.get(action) ?? 0;
    return reach(this.#root, { bit, folder, at: 0 }) === 'allowed';
  }
}

interface Step {
  readonly bit: number;
  /** Where the next segment begins; beyond the end of the path when there is none. */
  readonly at: number;
  /** The decision so far: nothing, or an allow. A deny ends the walk. */
  readonly found: Decision;
}

/** Depth is bounded by the pattern with the most segments, breadth by the number of patterns. */
function walk(node: TrieNode, question: Question, step: Step): Decision {
  const { bit, at } = step;
  let found = node.deep.length === 0 ? step.found : apply(node.deep, question, step);
  if (isDenied(found)) return found;
  if (at > question.path.length) return apply(node.exact, question, { bit, at, found });
  const slash = question.path.indexOf('/', at);
  const end = slash === -1 ? question.path.length : slash;
  const child = node.children?.get(question.path.slice(at, end));
  if (child !== undefined && isWorth(child, bit, found)) found = walk(child, question, { bit, at: end + 1, found });
  if (isDenied(found) || node.any === undefined || !isWorth(node.any, bit, found)) return found;
  return walk(node.any, question, { bit, at: end + 1, found });
}

/** Below a node without a deny nothing can change an allow. */
function isWorth(node: TrieNode, bit: number, found: Decision): boolean {
  return ((found.allow ? node.denies : node.denies | node.allows) & bit) !== 0;
}

function isDenied(decision: Decision): boolean {
  return !decision.allow && decision.rule !== undefined;
}

function apply(rules: readonly CompiledRule[], question: Question, step: Step): Decision {
  let found = step.found;
  for (const rule of rules) {
    if ((rule.actions & step.bit) === 0 || (!rule.isDeny && found.allow)) continue;
    if (!rule.tests.every((test) => test(question) ?? rule.isDeny !== (question.isGenerous ?? false))) continue;
    if (rule.isDeny) return rule.decision;
    found = rule.decision;
  }
  return found;
}

interface Reach {
  readonly bit: number;
  readonly folder: string;
  readonly at: number;
}

/** `denied`: an unconditional deny covers the folder and all below it. */
function reach(node: TrieNode, step: Reach): 'allowed' | 'denied' | 'nothing' {
  const { bit, folder, at } = step;
  if (node.deep.some((rule) => rule.isDeny && rule.tests.length === 0 && (rule.actions & bit) !== 0)) return 'denied';
  if (folder === '' || at > folder.length) return (node.allows & bit) === 0 ? 'nothing' : 'allowed';
  const slash = folder.indexOf('/', at);
  const end = slash === -1 ? folder.length : slash;
  const child = node.children?.get(folder.slice(at, end));
  const next = { bit, folder, at: end + 1 };
  const reached = new Set([child, node.any].map((below) => (below === undefined ? 'nothing' : reach(below, next))));
  if (reached.has('denied')) return 'denied';
  const isCovered = node.deep.some((rule) => !rule.isDeny && (rule.actions & bit) !== 0);
  return isCovered || reached.has('allowed') ? 'allowed' : 'nothing';
}

function compileCondition(condition: Condition): Test {
  switch (condition.on) {
    case 'kind':
      return (question) => (question.kind === undefined ? undefined : question.kind === condition.kind);
    case 'tag':
      return (question) => question.tags?.includes(condition.tag);
    case 'address':
      return compileAddress(condition.ranges);
    case 'time':
      return compileTime(condition.from, condition.to);
  }
}

function compileAddress(texts: readonly string[]): Test {
  const ranges = texts.map(parseRange).filter((range): range is AddressRange => range !== undefined);
  const isUnixIn = texts.includes('unix');
  // One client asks many questions: what its address came to is remembered.
  let last: string | undefined;
  let groups: AddressGroups | undefined;
  return ({ address }) => {
    if (address === undefined) return undefined;
    if (address === 'unix') return isUnixIn;
    if (address !== last) {
      groups = parseAddress(address);
      last = address;
    }
    const parsed = groups;
    return parsed === undefined ? undefined : ranges.some((range) => isInRange(parsed, range));
  };
}

function compileTime(from: number, to: number): Test {
  return ({ time }) => {
    if (time === undefined) return undefined;
    const minute = Math.floor(time / 60_000) % 1440;
    return from < to ? minute >= from && minute < to : minute >= from || minute < to;
  };
}
