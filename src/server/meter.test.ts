import { expect, test } from 'vitest';
import { RequestMeter } from './meter.ts';
import { routes } from '#protocol/rest/routes';

const meter = () => new RequestMeter(routes);
const counted = (of: RequestMeter): readonly string[] =>
  of.series().map(({ method, route, status, counts }) => {
    return `${method} ${route} ${status} ${counts.reduce((sum, count) => sum + count, 0)}`;
  });

test.each([
  ['GET', '/api/v1/entries/a/b/C', '/api/v1/entries/{path}'],
  ['GET', '/api/v1/entries?folder=a', '/api/v1/entries'],
  ['GET', '/api/v1/entries', '/api/v1/entries'],
  ['POST', '/api/v1/syncs/x/plan?reveal=true', '/api/v1/syncs/{name}/plan'],
  ['GET', '/api/v1/syncs/x', '/api/v1/syncs/{name}'],
  ['GET', '/api/v1/values?folder=a', '/api/v1/values'],
  ['GET', '/api/v1/environments/a/b', '/api/v1/environments/{project}/{environment}'],
  ['POST', '/api/v1/changes', '/api/v1/changes'],
  ['GET', '/metrics', '/metrics'],
  ['GET', '/readyz', '/readyz'],
  ['GET', '/api/v1/entries/', 'other'],
  ['GET', '/api/v1/no/such', 'other'],
  ['GET', '/hunter2', 'other'],
  ['GET', '', 'other'],
])('%s %s is counted as %s', (method, url, route) => {
  const one = meter();
  one.add({ method, url }, 200, 1);
  expect(counted(one)).toEqual([`${method} ${route} 2xx 1`]);
});

test('every route but the stream is counted under its own pattern', () => {
  for (const { method, url, run } of routes) {
    const one = meter();
    one.add({ method, url: url.replaceAll(/\{\w+\}/g, 'x') }, 200, 1);
    expect(counted(one)).toEqual(run.kind === 'stream' ? [] : [`${method} ${url} 2xx 1`]);
  }
});

test('counts by class and bucket; a bound belongs to its bucket', () => {
  const one = meter();
  const request = { method: 'GET', url: '/api/v1/whoami' };
  for (const ms of [0.1, 0.5, 0.6, 5, 60_000]) one.add(request, 200, ms);
  one.add(request, 401, 1);
  one.add(request, 403, 1);
  one.add({ ...request, method: 'HUNTER2' }, 501, 1);
  expect(counted(one)).toEqual(['GET /api/v1/whoami 2xx 5', 'GET /api/v1/whoami 4xx 2', 'other /api/v1/whoami 5xx 1']);
  const [first] = one.series();
  expect(first?.counts).toEqual([2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(first?.sum).toBeCloseTo(60.0062);
});

test('nothing that is asked for makes more series than there are routes', () => {
  const one = meter();
  for (let index = 0; index < 1000; index += 1) one.add({ method: `M${index}`, url: `/u${index}/x` }, 404, 1);
  expect(counted(one)).toEqual(['other other 4xx 1000']);
});
