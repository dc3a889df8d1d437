/** The page of documentation as a browser lays it out. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { docsPage } from '#protocol/rest/docs-page';
import type { JsonObject } from '#protocol/rest/openapi';

const openapi = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../proto/openapi.json'), 'utf8'),
) as JsonObject;

/** Leaves in the title how many names there are, which of them take more than one line, and how much the page is too wide. */
const measure = `<script>
  const names = [...document.querySelectorAll('td code:not(.any)')];
  const broken = names.filter((name) => name.getClientRects().length > 1).map((name) => name.textContent);
  const { scrollWidth, clientWidth } = document.documentElement;
  document.title = JSON.stringify({ names: names.length, broken, over: scrollWidth - clientWidth });
</script>`;

describe.skipIf(without('chromium'))('the page of documentation', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'plumb-docs-'));
    writeFileSync(join(folder, 'page.html'), docsPage(openapi, '0').text.replace('</body>', `${measure}</body>`));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([1200, 700, 500])('no name is broken, and the page is not wider than a window of %i', (width) => {
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
    const own = [`--user-data-dir=${join(folder, 'user')}`, `--window-size=${width},900`];
    const page = `file://${join(folder, 'page.html')}`;
    const shown = execFileSync('chromium', [...flags, ...own, '--dump-dom', page], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const said = /<title>(.*?)<\/title>/.exec(shown)?.[1] ?? '';
    const { names, ...rest } = JSON.parse(said.replaceAll('&amp;', '&')) as { names: number };
    expect(names).toBeGreaterThan(200);
    expect(rest).toEqual({ broken: [], over: 0 });
  });
});
