import type { TargetInput, TargetWatch } from '@plumbd/client';
import { dirname, join, resolve } from 'node:path';
import { targetWatches } from '#domain/records';
import { decodeText } from '#format/text';
import type { ConnectionFlags, ReasonFlag } from '../command.ts';
import { connectionFlags, defineCommand, reasonFlag, switchFlag, textFlag, textsFlag } from '../command.ts';
import { UsageError } from '../failures.ts';
import type { UserKubeconfig } from '../kubeconfig.ts';
import { nameArgument } from '../nouns.ts';
import type { Session } from '../session.ts';
import { printable } from '../style.ts';
import { printReport } from '../targets.ts';
import { readFile } from '../values.ts';

interface Flags extends ConnectionFlags, ReasonFlag {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: readonly string[];
  readonly watch?: TargetWatch;
  readonly description?: string;
  readonly replace?: boolean;
}

/** Bytes of a user's whole kubeconfig, with all its contexts. */
const maxBytes = 4 * 1024 * 1024;

export const command = defineCommand<Flags, [name: string]>({
  parameters: {
    flags: {
      ...connectionFlags,
      ...reasonFlag,
      kubeconfig: textFlag('FILE', 'Kubeconfig, or - for standard input. Default: KUBECONFIG, ~/.kube/config'),
      context: textFlag('NAME', 'Context of the kubeconfig. Default: the current one'),
      namespace: textsFlag(
        'NAMESPACE',
        'Where its rights are looked at; may be given several times. Default: that of the context',
      ),
      watch: {
        kind: 'enum',
        values: targetWatches,
        optional: true,
        brief: 'Follow single names, which takes the fewest rights, or whole namespaces. Default: names',
      },
      description: textFlag('TEXT', 'What it is, for people'),
      replace: switchFlag('Also if there is one of this name'),
    },
    positional: nameArgument({ noun: 'target', placeholder: 'NAME' }),
  },
  description: [
    'Sends the context with what it names, and nothing else of the kubeconfig. Certificates, keys and tokens that stand in',
    'files of yours are written into it; a context that signs in by a program is refused. The credential is kept as a',
    'secret. Then says as whom the cluster knows it, and which rights it has and lacks.',
  ].join('\n'),
  examples: [
    { input: 'target add prod-eu --kubeconfig ~/.kube/config --context prod-eu --namespace changelog', brief: '' },
  ],
  async run(session, flags, name) {
    const input = await inputOf(session, flags);
    const client = await session.connect(flags);
    const added = await client.targets.put(name, input, {
      expectAbsent: flags.replace !== true,
      ...(flags.reason === undefined ? {} : { reason: flags.reason }),
    });
    if (!flags.json) {
      session.print(
        `${flags.replace === true ? 'put' : 'added'} target ${printable(name)}\nrevision ${added.revision}\n`,
      );
      session.print(`server    ${printable(added.server ?? '')}\n`);
    }
    const report = await client.targets.check(name);
    if (flags.json) session.printJson({ ...added, check: report });
    else printReport(session, report);
  },
});

async function inputOf(session: Session, flags: Flags): Promise<Omit<TargetInput, 'reason'>> {
  const { namespace, watch, description } = flags;
  const { oneContext } = await import('../kubeconfig.ts');
  return {
    type: 'kubernetes',
    ...oneContext(await fileOf(session, flags)),
    ...(namespace === undefined ? {} : { namespaces: namespace }),
    ...(watch === undefined ? {} : { watch }),
    ...(description === undefined ? {} : { description }),
  };
}

async function fileOf({ io }: Session, { kubeconfig, context }: Flags): Promise<UserKubeconfig> {
  const common = { context, readFile: (path: string) => io.files.read(path, maxBytes) };
  if (kubeconfig === '-') {
    const text = decodeText(await io.stdin.read(maxBytes), 'standard input', maxBytes);
    return { ...common, text, subject: 'standard input', folder: io.cwd };
  }
  const subject = kubeconfig ?? (io.env['KUBECONFIG'] || join(io.home, '.kube/config'));
  if (kubeconfig === undefined && subject.includes(':')) {
    throw new UsageError('KUBECONFIG names several files', '--kubeconfig names the one to take');
  }
  const text = decodeText(readFile(io, subject, maxBytes), subject, maxBytes);
  return { ...common, text, subject, folder: dirname(resolve(io.cwd, subject)) };
}
