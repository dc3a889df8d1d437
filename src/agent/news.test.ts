import { expect, test } from 'vitest';
import type { EvaluatedFolder } from '@plumbd/client';
import { News } from './news.ts';

const change = (...paths: readonly string[]) => ({
  type: 'change' as const,
  revision: 1,
  time: 0,
  author: 'person/a',
  reason: '',
  entries: paths.map((path) => ({ path, effect: 'update', version: 1 })),
});
const answer = (...paths: readonly string[]) =>
  ({ folder: '', revision: 1, entries: [{ origin: paths.map((path) => ({ path })) }] }) as unknown as EvaluatedFolder;

test('a change concerns the folders of its project, and those whose values are made from it', () => {
  const news = new News();
  news.asking('app/prod')(answer('app/prod/A', 'shared/db/HOST'));
  news.asking('web/prod')(answer('web/prod/A'));
  expect(news.heard(change('app/base/NEW'))).toEqual(['app/prod']);
  expect(news.heard(change('shared/db/HOST'))).toEqual(['app/prod']);
  expect(news.heard(change('shared/db/PORT'))).toEqual([]);
  expect(news.heard(change('web/x/Y', 'shared/db/HOST'))).toEqual(['app/prod', 'web/prod']);
  expect([news.count('app/prod'), news.count('web/prod')]).toEqual([3, 1]);
});

test('anything concerns a folder that has no answer, or is being asked for', () => {
  const news = new News();
  news.asking('app/prod')(undefined);
  expect(news.heard(change('else/x/Y'))).toEqual(['app/prod']);
  news.asking('app/prod')(answer('app/prod/A'));
  const [first, second] = [news.asking('app/prod'), news.asking('app/prod')];
  first(answer('app/prod/A'));
  expect(news.heard(change('else/x/Y'))).toEqual(['app/prod']);
  second(answer('app/prod/A'));
  expect(news.heard(change('else/x/Y'))).toEqual([]);
});

test('after a gap everything may be otherwise', () => {
  const news = new News();
  news.asking('a/b')(answer());
  news.one('c/d');
  expect([news.all(), news.count('a/b'), news.count('c/d')]).toEqual([['a/b', 'c/d'], 1, 2]);
});
