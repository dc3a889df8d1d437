/** `edit`, `shell` and `run --watch` in a real terminal, with a real editor and real shells. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LocalServer } from '#testing/server';
import { startServer } from '#testing/server';
import { TerminalWindow } from '#testing/tmux';

const root = join(import.meta.dirname, '../..');
let server: LocalServer;
let home: string;
let window: TerminalWindow;

beforeAll(async () => {
  server = await startServer({ dev: true });
});
afterAll(() => server.stop());

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'plumb-home-'));
  mkdirSync(join(home, 'run'), { mode: 0o700 });
  writeFileSync(join(home, '.bashrc'), 'PS1="mine> "\n');
  writeFileSync(join(home, '.zshrc'), 'PS1="mine> "\n');
  mkdirSync(join(home, '.config', 'fish'), { recursive: true });
  writeFileSync(join(home, '.config', 'fish', 'config.fish'), 'function fish_prompt; echo "mine> "; end\n');
  const env = {
    PATH: `${root}${delimiter}${process.env['PATH'] ?? ''}`,
    HOME: home,
    LANG: 'C.UTF-8',
    XDG_RUNTIME_DIR: join(home, 'run'),
    EDITOR: 'vi',
    HISTFILE: '/dev/null',
    // The token of a shell is not the business of what it starts, so it is signed in as a person is.
    PLUMB_ADDR: `unix:${server.socket}`,
    PLUMB_TOKEN: server.token,
  };
  window = await TerminalWindow.open({ command: ['bash', '--norc', '--noprofile'], env, cwd: home });
  await enter('PS1="ready> "; clear');
  await window.until(/^ready> *\n*$/);
});
afterEach(async () => {
  await window[Symbol.asyncDispose]();
  // A shell that is ended may be writing still.
  rmSync(home, { recursive: true, force: true, maxRetries: 10 });
});

async function enter(text: string): Promise<void> {
  await window.type(text);
  await window.press('Enter');
}

test('edit opens the editor again at a mistake, with what was typed, and then writes it', async () => {
  await enter('plumb edit changelog/development --reason "seen on a screen"; echo "ended with $?"');
  const opened = await window.until(/^DB_HOST: !config localhost$/m);
  expect(opened).toContain('# changelog/development: ');
  await enter(':%s/^DB_HOST: .*/DB_HOST: !config [typed/');
  await enter(':wq');
  // Where the error stands and where it arose may come in either order.
  await window.until(/^(?=[^]*^# error: column \d+: )(?=[^]*^DB_HOST: !config \[typed)/m);
  expect(readdirSync(join(home, 'run'))).toHaveLength(1);
  await enter(':%s/\\[typed/typed.internal/');
  await enter(':wq');
  const done = await window.until(/1 changed, 0 deleted; revision \d+\nended with 0$/m);
  expect(done).toMatch(/~ DB_HOST +"localhost" {2}→ {2}"typed\.internal"/);
  const entry = await server.client.entries.get({ path: 'changelog/development/DB_HOST' });
  expect([entry.value, entry.reason]).toEqual(['typed.internal', 'seen on a screen']);
  expect(readdirSync(join(home, 'run'))).toEqual([]);
});

test('edit that is closed without a change changes nothing', async () => {
  await enter('plumb edit changelog/staging; echo "ended with $?"');
  await window.until(/^# reason:/m);
  await enter(':q!');
  expect(await window.until(/ended with \d+/)).toMatch(/^nothing is changed\nended with 0/m);
  expect(readdirSync(join(home, 'run'))).toEqual([]);
});

describe('shell', () => {
  test.each([
    ['bash', /^\(plumb:changelog\/production\) mine> *$/m],
    ['zsh', /^mine> +\(plumb:changelog\/production\) *$/m],
    ['fish', /^\(plumb:changelog\/production\) mine> *$/m],
    ['sh', /^\(plumb:changelog\/production\) \$ *$/m],
  ])('%s shows the folder in its prompt, holds the values, and refuses a second one', async (shell, prompt) => {
    await enter(`SHELL="$(command -v ${shell})" plumb shell changelog/production; echo "ended with $?"`);
    await window.until(prompt);
    await enter('printenv DB_HOST PLUMB_SHELL');
    const { value } = await server.client.entries.get({ path: 'changelog/production/DB_HOST' });
    await window.until(new RegExp(`^${value}\\nchangelog/production$`, 'm'));
    await enter('plumb shell changelog/test');
    await window.until(/this is a plumb shell of changelog\/production already/);
    await enter('exit 7');
    await window.until(/^ended with 7$/m);
  });
});

test('run --watch in a terminal: a change starts the command anew, an interrupt ends both', async () => {
  const path = 'changelog/development/TOLD';
  const put = (value: string) => server.client.changes.apply({ ops: [{ op: 'put', path, value, kind: 'config' }] });
  await put('one');
  await enter(
    `plumb run -e changelog/development --watch -- sh -c 'echo "<$TOLD>"; exec sleep 1000'; echo "ended with $?"`,
  );
  await window.until(/^<one>$/m);
  await put('two');
  expect(await window.until(/^<two>$/m)).toContain('note: TOLD changed: starting anew');
  await window.press('C-c');
  await window.until(/ended with 130$/m);
});
