/** Targets as the configuration file of the server names them. Here everything is allowed; over the API it is not. */
import { targetWatches } from '#domain/records';
import type { TargetWatch } from '#domain/records';
import type { Diagnostic } from '#domain/errors';
import { isMapping } from '#util/mapping';
import type { Mapping } from '#util/mapping';

/** A place that the configuration allows to be kept equal. File names in it are absolute. */
export type TargetConfig = FileTargetConfig | KubernetesTargetConfig;

export interface FileTargetConfig {
  readonly type: 'file';
  /** Files are only ever written below it. */
  readonly root: string;
  readonly description?: string;
}

/** Exactly one of `kubeconfig` and `inCluster`. */
export interface KubernetesTargetConfig {
  readonly type: 'kubernetes';
  readonly kubeconfig?: string;
  /** Default: the current one. */
  readonly context?: string;
  /** With what the service account of our own pod has. */
  readonly inCluster?: boolean;
  /** Default `names`. */
  readonly watch?: TargetWatch;
  /** Default 100. */
  readonly requestsPerSecond?: number;
  readonly description?: string;
}

/** Says what is wrong with every target that cannot be understood, and leaves it out. */
export function readTargets(
  written: unknown,
  subject: string,
  diagnostics: Diagnostic[],
): Readonly<Record<string, TargetConfig>> {
  if (written === undefined) return {};
  if (!isMapping(written)) {
    diagnostics.push({ subject, message: 'targets must be a mapping of names to targets' });
    return {};
  }
  const targets = Object.entries(written).flatMap(([name, target]) => {
    const problem = targetProblem(name, target);
    if (problem === undefined) return [[name, target as TargetConfig] as const];
    diagnostics.push({ subject, message: `targets.${name}: ${problem}` });
    return [];
  });
  return Object.fromEntries(targets);
}

/** The same, with file names made absolute. */
export function withFiles(target: TargetConfig, file: (written: string) => string): TargetConfig {
  if (target.type === 'file') return { ...target, root: file(target.root) };
  return target.kubeconfig === undefined ? target : { ...target, kubeconfig: file(target.kubeconfig) };
}

/** Answers what is wrong with a member that is there. */
type Check = (value: unknown) => string | undefined;

const nonEmpty =
  (problem: string): Check =>
  (value) =>
    typeof value === 'string' && value !== '' ? undefined : problem;
const flag =
  (name: string): Check =>
  (value) =>
    typeof value === 'boolean' ? undefined : `${name} must be true or false`;
const description: Check = (value) => (typeof value === 'string' ? undefined : 'description must be text');

interface Type {
  readonly members: Readonly<Record<string, Check>>;
  /** What members are to each other. */
  readonly together: (target: Mapping) => string | undefined;
}

const types: Readonly<Record<TargetConfig['type'], Type>> = {
  file: {
    members: { root: nonEmpty('root must name a folder'), description },
    together: ({ root }) => (root === undefined ? 'root must name a folder' : undefined),
  },
  kubernetes: {
    members: {
      kubeconfig: nonEmpty('kubeconfig must name a file'),
      context: nonEmpty('context must be a name'),
      inCluster: flag('inCluster'),
      watch: (value) =>
        targetWatches.some((watch) => watch === value) ? undefined : `watch must be ${targetWatches.join(' or ')}`,
      requestsPerSecond: (value) =>
        Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 100_000
          ? undefined
          : 'requestsPerSecond must be a whole number from 1 to 100000',
      description,
    },
    together: ({ kubeconfig, inCluster, context }) => {
      if ((kubeconfig !== undefined) === (inCluster === true)) return 'expected either kubeconfig or inCluster: true';
      return context !== undefined && inCluster === true ? 'context goes with kubeconfig' : undefined;
    },
  },
};

function targetProblem(name: string, target: unknown): string | undefined {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return 'a name is 1 to 63 of a-z 0-9 -';
  if (!isMapping(target)) return 'expected a mapping';
  const { type: typeName, ...members } = target;
  const type = typeName === 'file' || typeName === 'kubernetes' ? types[typeName] : undefined;
  if (type === undefined) return `type must be ${Object.keys(types).join(' or ')}`;
  const known = Object.keys(type.members);
  const unknown = Object.keys(members).filter((member) => !known.includes(member));
  if (unknown.length > 0) return `${unknown.join(', ')} is not known here, expected type, ${listed(known)}`;
  for (const [member, check] of Object.entries(type.members)) {
    const problem = member in members ? check(members[member]) : undefined;
    if (problem !== undefined) return problem;
  }
  return type.together(members);
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
