import type { ConnectionFlags } from '../command.ts';
import { argument, connectionFlags, defineCommand, numberFlag, textFlag, textsFlag } from '../command.ts';
import { parseDuration } from '../duration.ts';
import { printable, table, timeText } from '../style.ts';

interface CreateFlags extends ConnectionFlags {
  readonly principal?: string;
  readonly ttl?: number;
  readonly uses?: number;
  readonly policy?: readonly string[];
  readonly description?: string;
}

export const create = defineCommand<CreateFlags, []>({
  parameters: {
    flags: {
      ...connectionFlags,
      principal: textFlag('KIND/NAME', 'Whose token it is. Default: yours'),
      ttl: {
        kind: 'parsed',
        parse: parseDuration,
        optional: true,
        placeholder: 'TIME',
        brief: 'How long, such as 15m or 30d. Default: 30d',
      },
      uses: numberFlag('N', 'How often. Default: without a limit', 1),
      policy: textsFlag('NAME', "Only these of the principal's policies; may be given several times"),
      description: textFlag('TEXT', 'What it is for'),
    },
  },
  description:
    'It is shown once, on standard output, and stored only as a hash. It ends with the token it was made with.',
  examples: [
    { input: 'token create --ttl 1h --uses 3 --policy read-production', brief: '' },
    { input: 'token create --principal workload/deployer > deployer.token', brief: '' },
  ],
  async run(session, { principal, ttl, uses, policy, description, ...flags }) {
    const client = await session.connect(flags);
    const issued = await client.tokens.create({
      ...(principal === undefined ? {} : { principal }),
      ...(ttl === undefined ? {} : { ttl }),
      ...(uses === undefined ? {} : { uses }),
      ...(policy === undefined || policy.length === 0 ? {} : { policies: policy }),
      ...(description === undefined ? {} : { description }),
    });
    if (flags.json) return session.printJson(issued);
    session.print(`${printable(issued.token)}\n`);
    const until = issued.expires === undefined ? '' : `, until ${timeText(issued.expires)}`;
    session.note('note', `accessor ${issued.accessor} of ${issued.principal}${until}`);
  },
});

export const list = defineCommand<ConnectionFlags, []>({
  parameters: { flags: connectionFlags },
  examples: [{ input: 'token list', brief: '' }],
  paged: true,
  async run(session, flags) {
    const client = await session.connect(flags);
    const tokens = await client.tokens.list();
    if (flags.json) return session.printJson({ items: tokens });
    const rows = tokens.map(({ accessor, principal, policies, created, expires, uses, description }) => [
      accessor,
      principal,
      policies === undefined ? 'all' : policies.join(', '),
      timeText(created),
      expires === undefined ? 'never' : timeText(expires),
      uses === undefined ? '' : String(uses),
      description ?? '',
    ]);
    session.print(
      table(['ACCESSOR', 'PRINCIPAL', 'POLICIES', 'CREATED', 'ENDS', 'USES', 'DESCRIPTION'], rows, session.room),
    );
  },
});

export const revoke = defineCommand<ConnectionFlags, [accessor: string]>({
  parameters: {
    flags: connectionFlags,
    positional: { kind: 'tuple', parameters: [argument('ACCESSOR', 'As token list shows it')] },
  },
  examples: [{ input: 'token revoke 4b1f0c9e', brief: '' }],
  async run(session, flags, accessor) {
    const client = await session.connect(flags);
    const result = await client.tokens.revoke(accessor);
    if (flags.json) session.printJson(result);
    else session.print(`revoked ${result.revoked} ${result.revoked === 1 ? 'token' : 'tokens'}\n`);
  },
});
