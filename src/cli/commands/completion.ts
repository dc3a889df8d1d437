import { argument, defineCommand } from '../command.ts';
import { completionScripts } from '../completion-scripts.ts';
import { UsageError } from '../failures.ts';

type Shell = keyof typeof completionScripts;

export const command = defineCommand<NonNullable<unknown>, [shell: string]>({
  parameters: { positional: { kind: 'tuple', parameters: [argument('SHELL', 'bash, zsh or fish')] } },
  description: [
    'Commands, flags and their values, and what the server knows: paths, folders, environments, syncs, targets and other',
    'names, as far as you may list them and never a value. The server and the environment are those of the command line',
    'that is being typed. If the server does not answer, nothing is offered and nothing is said.',
    '',
    'For good, put the line of the example into ~/.bashrc, ~/.zshrc or ~/.config/fish/config.fish.',
  ].join('\n'),
  examples: [
    { input: 'completion bash', brief: 'source <(plumb completion bash)' },
    { input: 'completion zsh', brief: 'source <(plumb completion zsh)' },
    { input: 'completion fish', brief: 'plumb completion fish | source' },
  ],
  run(session, _, shell) {
    if (!isShell(shell)) throw new UsageError('SHELL must be bash, zsh or fish');
    session.print(completionScripts[shell]);
  },
});

function isShell(text: string): text is Shell {
  return Object.hasOwn(completionScripts, text);
}
