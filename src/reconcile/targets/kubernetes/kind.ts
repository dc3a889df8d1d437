import type { Cluster, ClusterAccess, Credential } from './cluster.ts';
import { ExaminedCluster } from './examined.ts';
import { hostMatches } from './hosts.ts';
import { parseInlineKubeconfig } from './kubeconfig.ts';
import { isNamespace } from './names.ts';
import type { ExaminedTarget, ParsedTarget, StoredMaterial, TargetInput, TargetKind } from '../../target-kind.ts';
import { PlumbError } from '#domain/errors';
import type { TargetWatch } from '#domain/records';
import type { Clock, Random } from '#util/clock';

export interface KubernetesParts {
  readonly clock: Clock;
  readonly random: Random;
}

export interface KubernetesKindOptions extends KubernetesParts {
  /** Hosts that a kubeconfig over the API may name: `host`, `host:port`, `*.example.com`. */
  readonly allowedHosts: readonly string[];
}

/** As the server's configuration declares one. */
export interface ConfiguredCluster {
  /** Absolute. */
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly inCluster?: boolean;
  readonly watch?: TargetWatch;
  readonly requestsPerSecond?: number;
}

/** Of one target; characters but for namespaces. */
const limits = { namespaces: 20, context: 253, server: 2048 } as const;

/** Clusters that are added over the API. */
export function kubernetesKind({ allowedHosts, ...parts }: KubernetesKindOptions): TargetKind {
  return {
    type: 'kubernetes',
    parse: (input) => parse(input, allowedHosts, parts.clock.now()),
    make: (_name, { record, credential }) => {
      const { server, watch } = record;
      // The configuration may have become narrower since it was added.
      if (!allowedHosts.some((pattern) => hostMatches(pattern, new URL(server)))) throw notAllowed(server);
      const access = accessOf({ record, credential });
      return new ExaminedCluster({ id: server, watch, clock: parts.clock, connect: () => connect(access, parts) });
    },
  };
}

/** A cluster of the server's configuration. Its kubeconfig is read when it is needed first. */
export function kubernetesTarget(config: ConfiguredCluster, parts: KubernetesParts): ExaminedTarget {
  const { kubeconfig, context, watch = 'names', requestsPerSecond } = config;
  const rate = requestsPerSecond === undefined ? undefined : ratesOf(requestsPerSecond);
  return new ExaminedCluster({
    // Stays the same while the file is renewed.
    id: kubeconfig === undefined ? 'in-cluster' : `${kubeconfig}#${context ?? ''}`,
    watch,
    clock: parts.clock,
    connect: async () => {
      const { accessFromKubeconfigFile, accessInCluster } = await import('./kubeconfig-file.ts');
      const { access } =
        kubeconfig === undefined
          ? await accessInCluster(parts.clock)
          : await accessFromKubeconfigFile(kubeconfig, parts.clock, context);
      return connect(access, { ...parts, ...(rate === undefined ? {} : { rate }) });
    },
  });
}

type Rate = { readonly perSecond: number; readonly burst: number };

function ratesOf(perSecond: number): Rate {
  return { perSecond, burst: perSecond * 2 };
}

/** What speaks HTTP/2 is loaded by who uses it. */
async function connect(access: ClusterAccess, parts: KubernetesParts & { readonly rate?: Rate }): Promise<Cluster> {
  const { connectCluster } = await import('./connect.ts');
  return connectCluster({ access, ...parts });
}

function parse(
  { kubeconfig, context, namespaces, watch }: TargetInput,
  hosts: readonly string[],
  now: number,
): ParsedTarget {
  const parsed = parseInlineKubeconfig(kubeconfig, { hosts, now, ...(context === undefined ? {} : { context }) });
  const { server, ca, serverName, namespace } = parsed;
  const asked = [...new Set(namespaces ?? (namespace === undefined ? [] : [namespace]))];
  checkNamespaces(asked);
  if (parsed.context.length > limits.context || server.length > limits.server) {
    throw new PlumbError(
      'too-large',
      `a context has at most ${limits.context} characters, an address ${limits.server}`,
    );
  }
  const record = {
    type: 'kubernetes',
    server,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    context: parsed.context,
    namespaces: asked,
    watch: watch ?? 'names',
  } as const;
  return { record, credential: JSON.stringify(parsed.credential) };
}

function checkNamespaces(names: readonly string[]): void {
  if (names.length > limits.namespaces) {
    throw new PlumbError('too-large', `a target names at most ${limits.namespaces} namespaces`);
  }
  const diagnostics = names
    .filter((name) => !isNamespace(name))
    .map((name) => ({ subject: name.slice(0, 64), message: 'expected a namespace, 1 to 63 of a-z 0-9 -' }));
  if (diagnostics.length > 0)
    throw new PlumbError('invalid', 'Kubernetes has no namespaces of these names', { diagnostics });
}

function accessOf({ record, credential }: StoredMaterial): ClusterAccess {
  const { server, ca, serverName } = record;
  let known: Promise<Credential> | undefined;
  const read = async (): Promise<Credential> => JSON.parse(await credential()) as Credential;
  return {
    server,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    // Another one makes another target of it, so it is taken from the store once.
    credential: () => {
      known ??= read().catch((error: unknown) => {
        known = undefined;
        throw error;
      });
      return known;
    },
  };
}

function notAllowed(server: string): PlumbError {
  return new PlumbError('forbidden', `the configuration of this server does not allow the host of ${server}`, {
    hint: 'kubernetesHosts lists those that are allowed',
  });
}
