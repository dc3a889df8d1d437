import type { EnvironmentFlags, ReasonFlag } from '../command.ts';
import {
  argument,
  defineCommand,
  environmentAliases,
  environmentFlags,
  numberFlag,
  reasonFlag,
  switchFlag,
} from '../command.ts';
import { UsageError } from '../failures.ts';
import { printChange } from '../results.ts';
import type { Session } from '../session.ts';

interface Flags extends EnvironmentFlags, ReasonFlag {
  readonly ifVersion?: number;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

const parameters = {
  flags: {
    ...environmentFlags,
    ...reasonFlag,
    ifVersion: numberFlag('N', "Only if the path's own version is N; 0: has none"),
    force: switchFlag('Go on although a reference would break'),
    dryRun: switchFlag('Say what would happen and write nothing'),
  },
  aliases: environmentAliases,
  positional: { kind: 'array', minimum: 1, parameter: argument('PATH', 'Path of an entry, or a single name') },
} as const;

export const deleteCommand = defineCommand<Flags, string[]>({
  parameters,
  description:
    'Several paths are one change. The versions stay in the history; what an environment inherits shows again.',
  examples: [
    { input: 'delete changelog/staging/OLD_TOKEN --reason "not used any more"', brief: '' },
    { input: 'delete -e changelog/staging A B', brief: 'two entries, one change' },
  ],
  run: (session, flags, ...names) => end(session, 'delete', flags, names),
});

export const unsetCommand = defineCommand<Flags, string[]>({
  parameters,
  description: 'The environment then has no such entry, although the one it extends has. Several paths are one change.',
  examples: [{ input: 'unset changelog/test/SENTRY_DSN --reason "no reports from tests"', brief: '' }],
  run: (session, flags, ...names) => end(session, 'unset', flags, names),
});

async function end(session: Session, op: 'delete' | 'unset', flags: Flags, names: readonly string[]): Promise<void> {
  const { ifVersion, reason, force = false, dryRun = false } = flags;
  if (ifVersion !== undefined && names.length > 1) throw new UsageError('--if-version goes with one path only');
  const expect = ifVersion === undefined ? {} : { expect: ifVersion };
  const ops = await Promise.all(
    names.map(async (name) => ({ op, path: await session.path(name, flags, 'write'), ...expect })),
  );
  const client = await session.connect(flags);
  const result = await client.changes.apply({ ops, force, dryRun, ...(reason === undefined ? {} : { reason }) });
  printChange(session, result, flags.json === true);
}
