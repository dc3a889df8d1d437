/** The client in a browser: the page among its examples, shown by Debian's chromium. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { startServer } from '#testing/server';
import { buildClient } from '../../tools/build-client.ts';

const root = resolve(import.meta.dirname, '../..');
const types: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' };

/** Tells the test what the page shows when it is done. */
const report = `<script>
  addEventListener('error', (event) => fetch('/said', { method: 'POST', body: event.message }));
  addEventListener('unhandledrejection', (event) => fetch('/said', { method: 'POST', body: String(event.reason) }));
  new MutationObserver(() => {
    if (document.title === 'done') fetch('/said', { method: 'POST', body: document.querySelector('#said').textContent });
  }).observe(document.querySelector('title'), { childList: true });
</script>`;

/** A site of one origin: the page, the client, and behind it the API. */
async function openSite(folder: string, server: string) {
  const said = Promise.withResolvers<string>();
  const answer = (response: ServerResponse, name: string, text: string): void => {
    response.setHeader('content-type', types[name.split('.').at(-1) ?? ''] ?? 'text/plain');
    response.end(text);
  };
  const forward = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { method, headers, url } = incoming;
    const sent = request(new URL(url ?? '', server), { method, headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    });
    // A page that is closed leaves its watch.
    response.on('close', () => sent.destroy());
    sent.on('error', () => response.destroy());
    incoming.pipe(sent);
  };
  const site = createServer((incoming, response) => {
    const path = incoming.url ?? '';
    if (path.startsWith('/api/')) return forward(incoming, response);
    if (path === '/said') {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.on('end', () => said.resolve(text));
      return response.end();
    }
    if (path === '/') {
      const page = readFileSync(join(root, 'client/examples/page.html'), 'utf8');
      return answer(response, 'page.html', page.replace('<pre', `${report}<pre`));
    }
    if (!/^\/client\/[\w-]+\.js$/.test(path)) return response.writeHead(404).end();
    return answer(response, path, readFileSync(join(folder, path), 'utf8'));
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  const close = async (): Promise<void> => {
    site.closeAllConnections();
    await new Promise((settle) => site.close(settle));
  };
  return { address: `http://127.0.0.1:${(site.address() as AddressInfo).port}/`, said: said.promise, close };
}

test('reads, writes, is refused and watches', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plumb-browser-'));
  await buildClient(join(folder, 'client'));
  await using server = await startServer({ dev: true });
  const site = await openSite(folder, server.address);
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'];
  const quiet = [
    '--disable-background-networking',
    '--disable-component-update',
    `--user-data-dir=${join(folder, 'user')}`,
  ];
  const page = `${site.address}#token=${server.token}`;
  // Without this option a page that is shown ends the browser.
  const browser = spawn('chromium', [...flags, ...quiet, '--remote-debugging-port=0', page], { stdio: 'ignore' });
  const ended = once(browser, 'exit');
  try {
    const early = ended.then(() => Promise.reject(new Error('the browser ended')));
    const said = await Promise.race([site.said, early]);
    expect(said.split('\n')).toEqual([
      expect.stringMatching(/^\d+ values$/),
      'written',
      'not-found',
      'watch: bookmark',
    ]);
  } finally {
    browser.kill('SIGTERM');
    await ended;
    await site.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
});
