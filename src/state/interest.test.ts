import { expect, test } from 'vitest';
import { Interests } from './interest.ts';

test.each([
  ['a/b/X', ['exact', 'folder', 'under', 'everything']],
  ['a/b', ['under', 'everything']],
  ['a/b/c/Y', ['under', 'everything']],
  ['a/bb', ['everything']],
  ['a', ['everything']],
  ['top', ['root', 'everything']],
])('%s wakes %j', (path, expected) => {
  const interests = new Interests<string>();
  interests.set('exact', { paths: ['a/b/X', 'a/b/absent'] });
  interests.set('folder', { folders: ['a/b'] });
  interests.set('under', { under: ['a/b'] });
  interests.set('root', { folders: ['other', ''], paths: [] });
  interests.set('everything', { under: [''] });
  const root = path.includes('/') ? [] : ['root'];
  expect([...interests.match(path)].sort()).toEqual([...new Set([...expected, ...root])].sort());
});

test('an interest is replaced whole, and ends', () => {
  const interests = new Interests<number>();
  interests.set(1, { paths: ['a', 'b'], folders: ['a'], under: ['c'] });
  interests.set(1, { paths: ['b'] });
  expect(['a', 'b', 'a/x', 'c/x'].map((path) => interests.match(path).size)).toEqual([0, 1, 0, 0]);
  interests.delete(1);
  interests.delete(1);
  expect(interests.match('b').size).toBe(0);
});

test('a subscriber is told once, whatever it matches by', () => {
  const interests = new Interests<string>();
  interests.set('s', { paths: ['a/b'], folders: ['a'], under: ['', 'a', 'a/b'] });
  expect([...interests.match('a/b')]).toEqual(['s']);
});
