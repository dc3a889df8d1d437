import type { ConnectionFlags } from '../command.ts';
import { connectionFlags, defineCommand, switchFlag, textsFlag } from '../command.ts';
import { exitCodes } from '../failures.ts';
import { nameArgument } from '../nouns.ts';
import { isComplete, printReport } from '../targets.ts';

interface Flags extends ConnectionFlags {
  readonly namespace?: readonly string[];
  readonly secret?: readonly string[];
  readonly configmap?: readonly string[];
  readonly noRestart?: boolean;
  readonly exitCode?: boolean;
}

export const command = defineCommand<Flags, [name: string]>({
  parameters: {
    flags: {
      ...connectionFlags,
      namespace: textsFlag('NAMESPACE', 'Where; may be given several times. Default: those of the target'),
      secret: textsFlag('OBJECT', 'Only this Secret; may be given several times. Default: any'),
      configmap: textsFlag('OBJECT', 'Only this ConfigMap; may be given several times. Default: any'),
      noRestart: switchFlag('Leave out what it takes to restart workloads'),
      exitCode: switchFlag('Exit with 3 if a right is missing'),
    },
    positional: nameArgument({ noun: 'target', placeholder: 'NAME' }),
  },
  description: 'Asks the cluster what it is, as whom it knows the target, and which rights that one has and lacks.',
  examples: [
    { input: 'target check prod-eu', brief: '' },
    { input: 'target check prod-eu --namespace changelog --secret app-secrets --exit-code', brief: 'for a script' },
  ],
  async run(session, flags, name) {
    const { namespace, noRestart, exitCode } = flags;
    const objects = objectsOf(flags);
    const client = await session.connect(flags);
    const report = await client.targets.check(name, {
      ...(namespace === undefined ? {} : { namespaces: namespace }),
      ...(objects.length === 0 ? {} : { objects }),
      ...(noRestart === true ? { restart: false } : {}),
    });
    if (flags.json) session.printJson(report);
    else printReport(session, report);
    if (exitCode === true && !isComplete(report)) session.exitWith(exitCodes.differs.code);
  },
});

function objectsOf({ secret = [], configmap = [] }: Flags) {
  const named = (kind: 'Secret' | 'ConfigMap', names: readonly string[]) => names.map((name) => ({ kind, name }));
  return [...named('Secret', secret), ...named('ConfigMap', configmap)];
}
