import { PlumbError } from '#domain/errors';
import type { ConnectionFlags } from '../command.ts';
import { connectionFlags, defineCommand, switchFlag, textFlag } from '../command.ts';
import { credentialsPath, readCredentials, storeToken } from '../credentials.ts';
import { UsageError } from '../failures.ts';
import type { Session } from '../session.ts';
import { printable } from '../style.ts';

interface Flags extends ConnectionFlags {
  readonly bootstrap?: boolean;
  readonly name?: string;
}

export const command = defineCommand<Flags, []>({
  parameters: {
    flags: {
      ...connectionFlags,
      bootstrap: switchFlag('Spend the one-time token of a new server and become its first administrator'),
      name: textFlag('NAME', 'With --bootstrap: the name of person/NAME. Default: admin'),
    },
  },
  description: [
    'Asks for a token on a terminal, reads it from standard input elsewhere, tries it, and keeps it for exactly this',
    'address in a file that only you may read.',
  ].join('\n'),
  examples: [
    { input: 'login --address https://plumb.example', brief: 'asks for a token' },
    { input: 'login --address unix:/run/plumb/plumb.sock --bootstrap --name ada < bootstrap-token', brief: '' },
  ],
  see: ['whoami', 'help servers'],
  async run(session, flags) {
    const { io } = session;
    if (flags.name !== undefined && !flags.bootstrap) throw new UsageError('--name goes with --bootstrap');
    const address = session.chooseAddress(flags, readCredentials(io).default);
    const given = await readToken(session, flags.bootstrap ? 'bootstrap token' : 'token', address.text);
    const { token, principal } = flags.bootstrap
      ? await (await session.clientFor(address, undefined)).bootstrap({ token: given, name: flags.name ?? 'admin' })
      : { token: given, principal: (await (await session.clientFor(address, given)).whoami()).principal };
    storeToken(io, address, { token, principal });
    const kept = credentialsPath(io);
    if (flags.json) return session.printJson({ address: address.text, principal, kept });
    session.print(`signed in to ${address.text} as ${printable(principal)}\n`);
    session.note('note', `the token is kept in ${kept}, readable by you alone`);
    if (address.plain) session.note('hint', `plain http is used only when you name it: PLUMB_ADDR=${address.text}`);
  },
});

const maxTokenBytes = 4096;

async function readToken({ io }: Session, what: string, address: string): Promise<string> {
  const text = io.stdin.isTerminal
    ? await io.stdin.readHidden(`${what} for ${address}: `)
    : new TextDecoder().decode(await io.stdin.read(maxTokenBytes));
  const token = text.trim();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new PlumbError('invalid', `expected a ${what}, found ${token === '' ? 'nothing' : 'something else'}`, {
      hint: 'pass it on standard input: plumb login < FILE',
    });
  }
  return token;
}
