/** What the log of a server says of a request that failed by a fault of ours. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startServer } from '#testing/server';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

test('has the id of the request and of its trace, where it arose, and nothing of what it was about', async () => {
  await using server = await startServer();
  const fault = () => Promise.reject(new TypeError('cannot read hunter2'));
  Object.assign(server.running.services.system, { metrics: fault });
  const response = await fetch(`${server.address}/metrics`, {
    headers: { authorization: `Bearer ${server.token}`, traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  });
  expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('hunter2')]);
  const logged = server.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(logged.filter(({ msg }) => msg === 'request failed')).toEqual([
    {
      level: 50,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      requestId: response.headers.get('x-request-id'),
      traceId,
      error: 'TypeError',
      stack: expect.arrayContaining([expect.stringMatching(/^at /)]) as readonly string[],
      msg: 'request failed',
    },
  ]);
  expect(server.lines.join('')).not.toContain('hunter2');
});

test('has no field that the page does not name', async () => {
  await using server = await startServer({ argv: ['--log-level', 'debug'] });
  await fetch(`${server.address}/metrics`);
  const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8').split('# Logs')[1] ?? '';
  const fields = new Set(server.lines.flatMap((line) => Object.keys(JSON.parse(line) as object)));
  expect([...fields].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
