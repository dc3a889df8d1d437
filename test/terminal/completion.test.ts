/** The completion scripts in the shells themselves, as fingers on a keyboard use them. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalServer } from '#testing/server';
import { startServer } from '#testing/server';
import { TerminalWindow } from '#testing/tmux';

const root = join(import.meta.dirname, '../..');
const shells = [
  {
    name: 'bash',
    command: ['bash', '--norc', '--noprofile'],
    prompt: 'PS1="ready> "',
    load: 'source <(plumb completion bash)',
    list: ['Tab', 'Tab'],
  },
  {
    name: 'zsh',
    command: ['zsh', '-f'],
    prompt: 'PS1="ready> "',
    load: 'source <(plumb completion zsh)',
    list: ['Tab'],
  },
  {
    name: 'fish',
    command: ['fish', '--no-config'],
    prompt: 'function fish_prompt; echo "ready> "; end',
    load: 'plumb completion fish | source',
    list: ['Tab'],
  },
] as const;

let server: LocalServer;
let home: string;

beforeAll(async () => {
  server = await startServer({ dev: true });
  home = await mkdtemp(join(tmpdir(), 'plumb-home-'));
});
afterAll(async () => {
  await server.stop();
  // A shell that is ended may be writing its history still.
  await rm(home, { recursive: true, force: true, maxRetries: 10 });
});

describe.each(shells)('$name', ({ command, prompt, load, list }) => {
  let window: TerminalWindow;

  beforeAll(async () => {
    const env = {
      PATH: `${root}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: home,
      LANG: 'C.UTF-8',
      PLUMB_ADDR: `unix:${server.socket}`,
      PLUMB_TOKEN: server.token,
    };
    window = await TerminalWindow.open({ command, env, cwd: home });
    await window.type(prompt);
    await window.press('Enter');
    await window.until(/^ready>/m);
    await window.type(`${load}; clear`);
    await window.press('Enter');
    await window.until(/^ready> *\n*$/);
  });
  afterAll(() => window[Symbol.asyncDispose]());

  /** An empty line on an empty screen. An interruption would take what is typed after it along. */
  async function emptied(): Promise<void> {
    await window.press('C-u');
    await window.type('clear');
    await window.press('Enter');
    await window.until(/^ready> *\n*$/);
  }

  /** Types, presses Tab, and waits for what comes of it on the line; the line is then taken back. */
  async function completed(typed: string): Promise<string> {
    await window.type(typed);
    await window.press('Tab');
    // A blank at the end cannot be seen on a screen.
    await window.type('X');
    const screen = await window.until(/X\s*$/);
    await emptied();
    return screen;
  }

  /** Two seconds without an answer end the search, which a slow machine may need: then a person presses Tab again. */
  async function completes(typed: string, to: string): Promise<void> {
    let screen = await completed(typed);
    for (let again = 0; again < 10 && screen.includes(`ready> ${typed}X`); again += 1) screen = await completed(typed);
    expect(screen).toContain(`ready> ${to}X`);
    expect(screen).not.toMatch(/error|not found|cannot/);
  }

  /** The screen with the list; Tab is pressed again where none came for long. */
  async function listed(wanted: RegExp): Promise<string> {
    for (let looks = 0; ; looks += 1) {
      if (looks % 500 === 0) await window.press(...list);
      const screen = await window.screen();
      if (wanted.test(screen)) return screen;
    }
  }

  test.each([
    ['a command', 'plumb hist', 'plumb history '],
    ['a command of a group', 'plumb sync stat', 'plumb sync status '],
    ['a flag', 'plumb get --rev', 'plumb get --reveal '],
    ['the value of a flag', 'plumb list --format y', 'plumb list --format yaml '],
    ['the value of a flag behind =', 'plumb list --format=y', 'plumb list --format=yaml '],
    ['a folder, which goes on', 'plumb get changelog/prod', 'plumb get changelog/production/'],
    ['a path', 'plumb get changelog/production/DB_HO', 'plumb get changelog/production/DB_HOST '],
    ['a path in quotes', 'plumb get "changelog/production/DB_HO', 'plumb get "changelog/production/DB_HOST" '],
    ['a single name', 'plumb get -e changelog/production DB_HO', 'plumb get -e changelog/production DB_HOST '],
    ['a name to set, which goes on', 'plumb set -e changelog/test DB_HO', 'plumb set -e changelog/test DB_HOST='],
    ['a sync', 'plumb sync status lap', 'plumb sync status laptop '],
    ['a target, which goes on', 'plumb sync create x --to loc', 'plumb sync create x --to local:'],
    ['an environment', 'plumb environment get changelog/dev', 'plumb environment get changelog/development '],
    ['a topic of help', 'plumb help exi', 'plumb help exit-codes '],
  ])('%s', async (_, typed, to) => {
    await completes(typed, to);
  });

  test('lists what there is, and never a value', async () => {
    await window.type('plumb get changelog/production/DB_');
    const screen = await listed(/DB_PASS[^]*DB_USER/);
    await window.type('X');
    await window.until(/DB_\w*X/);
    expect(screen).toContain('DB_HOST');
    expect(screen).not.toContain('db.changelog');
    await emptied();
  });

  test.each([
    ['as it is', ''],
    ['in double quotes', '"'],
    ['in single quotes', "'"],
  ])('a name that the shell would obey stays a name, %s', async (_, quote) => {
    await window.type(`plumb set 'changelog/test/odd $(touch obeyed) "\`x\`=a-name' --kind config --reason x; clear`);
    await window.press('Enter');
    await window.until(/^ready> *\n*$/);
    await window.type(`plumb get ${quote}changelog/test/od`);
    await window.press('Tab');
    await window.until(/obeyed/);
    await window.press('Enter');
    const screen = await window.until(/^ready> *\n*$/m);
    await emptied();
    expect(screen).toMatch(/^a-name$/m);
    expect(await readdir(home)).not.toContain('obeyed');
  });

  test('says nothing where no server answers', async () => {
    await window.type('plumb get --address unix:/nowhere chan');
    await window.press('Tab');
    await window.type('X');
    expect(await window.until('chanX')).toMatch(/^ready> plumb get --address unix:\/nowhere chanX\n$/);
    await emptied();
  });
});
