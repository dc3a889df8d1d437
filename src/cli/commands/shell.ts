import { basename } from 'node:path';
import { PlumbError } from '#domain/errors';
import type { EnvironmentFlags } from '../command.ts';
import { argument, defineCommand, environmentAliases, environmentFlags, textsFlag } from '../command.ts';
import { childEnvironment } from '../child-environment.ts';
import { UsageError } from '../failures.ts';
import type { Session } from '../session.ts';

interface Flags extends Omit<EnvironmentFlags, 'json'> {
  readonly allowName?: readonly string[];
}

const { json: _, ...placeFlags } = environmentFlags;

/** Names the folder of the shell that it is set in. */
const marker = 'PLUMB_SHELL';

export const command = defineCommand<Flags, [folder?: string]>({
  parameters: {
    flags: {
      ...placeFlags,
      allowName: textsFlag(
        'NAME',
        'Allow a name such as NODE_OPTIONS, by which values become code; may be given several times',
      ),
    },
    aliases: environmentAliases,
    positional: { kind: 'tuple', parameters: [{ ...argument('FOLDER', 'Default: the environment'), optional: true }] },
  },
  description: [
    'Starts $SHELL with the evaluated values of the folder over your environment, without PLUMB_TOKEN; exit ends it.',
    'PLUMB_SHELL holds the folder in it, and the prompt of bash, zsh, fish and sh shows it. A shell within such a shell is',
    'refused: one would no longer know whose values are whose. Later changes do not reach it; plumb run --watch follows',
    'them.',
  ].join('\n'),
  examples: [
    { input: 'shell changelog/development', brief: '' },
    { input: 'shell -e changelog/test', brief: '' },
  ],
  see: ['run', 'help servers'],
  async run(session, flags, given) {
    const { io } = session;
    const outer = io.env[marker] ?? '';
    if (outer !== '') {
      throw new UsageError(`this is a plumb shell of ${outer} already`, 'exit ends it; plumb run starts one command');
    }
    if (!io.stdin.isTerminal) throw new UsageError('a shell needs a terminal', 'plumb run -- sh FILE runs a script');
    const folder = await session.folder(given, flags);
    const client = await session.connect(flags);
    const { entries } = await client.entries.evaluate({ folder });
    if (entries.length === 0) throw new PlumbError('not-found', `nothing is in ${folder}`);
    const named = entries.map(({ path, value }) => [path.slice(folder.length + 1), value] as const);
    const env = childEnvironment(io.env, named, flags.allowName ?? []);
    session.exitWith(await start(session, folder, env));
  },
});

/** In the place of this process, where the system can do that. */
async function start({ io }: Session, folder: string, env: Readonly<Record<string, string>>): Promise<number> {
  const program = io.env['SHELL'] || '/bin/sh';
  const { args, variables } = promptOf(basename(program), folder, env);
  const request = { command: program, args, env: { ...env, ...variables, [marker]: folder } };
  await io.become?.(request);
  const { supervise } = await import('../supervise.ts');
  return supervise(io, { ...request, output: 'inherit' });
}

interface Prompt {
  readonly args: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * What makes a shell show the folder, without a file of ours and after the user's own have been read. A prompt is a
 * small program, so nothing but the plainest characters of the folder get into it.
 */
export function promptOf(shell: string, folder: string, env: Readonly<Record<string, string>>): Prompt {
  const label = `(plumb:${folder.replaceAll(/[^\w./-]/g, '?')})`;
  switch (shell) {
    case 'bash': {
      // Once, before the first prompt; then what was there before goes on.
      const before = env['PROMPT_COMMAND'];
      const restore =
        before === undefined
          ? 'unset PROMPT_COMMAND'
          : 'PROMPT_COMMAND=$PLUMB_PROMPT; unset PLUMB_PROMPT; eval "$PROMPT_COMMAND"';
      const variables = { PROMPT_COMMAND: `PS1="${label} $PS1"; ${restore}` };
      return { args: [], variables: before === undefined ? variables : { ...variables, PLUMB_PROMPT: before } };
    }
    case 'zsh':
      return { args: [], variables: { RPS1: label } };
    case 'fish': {
      const prompt = `functions -c fish_prompt _plumb_prompt; function fish_prompt; echo -n '${label} '; _plumb_prompt; end`;
      return { args: ['-C', prompt], variables: {} };
    }
    default:
      return { args: [], variables: { PS1: `${label} $ ` } };
  }
}
