import { PlumbError } from '#domain/errors';
import type { ConnectionFlags } from '../command.ts';
import { connectionFlags, defineCommand } from '../command.ts';
import { readCredentials } from '../credentials.ts';
import { isFailure } from '../failures.ts';
import type { Session } from '../session.ts';

export const command = defineCommand<ConnectionFlags, []>({
  parameters: { flags: connectionFlags },
  description: [
    'The documentation of the API, as the server itself has it, in $BROWSER, else by xdg-open or open. Where there is no browser, or nobody at a terminal, the address is printed.',
    '',
    'A browser cannot open a unix socket: name an http address that the server listens on.',
  ].join('\n'),
  examples: [
    { input: 'open', brief: '' },
    { input: 'open --address http://127.0.0.1:8200 | cat', brief: 'prints the address' },
  ],
  see: ['help servers'],
  async run(session, flags) {
    const address = session.chooseAddress(flags, readCredentials(session.io).default);
    if (address.socket !== undefined) {
      throw new PlumbError('invalid', `${address.text} is a socket, which a browser cannot open`, {
        hint: 'name the http address that the server printed at its start: --address http://127.0.0.1:PORT',
      });
    }
    const url = `${address.url}/docs`;
    if (flags.json) return session.printJson({ url });
    for (const [program = '', ...args] of browsers(session)) {
      if (await starts(session, program, [...args, url])) return;
    }
    session.print(`${url}\n`);
  },
});

/** Command lines of BROWSER, separated by colons, or what the desktop has. */
function browsers({ io: { env, platform, stdout } }: Session): readonly (readonly string[])[] {
  if (!stdout.isTerminal) return [];
  const named = (env['BROWSER'] ?? '').split(':').map((line) =>
    line
      .trim()
      .split(/\s+/)
      .filter((word) => word !== '' && word !== '%s'),
  );
  const chosen = named.filter((words) => words.length > 0);
  if (chosen.length > 0) return chosen;
  if (platform === 'darwin') return [['open']];
  return (env['DISPLAY'] ?? env['WAYLAND_DISPLAY'] ?? '') === '' ? [] : [['xdg-open']];
}

async function starts({ io }: Session, program: string, args: readonly string[]): Promise<boolean> {
  const { PLUMB_TOKEN: _, ...env } = Object.fromEntries(
    Object.entries(io.env).flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const])),
  ) as Record<string, string>;
  try {
    const ended = await (await io.spawn({ command: program, args, env, output: 'inherit' })).ended;
    return 'code' in ended && ended.code === 0;
  } catch (error) {
    if (isFailure(error)) return false;
    throw error;
  }
}
