import type { Client } from '@plumbd/client';
import type { ConnectionFlags } from '../command.ts';
import { connectionFlags, defineCommand } from '../command.ts';
import { readCredentials, tokenFor } from '../credentials.ts';
import type { Check, Finding, FindingState, Known } from '../doctor.ts';
import { lookAt } from '../doctor.ts';
import { machineChecks } from '../doctor-machine.ts';
import { accountChecks, serverCheck, serverChecks } from '../doctor-server.ts';
import { exitCodes } from '../failures.ts';
import { during } from '../progress.ts';
import type { Session } from '../session.ts';
import { padded, printable, width } from '../style.ts';

export const command = defineCommand<ConnectionFlags, []>({
  parameters: { flags: connectionFlags },
  description: [
    'Looks at this machine (program, completion, who may read credentials, keys and the socket, free space) and at the',
    'server (whether it answers, its version, clock and certificate, who you are, whether the store and the audit file are',
    'whole, syncs that need a person). Without a server it tells what it can. What you may not ask is skipped. Exit code 1',
    'if anything failed; a warning is no failure.',
  ].join('\n'),
  examples: [
    { input: 'doctor', brief: '' },
    { input: 'doctor --address https://plumb.example --json', brief: 'for a program' },
  ],
  see: ['audit verify', 'sync status', 'whoami'],
  async run(session, flags) {
    const findings: Finding[] = [];
    const look = async (checks: readonly Check[]): Promise<void> => {
      for (const check of checks) findings.push(await during(session, `looking at ${check.name}`, lookAt(check)));
    };
    const known = await connection(session, flags, findings);
    await look(machineChecks(known));
    if (known.address !== undefined && known.client !== undefined) await lookAtServer(known, findings, look);
    const failed = findings.some(({ state }) => state === 'fail');
    if (flags.json) session.printJson({ ok: !failed, findings });
    else print(session, findings);
    if (failed) session.exitWith(exitCodes.failed.code);
  },
});

/** Where to connect; that it cannot be told is a finding. */
async function connection(session: Session, flags: ConnectionFlags, findings: Finding[]): Promise<Known> {
  let client: Client | undefined;
  let address: Known['address'];
  const finding = await lookAt({
    name: 'address',
    look: async () => {
      const credentials = readable(session);
      address = session.chooseAddress(flags, credentials.default);
      client = await session.clientFor(address, tokenFor(session.io, address, credentials));
      return { check: 'address', state: 'ok', says: address.text };
    },
  });
  findings.push(finding);
  return { session, address, client };
}

/** What is wrong with the file is told by a check of its own. */
function readable(session: Session): ReturnType<typeof readCredentials> {
  try {
    return readCredentials(session.io);
  } catch {
    return { tokens: {} };
  }
}

async function lookAtServer(
  known: Known,
  findings: Finding[],
  look: (checks: readonly Check[]) => Promise<void>,
): Promise<void> {
  const { session, address, client } = known;
  if (address === undefined || client === undefined) return;
  const { io } = session;
  await look([{ name: 'server', look: () => serverCheck(client, address, io.version) }]);
  // The certificate is worth looking at just when nothing else answers.
  const answers = findings.at(-1)?.state !== 'fail';
  await look(serverChecks(known).filter(({ name }) => answers || name === 'tls'));
  if (answers && findings.find(({ check }) => check === 'token')?.state === 'ok')
    await look(accountChecks(client, io.now));
}

const words: Readonly<Record<FindingState, string>> = { ok: 'ok', warn: 'warn', fail: 'FAIL', skipped: '-' };

function print(session: Session, findings: readonly Finding[]): void {
  const { style } = session;
  const paint = { ok: style.green, warn: style.yellow, fail: style.red, skipped: style.dim } as const;
  const wide = Math.max(...findings.map(({ check }) => width(check)));
  for (const { check, state, says, hint } of findings) {
    session.print(`${paint[state](padded(words[state], 4))}  ${padded(check, wide)}  ${printable(says)}\n`);
    if (hint !== undefined) session.print(`${' '.repeat(wide + 8)}hint: ${printable(hint)}\n`);
  }
  const number = (state: FindingState): number => findings.filter((finding) => finding.state === state).length;
  session.print(`${number('fail')} failed, ${number('warn')} to look at, ${number('ok')} well\n`);
}
