/** The metrics of a real server, the dashboard and the alerts agree with each other and with Prometheus' own tools. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sample } from '#service/metrics';
import { metricsText } from '#service/metrics';
import type { LocalServer } from '#testing/server';
import { startServer } from '#testing/server';

const root = join(import.meta.dirname, '../..');
const examples = join(root, 'examples/monitoring');

function promtool(args: readonly string[], input = '') {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { cwd: examples, input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return { status, output: stdout + stderr };
}

/** With something in every family. */
const full: Sample = {
  figures: { oldestUnservedMs: 1, repairs: 1, restarts: { started: 1, done: 1, failed: 0 } },
  statuses: [undefined],
  requests: [['eu', new Map([['get secrets', 1]])]],
  usage: { startedAt: 1, cpuSeconds: 1, residentBytes: 1, heapBytes: 1 },
  http: [{ route: '/api/v1/entries/{path}', method: 'GET', status: '2xx', counts: [1, 0, 2], sum: 0.004 }],
  revision: 1,
  version: '0.0.0',
};

/** Names of families, and of the series that a histogram has. */
function namesIn(text: string): ReadonlySet<string> {
  return new Set(text.split('\n').flatMap((line) => /^[a-z_]+(?=[{ ])/.exec(line) ?? []));
}

/** What looks like one of our metrics in an expression. */
function metricsOf(text: string): readonly string[] {
  return [...new Set(text.match(/\b(?:plumb|process|nodejs)_[a-z_]+\b/g))];
}

function temporary(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'plumb-panels-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

let server: LocalServer;
beforeAll(async () => {
  server = await startServer({ dev: true });
});
afterAll(() => server.stop());

async function ask(path: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(server.address + path, { headers: { authorization: `Bearer ${server.token}` } });
  return { status: response.status, text: await response.text() };
}

describe('/metrics', () => {
  test('is what promtool calls well-formed and well-named', async () => {
    await ask('/api/v1/entries/changelog/production/DB_HOST');
    for (const text of [(await ask('/metrics')).text, metricsText(full)]) {
      expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, output: '' });
    }
    expect(promtool(['check', 'metrics'], '# HELP x y\n# TYPE x counter\nx 1\n').status).toBe(3);
  });

  test('counts what was asked, by route and class of status, and no name that was asked for', async () => {
    for (const name of ['HUNTER2', 'HUNTER3']) {
      expect((await ask(`/api/v1/entries/changelog/production/${name}`)).status).toBe(404);
    }
    expect((await ask('/hunter2')).status).toBe(404);
    const { text } = await ask('/metrics');
    const count = (labels: string): string | undefined =>
      text.split(`plumb_http_request_duration_seconds_count{${labels}} `)[1]?.split('\n')[0];
    expect(count('route="/api/v1/entries/{path}",method="GET",status="4xx"')).toBe('2');
    expect(count('route="other",method="GET",status="4xx"')).toBe('1');
    expect(text).not.toMatch(/hunter|DB_HOST/i);
  });

  test('a stream that is open has no duration', async () => {
    const stop = new AbortController();
    const headers = { authorization: `Bearer ${server.token}`, accept: 'text/event-stream' };
    const stream = await fetch(`${server.address}/api/v1/changes`, { headers, signal: stop.signal });
    await stream.body?.getReader().read();
    stop.abort();
    expect((await ask('/metrics')).text).not.toMatch(/route="\/api\/v1\/changes",method="GET"/);
  });
});

describe('the examples', () => {
  const alerts = readFileSync(join(examples, 'alerts.yaml'), 'utf8');
  const dashboard = readFileSync(join(examples, 'dashboard.json'), 'utf8');
  const known = namesIn(metricsText(full));

  test('are rules that Prometheus takes, and that do what they are for', () => {
    expect(promtool(['check', 'rules', '--lint-fatal', 'alerts.yaml']).output).toContain('SUCCESS: 9 rules found');
    const tested = promtool(['test', 'rules', 'alerts.test.yaml']);
    expect([tested.status, tested.output]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  test('have a test for each alert', () => {
    const tests = readFileSync(join(examples, 'alerts.test.yaml'), 'utf8');
    const names = [...alerts.matchAll(/alert: (\w+)/g)].map(([, name]) => name ?? '');
    expect(names.filter((name) => !tests.includes(`alertname="${name}"`))).toEqual([]);
  });

  test.each([
    ['alerts', alerts],
    ['dashboard', dashboard],
  ])('name in the %s only metrics that there are', (_, text) => {
    expect(metricsOf(text).length).toBeGreaterThan(5);
    expect(metricsOf(text).filter((name) => !known.has(name))).toEqual([]);
  });

  test('have expressions that Prometheus understands, in every panel', () => {
    interface Panel {
      readonly id: number;
      readonly title: string;
      readonly targets: readonly { readonly expr: string }[];
    }
    const { panels } = JSON.parse(dashboard) as { readonly panels: readonly Panel[] };
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const rules = panels
      .flatMap(({ targets }) => targets)
      .map(({ expr }, index) => {
        const filled = expr.replaceAll('$__rate_interval', '5m').replaceAll('$instance', '.*');
        return { record: `panel:expression:n${index}`, expr: filled };
      });
    const group = JSON.stringify({ groups: [{ name: 'panels', rules }] });
    using folder = temporary();
    const file = join(folder.path, 'panels.json');
    writeFileSync(file, group);
    const checked = promtool(['check', 'rules', file]);
    expect([checked.status, checked.output]).toEqual([0, expect.stringContaining(`${rules.length} rules found`)]);
  });

  test('and the page name every family that there is', () => {
    const page = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
    const families = [...metricsText(full).matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name ?? '');
    expect(families.filter((name) => !page.includes(`\`${name}`))).toEqual([]);
    expect(metricsOf(page).filter((name) => !known.has(name) && !families.includes(name))).toEqual([]);
  });
});
