import type { EvaluatedEntry } from '@plumbd/client';
import { PlumbError } from '#domain/errors';
import type { EnvironmentFlags } from '../command.ts';
import { argument, defineCommand, environmentAliases, environmentFlags, numberFlag, switchFlag } from '../command.ts';
import type { Session } from '../session.ts';
import { mask } from '../style.ts';

interface Flags extends EnvironmentFlags {
  readonly reveal?: boolean;
  readonly raw?: boolean;
  readonly version?: number;
}

export const command = defineCommand<Flags, [path: string]>({
  parameters: {
    flags: {
      ...environmentFlags,
      reveal: switchFlag('Print a secret'),
      raw: switchFlag('Print the text of an expression instead of its result'),
      version: numberFlag('N', "That version of the path's own instead of the present one", 1),
    },
    aliases: environmentAliases,
    positional: { kind: 'tuple', parameters: [argument('PATH', 'Path of an entry, or a single name')] },
  },
  description:
    'A secret is masked on a terminal and refused elsewhere, unless --reveal is given. Values of type bytes are printed as bytes.',
  examples: [
    { input: 'get changelog/production/DB_HOST', brief: '' },
    { input: 'get -e changelog/production DB_PASS --reveal', brief: 'a secret' },
    { input: 'get changelog/production/DB_URL --raw', brief: 'an expression as it was written' },
  ],
  async run(session, flags, name) {
    const path = await session.path(name, flags);
    const { raw, version } = flags;
    const client = await session.connect(flags);
    const entry = await client.entries.get({
      path,
      ...(raw ? { raw } : {}),
      ...(version === undefined ? {} : { version }),
    });
    const hidden = entry.secret && !flags.reveal;
    if (flags.json) session.printJson(hidden ? withoutValue(entry) : entry);
    else if (hidden) printHidden(session, path);
    else session.printValue(entry.type === 'bytes' ? Buffer.from(entry.value, 'base64') : entry.value);
  },
});

function withoutValue({ value: _, ...rest }: EvaluatedEntry): object {
  return { ...rest, masked: true };
}

/** A program that reads the mask would take it for the value, so it gets an error instead. */
function printHidden(session: Session, path: string): void {
  if (!session.io.stdout.isTerminal) {
    throw new PlumbError('invalid', `${path} is a secret, which is not printed unasked`, {
      hint: '--reveal prints it',
    });
  }
  session.print(`${mask}\n`);
  session.note('hint', '--reveal shows it');
}
