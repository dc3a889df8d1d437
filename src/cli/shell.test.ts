import { describe, expect, test } from 'vitest';
import { promptOf } from './commands/shell.ts';
import { FakeTerminal } from '#testing/terminal';

const entry = { path: 'a/b/HOST', kind: 'config', type: 'string', value: 'db', secret: false, origin: [] };
const options = {
  env: { PLUMB_TOKEN: 'plumb.aaaaaaaa.b', PLUMB_ADDR: 'unix:/s', SHELL: '/bin/zsh', LANG: 'C' },
  answers: { 'GET /api/v1/values': { folder: 'a/b', revision: 1, entries: [entry] } },
  terminal: true,
} as const;

test('gives the values, the marker and the prompt to $SHELL, and not the token', async () => {
  const terminal = new FakeTerminal({ ...options, child: () => ({ code: 3 }) });
  expect(await terminal.run('shell', 'a/b')).toEqual({ code: 3, stdout: '', stderr: '' });
  expect(terminal.spawned).toEqual([
    {
      command: '/bin/zsh',
      args: [],
      output: 'inherit',
      env: {
        PLUMB_ADDR: 'unix:/s',
        SHELL: '/bin/zsh',
        LANG: 'C',
        HOST: 'db',
        RPS1: '(plumb:a/b)',
        PLUMB_SHELL: 'a/b',
      },
    },
  ]);
});

describe('the prompt', () => {
  test('of bash is set once, and what was to be run before it is run', () => {
    expect(promptOf('bash', 'a/b', {}).variables).toEqual({
      PROMPT_COMMAND: 'PS1="(plumb:a/b) $PS1"; unset PROMPT_COMMAND',
    });
    expect(promptOf('bash', 'a/b', { PROMPT_COMMAND: 'date' }).variables).toEqual({
      PROMPT_COMMAND:
        'PS1="(plumb:a/b) $PS1"; PROMPT_COMMAND=$PLUMB_PROMPT; unset PLUMB_PROMPT; eval "$PROMPT_COMMAND"',
      PLUMB_PROMPT: 'date',
    });
  });

  test.each(['bash', 'zsh', 'fish', 'sh'])('of %s never runs what stands in the name of a folder', (shell) => {
    const { args, variables } = promptOf(shell, 'a/$(id)`id`%{x%}\\w"\'', {});
    expect(JSON.stringify([args, variables])).toContain('(plumb:a/??id??id???x???w??)');
  });
});
