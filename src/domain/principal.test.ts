import { expect, test } from 'vitest';
import { parsePrincipalName } from './principal.ts';

test.each(['person/ada', 'workload/ci-runner.1', 'ai-agent/a@b_c', `person/${'a'.repeat(63)}`])(
  '%s is a principal',
  (text) => {
    expect(parsePrincipalName(text)).toBe(text);
  },
);

test.each([
  'ada',
  'robot/ada',
  'person/',
  'person/-a',
  'person/Ada',
  'person/a/b',
  `person/${'a'.repeat(64)}`,
  'xperson/a',
  'person/a\n',
])('%j is not', (text) => {
  expect(() => parsePrincipalName(text)).toThrow('a principal is named <kind>/<name>');
});
