import type { ChangeRequestOp, Client, Kind, ValueType } from '@plumbd/client';
import { valueTypes } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import type { EnvironmentFlags, ReasonFlag } from '../command.ts';
import {
  argument,
  defineCommand,
  environmentAliases,
  environmentFlags,
  numberFlag,
  reasonFlag,
  switchFlag,
  textFlag,
  textsFlag,
} from '../command.ts';
import { parseMoment } from '../duration.ts';
import { UsageError } from '../failures.ts';
import { kindOf } from '../kinds.ts';
import { printChange } from '../results.ts';
import type { Session } from '../session.ts';
import type { Assignment } from '../values.ts';
import { checkAssignments, parseAssignment, readValue } from '../values.ts';

interface Flags extends EnvironmentFlags, ReasonFlag {
  readonly kind?: Kind;
  readonly type?: ValueType;
  readonly expression?: boolean;
  readonly owner?: string;
  readonly description?: string;
  readonly tag?: readonly string[];
  readonly expires?: string;
  readonly ifVersion?: number;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export const command = defineCommand<Flags, string[]>({
  parameters: {
    flags: {
      ...environmentFlags,
      ...reasonFlag,
      kind: {
        kind: 'enum',
        values: ['secret', 'config'],
        optional: true,
        brief: 'Default: as before, else as the environment says, else secret',
      },
      type: { kind: 'enum', values: valueTypes, optional: true, brief: 'Default: as before, else string' },
      expression: switchFlag('The value is an expression with references such as ${DB_HOST}'),
      owner: textFlag('WHO', 'Who answers for the entry'),
      description: textFlag('TEXT', 'What the entry is'),
      tag: textsFlag('TAG', 'Tags of the entry; may be given several times'),
      expires: textFlag('WHEN', 'A date or a duration such as 90d; only informs'),
      ifVersion: numberFlag('N', "Only if the path's own version is N; 0: has none"),
      force: switchFlag('Go on although a reference would break'),
      dryRun: switchFlag('Say what would happen and write nothing'),
    },
    aliases: environmentAliases,
    positional: {
      kind: 'array',
      minimum: 1,
      parameter: argument('PATH=VALUE', 'PATH=- reads standard input, PATH=@FILE a file, PATH alone asks'),
    },
  },
  description: [
    'Several assignments are one change: all of them or none.',
    'The value of a secret is refused on the command line, where the shell keeps it and other users see it: leave it',
    'out and it is asked for, or use - or @FILE. Of a single line from there, the line end is dropped.',
  ].join('\n'),
  examples: [
    { input: 'set changelog/production/DB_HOST=db2.internal --reason "new primary"', brief: '' },
    { input: 'set changelog/production/DB_PASS', brief: 'asks for the secret' },
    { input: 'set -e changelog/production TLS_KEY=@tls.key --type pem', brief: '' },
    { input: "set -e changelog/base 'DB_URL=postgres://${DB_HOST}/app' --expression", brief: '' },
  ],
  see: ['get', 'import', 'delete', 'help paths'],
  async run(session, flags, ...args) {
    const assignments = args.map(parseAssignment);
    checkAssignments(assignments, session.io.stdin.isTerminal);
    if (flags.ifVersion !== undefined && assignments.length > 1)
      throw new UsageError('--if-version goes with one path only');
    const metadata = metadataOf(session, flags);
    const client = await session.connect(flags);
    const ops: ChangeRequestOp[] = [];
    for (const assignment of assignments) {
      ops.push({ ...(await putOf(session, client, flags, assignment)), ...metadata });
    }
    const { reason, force = false, dryRun = false } = flags;
    const result = await client.changes.apply({ ops, force, dryRun, ...(reason === undefined ? {} : { reason }) });
    printChange(session, result, flags.json === true);
  },
});

async function putOf(session: Session, client: Client, flags: Flags, assignment: Assignment): Promise<ChangeRequestOp> {
  const path = await session.path(assignment.name, flags, 'write');
  const kind = await allowedKind(client, flags, path, assignment);
  const { type, expression, ifVersion } = flags;
  return {
    op: 'put',
    path,
    value: await readValue(session.io, assignment, type === 'bytes'),
    ...(kind === undefined ? {} : { kind }),
    ...(type === undefined ? {} : { type }),
    ...(expression ? { form: 'expression' } : {}),
    ...(ifVersion === undefined ? {} : { expect: ifVersion }),
  };
}

/**
 * The kind to ask for. Throws where a secret stands on the command line. An expression may: it names secrets
 * by reference. What was found to be config is sent as config, so that it cannot become a secret meanwhile.
 */
async function allowedKind(
  client: Client,
  flags: Flags,
  path: string,
  { from, text }: Assignment,
): Promise<Kind | undefined> {
  const harmless = from !== 'argument' || (flags.expression && text.includes('${'));
  if (flags.kind === 'config' || harmless) return flags.kind;
  if (flags.kind === undefined && (await kindOf(client, path)) === 'config') return 'config';
  throw new PlumbError(
    'invalid',
    `${path} is a secret, and a secret must not stand on the command line: the shell keeps it and other users see it`,
    {
      hint: `plumb set ${path} asks for it; ${path}=- reads it from standard input, ${path}=@FILE from a file; --kind config if it is none`,
    },
  );
}

function metadataOf(session: Session, { owner, description, tag, expires }: Flags): object {
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
    ...(tag === undefined || tag.length === 0 ? {} : { tags: tag }),
    ...(expires === undefined ? {} : { expires: parseMoment(expires, session.io.now()) }),
  };
}
