import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NamedRules } from './decider.ts';
import { compilePolicies } from './decider.ts';
import type { Action, Question } from './decision.ts';
import { parsePolicy } from './policy.ts';

function named(name: string, text: string): NamedRules {
  const parsed = parsePolicy(text);
  return { name, rules: parsed.ok ? parsed.rules : [] };
}

/** `allow` or `deny`, and the line that decided. */
function decided(text: string, question: Question): string {
  const { allow, rule } = compilePolicies([named('p', text)]).decide(question);
  return `${allow ? 'allow' : 'deny'}${rule === undefined ? '' : ` by ${rule.line}`}`;
}

const example = `allow list, read on changelog/production/**
allow compare on changelog/**
deny read on changelog/production/DB_PASS
allow write on changelog/*/app/*
allow read on *
deny delete on **
allow * on home/**`;

test.each<[Action, string, string]>([
  ['read', 'changelog/production/DB_HOST', 'allow by 1'],
  ['list', 'changelog/production', 'allow by 1'],
  ['read', 'changelog/production/DB_PASS', 'deny by 3'],
  ['list', 'changelog/production/DB_PASS', 'allow by 1'],
  ['read', 'changelog/production/DB_PASS/below', 'allow by 1'],
  ['read', 'changelog/productions/DB_HOST', 'deny'],
  ['compare', 'changelog', 'allow by 2'],
  ['write', 'changelog/test/app/X', 'allow by 4'],
  ['write', 'changelog/test/app', 'deny'],
  ['write', 'changelog/test/app/X/Y', 'deny'],
  ['read', 'anything', 'allow by 5'],
  ['read', 'any/thing', 'deny'],
  ['delete', 'home/x', 'deny by 6'],
  ['admin', 'home/x', 'allow by 7'],
  ['admin', 'sys/policies/p', 'deny'],
])('%s %s: %s', (action, path, expected) => {
  expect(decided(example, { action, path })).toBe(expected);
});

const noon = Date.UTC(2026, 0, 1, 12);
test.each<[string, Partial<Question>, string]>([
  ['allow read on x if kind = config', { kind: 'config' }, 'allow by 1'],
  ['allow read on x if kind = config', { kind: 'secret' }, 'deny'],
  ['allow read on x if kind = config', {}, 'deny'],
  ['allow read on **\ndeny read on x if kind = secret', {}, 'deny by 2'],
  ['allow read on **\ndeny read on x if kind = secret', { kind: 'config' }, 'allow by 1'],
  ['allow read on x if tag = public', { tags: ['a', 'public'] }, 'allow by 1'],
  ['allow read on x if tag = public', { tags: [] }, 'deny'],
  ['allow read on x if address in 10.0.0.0/8, fd00::/8', { address: '10.255.0.1' }, 'allow by 1'],
  ['allow read on x if address in 10.0.0.0/8, fd00::/8', { address: '::ffff:10.0.0.1' }, 'allow by 1'],
  ['allow read on x if address in 10.0.0.0/8, fd00::/8', { address: 'fd12::1%eth0' }, 'allow by 1'],
  ['allow read on x if address in 10.0.0.0/8, fd00::/8', { address: '11.0.0.1' }, 'deny'],
  ['allow read on x if address in 10.0.0.0/8, fd00::/8', { address: 'unix' }, 'deny'],
  ['allow read on x if address in unix', { address: 'unix' }, 'allow by 1'],
  ['allow read on x if address in 0.0.0.0/0', { address: 'nonsense' }, 'deny'],
  ['allow read on **\ndeny read on x if address in 10.0.0.0/8', { address: 'nonsense' }, 'deny by 2'],
  ['allow read on x if time in 08:00-12:00 UTC', { time: noon - 1 }, 'allow by 1'],
  ['allow read on x if time in 08:00-12:00 UTC', { time: noon }, 'deny'],
  ['allow read on x if time in 12:00-24:00 UTC', { time: noon }, 'allow by 1'],
  ['allow read on x if time in 22:00-12:01 UTC', { time: noon }, 'allow by 1'],
  ['allow read on x if time in 22:00-12:00 UTC', { time: noon }, 'deny'],
  ['allow read on x if time in 22:00-12:00 UTC', { time: noon + 10 * 3_600_000 }, 'allow by 1'],
  ['allow read on x if time in 12:00-13:00 UTC', {}, 'deny'],
  ['allow read on x if kind = config and tag = a', { kind: 'config', tags: [] }, 'deny'],
  ['allow read on x if kind = config and tag = a', { kind: 'config', tags: ['a'] }, 'allow by 1'],
])('%s with %j: %s', (text, facts, expected) => {
  expect(decided(text, { action: 'read', path: 'x', ...facts })).toBe(expected);
});

test('policies add up, a deny in one beats an allow in another', () => {
  const decider = compilePolicies([named('a', 'allow read on x/**'), named('b', '# one\ndeny read on x/y')]);
  expect(decider.decide({ action: 'read', path: 'x/z' })).toEqual({ allow: true, rule: { policy: 'a', line: 1 } });
  expect(decider.decide({ action: 'read', path: 'x/y' })).toEqual({ allow: false, rule: { policy: 'b', line: 2 } });
  expect(compilePolicies([]).decide({ action: 'read', path: 'x' })).toEqual({ allow: false });
});

test.each([
  ['allow list on a/b/c', '', true],
  ['allow list on a/b/c', 'a', true],
  ['allow list on a/b/c', 'a/b', true],
  ['allow list on a/b/c', 'a/x', false],
  ['allow list on */b', 'x', true],
  ['allow list on a/**', 'a/b/c/d', true],
  ['allow list on **\ndeny list on a/**', 'a/b', false],
  ['allow list on **\ndeny list on a/**', 'b', true],
  ['allow list on **\ndeny list on a/** if kind = secret', 'a/b', true],
  ['allow read on **', 'a', false],
])('%s: something below %j may be listed: %s', (text, folder, expected) => {
  expect(compilePolicies([named('p', text)]).mayBelow('list', folder)).toBe(expected);
});

test('agrees with rules applied one by one', () => {
  const segment = fc.constantFrom('a', 'b', 'c');
  const pattern = fc
    .tuple(fc.array(fc.oneof(segment, fc.constant('*')), { maxLength: 3 }), fc.boolean())
    .map(([segments, isDeep]) => (isDeep || segments.length === 0 ? [...segments, '**'] : segments));
  const rule = fc.tuple(fc.constantFrom('allow', 'deny'), fc.constantFrom('read', 'list', '*'), pattern);
  const path = fc.array(segment, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), path, (rules, segments) => {
      const text = rules.map(([effect, action, parts]) => `${effect} ${action} on ${parts.join('/')}`).join('\n');
      const hits = rules.filter(([, action, parts]) => action !== 'list' && matches(parts, segments));
      const expected = hits.length > 0 && hits.every(([effect]) => effect === 'allow');
      const decider = compilePolicies([named('p', text)]);
      expect(decider.decide({ action: 'read', path: segments.join('/') }).allow).toBe(expected);
      const folders = segments.slice(1).map((_segment, index) => segments.slice(0, index + 1).join('/'));
      expect(['', ...folders].filter((folder) => expected && !decider.mayBelow('read', folder))).toEqual([]);
    }),
    { numRuns: 500, seed: 1 },
  );
});

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const isDeep = pattern.at(-1) === '**';
  const fixed = isDeep ? pattern.slice(0, -1) : pattern;
  if (isDeep ? path.length < fixed.length : path.length !== fixed.length) return false;
  return fixed.every((part, index) => part === '*' || part === path[index]);
}
