import type { Cluster } from './cluster.ts';
import { examine } from './rights.ts';
import { KubernetesTarget } from './target.ts';
import { Workloads } from './workloads.ts';
import type { OpenRequest, Place, PlaceIdentity, TargetOptions } from '../../target.ts';
import type { ExaminedTarget, ExamineRequest, TargetReport } from '../../target-kind.ts';
import type { TargetWatch } from '#domain/records';
import type { Clock } from '#util/clock';

export interface ExaminedClusterOptions {
  /** What a place in it is known by. */
  readonly id: string;
  readonly watch: TargetWatch;
  readonly clock: Clock;
  readonly connect: () => Promise<Cluster>;
}

/** A Kubernetes target that can tell what its API server thinks of us: both over the same connection. */
export class ExaminedCluster implements ExaminedTarget {
  readonly type = 'kubernetes';
  readonly #options: ExaminedClusterOptions;
  readonly #target: KubernetesTarget;
  #cluster: Promise<Cluster> | undefined;
  #requests: ReadonlyMap<string, number> = new Map();

  constructor(options: ExaminedClusterOptions) {
    this.#options = options;
    const { id, watch, clock } = options;
    const activators = (cluster: Cluster): Workloads => new Workloads({ cluster, clock });
    this.#target = new KubernetesTarget({ id, watch, cluster: () => this.#connect(), activators });
  }

  check(at: string, options: TargetOptions): void {
    this.#target.check(at, options);
  }

  identity(at: string): PlaceIdentity {
    return this.#target.identity(at);
  }

  warn(...question: Parameters<KubernetesTarget['warn']>): string | undefined {
    return this.#target.warn(...question);
  }

  /** Of the present connection. */
  get requests(): ReadonlyMap<string, number> {
    return this.#requests;
  }

  open(request: OpenRequest): Promise<Place> {
    return this.#target.open(request);
  }

  async examine(request: ExamineRequest, signal: AbortSignal): Promise<TargetReport> {
    const cluster = await this.#connect();
    return examine(cluster, { ...request, watch: this.#options.watch }, signal);
  }

  async close(): Promise<void> {
    await this.#target.close();
    await (await this.#cluster?.catch(() => undefined))?.close();
  }

  /** One that failed is tried again. */
  #connect(): Promise<Cluster> {
    this.#cluster ??= this.#counted().catch((error: unknown) => {
      this.#cluster = undefined;
      throw error;
    });
    return this.#cluster;
  }

  async #counted(): Promise<Cluster> {
    const cluster = await this.#options.connect();
    this.#requests = cluster.requests;
    return cluster;
  }
}
