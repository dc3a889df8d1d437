import type { Cluster } from './cluster.ts';
import { warningOf } from './names.ts';
import { parseKubernetesOptions } from './options.ts';
import { KubernetesPlace } from './place.ts';
import type { Activator } from '../../activator.ts';
import type { OpenRequest, Place, PlaceIdentity, Target, TargetOptions } from '../../target.ts';
import type { TargetWatch } from '#domain/records';

/** Who starts workloads anew, for all syncs of one cluster. */
export interface Activators {
  activator(options: { readonly sync: string; readonly changed: () => void }): Activator;
  close(): void;
}

export interface KubernetesTargetOptions {
  /** The address of the API server: what was written to another one is not ours in it. */
  readonly id: string;
  /** Called when it is needed first. It is closed with the target. */
  readonly cluster: () => Promise<Cluster>;
  /** Default `names`. */
  readonly watch?: TargetWatch;
  /** Absent: nothing is restarted. */
  readonly activators?: (cluster: Cluster) => Activators;
}

interface Connected {
  readonly cluster: Cluster;
  readonly activators: Activators | undefined;
}

/** Keeps Secrets and ConfigMaps of one cluster. `at` is a namespace, or `*`; options: {@link parseKubernetesOptions}. */
export class KubernetesTarget implements Target {
  readonly type = 'kubernetes';
  readonly #options: KubernetesTargetOptions;
  #connected: Promise<Connected> | undefined;

  constructor(options: KubernetesTargetOptions) {
    this.#options = options;
  }

  check(at: string, options: TargetOptions): void {
    parseKubernetesOptions(at, options);
  }

  /** Who else writes a name is told by the API server. */
  identity(at: string): PlaceIdentity {
    return { id: `${this.#options.id} ${at}`, claims: [] };
  }

  warn(
    _at: string,
    _options: TargetOptions,
    entry: { readonly name: string; readonly bytes: number },
  ): string | undefined {
    return warningOf(entry);
  }

  async open({ sync, at, options, fingerprint }: OpenRequest): Promise<Place> {
    const parsed = parseKubernetesOptions(at, options);
    const { cluster, activators } = await this.#connect();
    return new KubernetesPlace({
      cluster,
      sync,
      options: parsed,
      watch: this.#options.watch ?? 'names',
      fingerprint,
      ...(activators === undefined || !parsed.restart
        ? {}
        : { activator: (changed) => activators.activator({ sync, changed }) }),
    });
  }

  async close(): Promise<void> {
    const connected = await this.#connected?.catch(() => undefined);
    connected?.activators?.close();
    await connected?.cluster.close();
  }

  /** One that failed is tried again. */
  async #connect(): Promise<Connected> {
    const connecting = (this.#connected ??= this.#make());
    try {
      return await connecting;
    } catch (error) {
      if (this.#connected === connecting) this.#connected = undefined;
      throw error;
    }
  }

  async #make(): Promise<Connected> {
    const cluster = await this.#options.cluster();
    return { cluster, activators: this.#options.activators?.(cluster) };
  }
}
