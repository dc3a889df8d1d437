import type { SyncInput, SyncMode } from '@plumbd/client';
import { syncModes } from '#domain/records';
import type { ConnectionFlags, ReasonFlag } from '../command.ts';
import { connectionFlags, defineCommand, reasonFlag, switchFlag } from '../command.ts';
import { UsageError } from '../failures.ts';
import { nameArgument } from '../nouns.ts';
import { printable } from '../style.ts';
import { printPlan } from '../syncs.ts';

interface Flags extends ConnectionFlags, ReasonFlag {
  readonly from: string;
  readonly to: string;
  readonly runAs: string;
  readonly mode?: SyncMode;
  readonly option?: readonly string[];
  readonly replace?: boolean;
  readonly dryRun?: boolean;
}

export const command = defineCommand<Flags, [name: string]>({
  parameters: {
    flags: {
      ...connectionFlags,
      ...reasonFlag,
      from: {
        kind: 'parsed',
        parse: String,
        placeholder: 'FOLDER',
        brief: 'Folder whose evaluated values are delivered',
      },
      to: { kind: 'parsed', parse: String, placeholder: 'TARGET:PLACE', brief: 'Where to, such as local:staging.env' },
      runAs: {
        kind: 'parsed',
        parse: String,
        placeholder: 'WORKLOAD',
        brief: 'The workload it runs as; it delivers what that one may read',
      },
      mode: {
        kind: 'enum',
        values: syncModes,
        optional: true,
        brief: 'What happens when the place was changed. Default: repair',
      },
      option: {
        kind: 'parsed',
        parse: String,
        optional: true,
        variadic: true,
        placeholder: 'NAME=VALUE',
        brief: "Of the target's type, such as block=app; may be given several times",
      },
      replace: switchFlag('Also if there is one of this name'),
      dryRun: switchFlag('Show the plan and declare nothing'),
    },
    positional: nameArgument({ noun: 'sync', placeholder: 'NAME' }),
  },
  description:
    'From then on the place is kept in agreement with the folder. Names there that Plumb did not write are never touched.',
  examples: [
    {
      input:
        'sync create staging-file --from changelog/staging --to local:staging.env --run-as workload/laptop --dry-run',
      brief: '',
    },
  ],
  async run(session, { reason, replace = false, dryRun = false, ...flags }, name) {
    const client = await session.connect(flags);
    const sync = await client.syncs.put(name, inputOf(flags), {
      expectAbsent: !replace,
      dryRun,
      ...(reason === undefined ? {} : { reason }),
    });
    if (flags.json) return session.printJson(sync);
    if (sync.plan !== undefined) printPlan(session, sync.plan);
    session.print(
      dryRun
        ? 'dry run: nothing was declared\n'
        : `${replace ? 'put' : 'created'} sync ${printable(name)}\nrevision ${sync.revision}\n`,
    );
  },
});

function inputOf({ from, to, runAs, mode, option = [] }: Omit<Flags, 'replace' | 'dryRun'>): SyncInput {
  const options = Object.fromEntries(option.map(parseOption));
  return { from, to, runAs, ...(mode === undefined ? {} : { mode }), ...(option.length === 0 ? {} : { options }) };
}

/** Numbers and booleans are taken as such, everything else as text. */
function parseOption(text: string): readonly [string, unknown] {
  const found = /^([^=]+)=(.*)$/s.exec(text);
  if (found === null) throw new UsageError('--option is NAME=VALUE');
  const [, name = '', value = ''] = found;
  return [name, /^(true|false|-?(0|[1-9]\d{0,14}))$/.test(value) ? JSON.parse(value) : value];
}
