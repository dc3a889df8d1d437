import type { SyncInput, SyncMode } from '@plumbd/client';
import { syncModes } from '#domain/records';
import type { ConnectionFlags, ReasonFlag } from '../command.ts';
import { connectionFlags, defineCommand, reasonFlag, switchFlag } from '../command.ts';
import { nameArgument } from '../nouns.ts';
import type { Session } from '../session.ts';
import { printable } from '../style.ts';
import { optionFlags, optionsOf } from '../sync-options.ts';
import type { OptionFlags } from '../sync-options.ts';
import { printPlan } from '../plans.ts';

interface Flags extends ConnectionFlags, ReasonFlag, OptionFlags {
  readonly from: string;
  readonly to: string;
  readonly runAs: string;
  readonly mode?: SyncMode;
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
      to: {
        kind: 'parsed',
        parse: String,
        placeholder: 'PLACE',
        brief: 'Where to: TARGET:FILE, or TARGET/NAMESPACE of a cluster',
      },
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
      ...optionFlags,
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
        'sync create changelog-prod --from changelog/production --to prod-eu/changelog --secret app-secrets --configmap app-config --run-as workload/prod-sync',
      brief: '',
    },
    {
      input:
        "sync create pull-secret --from shared/registry --to 'prod-eu/*' --namespaces team=web --secret pull --secret-type kubernetes.io/dockerconfigjson --run-as workload/prod-sync",
      brief: 'in many namespaces',
    },
    {
      input:
        'sync create staging-file --from changelog/staging --to local:staging.env --run-as workload/laptop --dry-run',
      brief: '',
    },
  ],
  async run(session, { reason, replace = false, dryRun = false, ...flags }, name) {
    const client = await session.connect(flags);
    const input = inputOf(session, flags);
    const sync = await client.syncs.put(name, input, {
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

function inputOf(session: Session, flags: Omit<Flags, 'replace' | 'dryRun'>): SyncInput {
  const { from, to, runAs, mode } = flags;
  const options = optionsOf(session, flags);
  const some = Object.keys(options).length > 0;
  return { from, to, runAs, ...(mode === undefined ? {} : { mode }), ...(some ? { options } : {}) };
}
