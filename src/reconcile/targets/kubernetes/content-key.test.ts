import { expect, test } from 'vitest';
import { contentKey, isContentKey } from './content-key.ts';

const valid = /^plumb\.dev\/[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;

test('an annotation is named after its sync', () => {
  expect(contentKey('changelog-prod')).toBe('plumb.dev/content-changelog-prod');
  expect(contentKey('a'.repeat(55))).toBe(`plumb.dev/content-${'a'.repeat(55)}`);
});

test.each(['a'.repeat(56), 'a'.repeat(63), 'ends-', 'ends.', 'ends_', `${'a'.repeat(45)}.${'b'.repeat(17)}`])(
  'what does not fit is shortened and told by a hash: %s',
  (sync) => {
    expect(contentKey(sync)).toMatch(valid);
    expect(contentKey(sync)).toMatch(/-[0-9a-f]{8}$/);
    expect(isContentKey(contentKey(sync))).toBe(true);
  },
);

test('syncs that begin alike are kept apart', () => {
  const syncs = Array.from({ length: 1000 }, (_, index) => `${'a'.repeat(59)}${index}`);
  expect(new Set(syncs.map((sync) => contentKey(sync))).size).toBe(1000);
});
