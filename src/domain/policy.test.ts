import { expect, test } from 'vitest';
import { actions } from './decision.ts';
import type { ParsedPolicy, PolicyRule } from './policy.ts';
import { adminPolicyText, parsePolicy, policyLimits } from './policy.ts';

function rulesOf(text: string): readonly PolicyRule[] {
  const parsed = parsePolicy(text);
  expect(faultsOf(parsed)).toEqual([]);
  return parsed.ok ? parsed.rules : [];
}

function faultsOf(parsed: ParsedPolicy): readonly string[] {
  return parsed.ok ? [] : parsed.diagnostics.map((one) => `${one.line}:${one.column} ${one.message}`);
}

test('reads every part of the grammar', () => {
  const text = `
    # people who deploy
    allow list, read on changelog/production/**   # all of it
    deny  read on changelog/production/DB_PASS
    allow write on changelog/development/* if kind = config and address in 10.0.0.0/8,unix
    allow read on ** if tag=public and time in 22:00-06:30 UTC
    allow read,compare on "with space/#x/a\\"b"
    allow * on sys/policies/x`;
  expect(rulesOf(text)).toEqual([
    { line: 3, effect: 'allow', actions: ['list', 'read'], pattern: ['changelog', 'production', '**'], conditions: [] },
    { line: 4, effect: 'deny', actions: ['read'], pattern: ['changelog', 'production', 'DB_PASS'], conditions: [] },
    {
      line: 5,
      effect: 'allow',
      actions: ['write'],
      pattern: ['changelog', 'development', '*'],
      conditions: [
        { on: 'kind', kind: 'config' },
        { on: 'address', ranges: ['10.0.0.0/8', 'unix'] },
      ],
    },
    {
      line: 6,
      effect: 'allow',
      actions: ['read'],
      pattern: ['**'],
      conditions: [
        { on: 'tag', tag: 'public' },
        { on: 'time', from: 1320, to: 390 },
      ],
    },
    { line: 7, effect: 'allow', actions: ['read', 'compare'], pattern: ['with space', '#x', 'a"b'], conditions: [] },
    { line: 8, effect: 'allow', actions: [...actions], pattern: ['sys', 'policies', 'x'], conditions: [] },
  ]);
  expect(rulesOf('')).toEqual([]);
  expect(rulesOf(adminPolicyText)).toMatchObject([{ effect: 'allow', actions: [...actions], pattern: ['**'] }]);
});

test.each([
  ['permit read on x', '1:1 expected allow or deny'],
  ['allow', '1:6 expected an action'],
  ['allow reed on x', `1:7 there is no such action, expected * or one of ${actions.join(', ')}`],
  ['allow read, on x', `1:13 there is no such action, expected * or one of ${actions.join(', ')}`],
  ['allow read x', '1:12 expected on'],
  ['allow read on', '1:14 expected a path pattern'],
  ['allow read on # x', '1:15 expected a path pattern'],
  ['allow read on a//b', '1:15 a path has no empty segment'],
  ['allow read on /a', '1:15 a path has no empty segment'],
  ['allow read on a/b*', '1:15 * stands for a whole segment, not for a part of one'],
  ['allow read on a/**/b', '1:15 ** stands only at the end of a pattern; * is one segment'],
  ['allow read on "a', '1:15 expected a path pattern'],
  ['allow read on x y', '1:17 expected if'],
  ['allow read on x if', '1:19 expected kind, tag, address or time'],
  ['allow read on x if owner = me', '1:20 expected a condition on kind, tag, address or time'],
  ['allow read on x if kind = public', '1:27 expected secret or config'],
  ['allow read on x if kind in secret', '1:25 expected ='],
  ['allow read on x if kind = secret or tag = a', '1:34 expected and'],
  ['allow read on x if tag =', '1:25 expected a tag'],
  [
    'allow read on x if address in 10.0.0.1/8',
    '1:31 expected an IPv4 or IPv6 address, a range such as 10.0.0.0/8 whose bits beyond the prefix are 0, or unix',
  ],
  ['allow read on x if time in 8-18 UTC', '1:28 expected two different times such as 08:00-18:00, from 00:00 to 24:00'],
  [
    'allow read on x if time in 08:00-24:01 UTC',
    '1:28 expected two different times such as 08:00-18:00, from 00:00 to 24:00',
  ],
  [
    'allow read on x if time in 08:60-18:00 UTC',
    '1:28 expected two different times such as 08:00-18:00, from 00:00 to 24:00',
  ],
  ['allow read on x if time in 08:00-18:00', '1:39 expected UTC'],
  ['allow read on x if time in 08:00-18:00 CET', '1:40 expected UTC'],
])('%s: %s', (text, fault) => {
  expect(faultsOf(parsePolicy(text))).toEqual([fault]);
});

test('all mistakes are reported at once, with the name of the text', () => {
  const parsed = parsePolicy('allow reed on x\nallow read on x\r\nforbid\n', 'readers');
  expect(parsed).toMatchObject({
    ok: false,
    diagnostics: [
      { subject: 'readers', line: 1, column: 7 },
      { subject: 'readers', line: 3, column: 1 },
    ],
  });
});

test('limits', () => {
  const rules = (count: number) => 'allow read on x\n'.repeat(count);
  expect(parsePolicy(rules(policyLimits.rules - 1)).ok).toBe(true);
  expect(parsePolicy(rules(policyLimits.rules)).ok).toBe(true);
  expect(parsePolicy(rules(policyLimits.rules + 1)).ok).toBe(false);
  expect(parsePolicy('#'.padEnd(policyLimits.characters)).ok).toBe(true);
  expect(parsePolicy('#'.padEnd(policyLimits.characters + 1)).ok).toBe(false);
  expect(faultsOf(parsePolicy('x\n'.repeat(500)))).toHaveLength(policyLimits.diagnostics);
});
