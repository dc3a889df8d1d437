import type { ConnectionFlags } from '../command.ts';
import { connectionFlags, defineCommand, switchFlag } from '../command.ts';
import { parseAddress } from '../address.ts';
import type { Address } from '../address.ts';
import { credentialsPath, readCredentials, removeToken } from '../credentials.ts';
import { UsageError } from '../failures.ts';
import { forgetAllKept, forgetKept } from '../offline.ts';
import type { Session } from '../session.ts';

interface Flags extends ConnectionFlags {
  readonly all?: boolean;
  readonly revoke?: boolean;
}

export const command = defineCommand<Flags, []>({
  parameters: {
    flags: {
      ...connectionFlags,
      all: switchFlag('Every address, and everything that is kept offline'),
      revoke: switchFlag('Also end the token on the server, and those made with it'),
    },
  },
  description: [
    'Takes away the token that plumb login keeps for an address, and what is kept offline of what it may read. The server is',
    'not asked, unless --revoke is given: then the token ends there first, and stays here if that fails. With --all also the',
    'key of what is kept offline goes, so that a copy of it is of no use.',
  ].join('\n'),
  examples: [
    { input: 'logout', brief: 'where the last login was' },
    { input: 'logout --address https://plumb.example --revoke', brief: '' },
    { input: 'logout --all', brief: 'nothing stays on this machine' },
  ],
  see: ['login', 'token revoke'],
  async run(session, flags) {
    const { io } = session;
    const addresses = chosen(session, flags);
    for (const address of addresses) await leave(session, flags, address);
    if (flags.all) {
      io.files.remove(credentialsPath(io));
      await forgetAllKept(io);
    }
    const signedOut = addresses.map(({ text }) => text);
    if (flags.json) session.printJson({ signedOut });
    else if (signedOut.length === 0) session.print('no token was kept\n');
    else for (const text of signedOut) session.print(`signed out of ${text}\n`);
    if (io.env['PLUMB_TOKEN']) session.note('note', 'PLUMB_TOKEN is still set, and is used by other commands');
  },
});

function chosen(session: Session, flags: Flags): readonly Address[] {
  const { io } = session;
  if (flags.all) {
    if (flags.address !== undefined) throw new UsageError('--all does not go with --address');
    return Object.keys(readCredentials(io).tokens).map((text) => parseAddress(text, io.cwd));
  }
  const credentials = readCredentials(io);
  const address = session.chooseAddress(flags, credentials.default);
  return Object.hasOwn(credentials.tokens, address.text) ? [address] : [];
}

async function leave(session: Session, flags: Flags, address: Address): Promise<void> {
  const { io } = session;
  const token = readCredentials(io).tokens[address.text]?.token;
  if (token === undefined) return;
  if (flags.revoke) {
    const client = await session.clientFor(address, token);
    await client.tokens.revoke((await client.whoami()).accessor);
  }
  await forgetKept(io, { address, token });
  removeToken(io, address);
}
