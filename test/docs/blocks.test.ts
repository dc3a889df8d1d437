/** Every command that the documentation shows, run as it stands there. */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Bash } from './bash.ts';
import { commandsOf, difference } from './page.ts';
import { spawnServer } from '#testing/server';

const root = resolve(import.meta.dirname, '../..');
const pages = ['README.md', 'SECURITY.md', 'client/README.md', 'docs/**/*.md', 'examples/**/*.md']
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .filter((page) => !page.startsWith('docs/design/') && page !== 'docs/cli.md')
  .toSorted();

/** Port that the documentation names; each page has a server of its own on another one. */
const shownPort = /\b127\.0\.0\.1:8200\b/g;

describe.each(pages.filter((page) => commandsOf(read(page)).length > 0))('%s', (page) => {
  test('what it shows is what happens', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plumb-docs-'));
    try {
      // As in a clone: the program, the sample, and a development server that was started by `npm start`.
      for (const name of ['plumb', 'examples']) symlinkSync(join(root, name), join(folder, name));
      writeFileSync(join(folder, 'staging.env'), readFileSync(join(root, 'examples/changelog/staging.env')));
      await using server = await spawnServer({ dev: true, folder });
      const port = /127\.0\.0\.1:\d+/.exec(server.output())?.[0] ?? '';
      writeFileSync(join(folder, '.banner'), server.output());
      await using bash = new Bash(folder, environmentIn(folder));
      const faults: string[] = [];
      for (const { line, text, expected } of commandsOf(read(page))) {
        const shown = expected.map((one) => one.replaceAll(shownPort, port));
        const wrong = await play(bash, text.replaceAll(shownPort, port), shown);
        if (wrong !== undefined) faults.push(`${page}:${line}: ${text}\n${wrong}`);
      }
      expect(faults.join('\n\n')).toBe('');
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    }
  });
});

test('the pages that run are most of them', () => {
  const commands = pages.map((page) => commandsOf(read(page)).length);
  expect(commands.filter((count) => count > 0).length).toBeGreaterThan(10);
});

/** What only looks, at what follows a moment later. A reader's eyes are slower; here it is looked at again. */
const look = /^(?:grep|cat|head|(?:\.\/)?plumb (?:sync status|get)) /;
const looks = 500;

/** What is not as shown. */
async function play(bash: Bash, command: string, shown: readonly string[]): Promise<string | undefined> {
  for (let left = look.test(`${command} `) ? looks : 1; ; left -= 1) {
    const { code, printed } = await bash.run(command);
    const isToFail = shown.some((one) => one.startsWith('error:'));
    const wrong =
      difference(shown, printed) ?? ((code !== 0) === isToFail ? undefined : `ended with ${code}: ${printed}`);
    if (wrong === undefined || left === 1) return wrong;
  }
}

function read(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** Of somebody who has this clone and the system's tools. `npm start` has been done. */
function environmentIn(folder: string): NodeJS.ProcessEnv {
  const bin = join(folder, '.bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'npm'), '#!/bin/sh\n[ "$1" = start ] && exec cat "$(dirname "$0")/../.banner"\nexit 1\n', {
    mode: 0o755,
  });
  symlinkSync(join(root, 'plumb'), join(bin, 'plumb'));
  const path = [bin, dirname(process.execPath), '/usr/local/bin:/usr/bin:/bin'].join(':');
  return { PATH: path, HOME: join(folder, '.home'), NO_COLOR: '1', LANG: 'C.UTF-8', PWD: relative('/', folder) };
}
