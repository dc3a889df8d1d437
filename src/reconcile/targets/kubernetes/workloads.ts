import type { Activator, Consumer, Progress } from '../../activator.ts';
import type { ApiObject, Cluster, ObjectRef } from './cluster.ts';
import { contentKey } from './content-key.ts';
import { isStale } from './references.ts';
import { Restarts } from './restarts.ts';
import { resourceOf } from './workload-index.ts';
import type { Workload } from './workload-index.ts';
import { idOf, parseConsumer, parseName } from './workload-names.ts';
import type { NameParts } from './workload-names.ts';
import { WorkloadNamespace } from './workload-namespace.ts';
import { PlumbError } from '#domain/errors';
import type { Clock } from '#util/clock';

export interface WorkloadsOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Restarts in one namespace. Default 10. */
  readonly restartsPerMinute?: number;
}

export interface ActivatorOptions {
  readonly sync: string;
  /** Something that `progress` said is on its way has arrived, has failed or is gone; or what was asked in vain can be known. */
  readonly changed?: () => void;
}

const idleMs = 600_000;

/**
 * The workloads of one cluster, for all of its syncs. A namespace is followed from when it is first asked about until
 * nobody has asked for ten minutes: what never restarts anything needs no right to look, and costs nothing.
 */
export class Workloads {
  readonly #options: WorkloadsOptions;
  readonly #restarts: Restarts;
  readonly #namespaces = new Map<string, WorkloadNamespace>();

  constructor(options: WorkloadsOptions) {
    this.#options = options;
    const { clock, restartsPerMinute: perMinute } = options;
    this.#restarts = new Restarts({ clock, ...(perMinute === undefined ? {} : { perMinute }) });
  }

  activator(options: ActivatorOptions): Activator {
    const { cluster } = this.#options;
    const changed = (): void => options.changed?.();
    const at: Parts['at'] = (name, signal) => this.#at(name, signal, changed);
    return new WorkloadActivator({ ...options, changed, cluster, restarts: this.#restarts, at });
  }

  close(): void {
    for (const name of [...this.#namespaces.keys()]) this.#release(name);
  }

  /** The namespace, as it is now. One that may not be followed is tried anew by whoever asks next. */
  async #at(name: string, signal: AbortSignal, changed: () => void): Promise<WorkloadNamespace> {
    const namespace = this.#namespaces.get(name) ?? this.#follow(name);
    namespace.askedAt = this.#options.clock.monotonic();
    try {
      await Promise.all([...namespace.kinds.values()].map((index) => index.current(signal)));
    } catch (error) {
      const isRefused = error instanceof PlumbError && error.code === 'forbidden';
      if (!isRefused) namespace.tellKnown(changed);
      else if (this.#namespaces.get(name) === namespace) this.#release(name);
      throw error;
    }
    return namespace;
  }

  #follow(name: string): WorkloadNamespace {
    const namespace = new WorkloadNamespace(this.#options.cluster, name);
    this.#namespaces.set(name, namespace);
    this.#releaseLater(name, namespace, idleMs);
    return namespace;
  }

  #releaseLater(name: string, namespace: WorkloadNamespace, ms: number): void {
    namespace.timer = this.#options.clock.timer(ms, () => {
      const left = idleMs - (this.#options.clock.monotonic() - namespace.askedAt);
      if (left > 0) this.#releaseLater(name, namespace, left);
      else this.#release(name);
    });
  }

  #release(name: string): void {
    const namespace = this.#namespaces.get(name);
    this.#namespaces.delete(name);
    namespace?.timer?.cancel();
    namespace?.stop();
  }
}

interface Parts extends ActivatorOptions {
  readonly changed: () => void;
  readonly cluster: Cluster;
  readonly restarts: Restarts;
  readonly at: (namespace: string, signal: AbortSignal) => Promise<WorkloadNamespace>;
}

/** What one sync asks. Consumers are `<namespace>/Deployment/<name>`, names `<namespace>/Secret/<object>/<key>`. */
class WorkloadActivator implements Activator {
  readonly #parts: Parts;
  readonly #key: string;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#key = contentKey(parts.sync);
  }

  async consumers(names: ReadonlySet<string>, signal: AbortSignal): Promise<readonly Consumer[]> {
    const asked = Map.groupBy([...names].map(parseName), ({ namespace }) => namespace);
    const found = await Promise.all(
      [...asked].map(async ([name, inside]) => [...this.#readers(await this.#parts.at(name, signal), inside)]),
    );
    return found.flat();
  }

  async restart(consumer: string, mark: string, signal: AbortSignal): Promise<boolean> {
    const { namespace, kind, name } = parseConsumer(consumer);
    const index = (await this.#parts.at(namespace, signal)).kinds.get(kind);
    const workload = index?.get(name);
    if (index === undefined || workload === undefined || workload.marks.get(this.#key) === mark) return true;
    if (!this.#parts.restarts.take(namespace)) return false;
    try {
      index.learn(await this.#mark({ resource: resourceOf[kind], namespace, name }, { workload, mark, signal }));
    } catch (error) {
      if (isDefinite(error)) this.#parts.restarts.giveBack(namespace);
      if (!isMissing(error)) throw explained(error, consumer);
      index.forget(name);
    }
    return true;
  }

  async progress(consumer: string, mark: string, signal: AbortSignal): Promise<Progress> {
    const { namespace, kind, name } = parseConsumer(consumer);
    const followed = await this.#parts.at(namespace, signal);
    const workload = followed.kinds.get(kind)?.get(name);
    if (workload === undefined) return { state: 'gone' };
    if (workload.marks.get(this.#key) !== mark) {
      return { state: 'undone', message: 'its pod template does not carry the mark of the restart (any more)' };
    }
    if (workload.progress.state === 'waiting') followed.tell(consumer, this.#parts.changed);
    return workload.progress;
  }

  *#readers({ name: namespace, kinds }: WorkloadNamespace, inside: readonly NameParts[]): Iterable<Consumer> {
    const byObject = Map.groupBy(inside, ({ kind, object }) => `${kind}/${object}`);
    for (const [kind, index] of kinds) {
      for (const [workload, { references }] of index.all()) {
        const names = new Set<string>();
        for (const { kind: of, object, key, way } of references) {
          if (!isStale(way)) continue;
          const asked = byObject.get(`${of}/${object}`) ?? [];
          for (const one of asked) if (key === undefined || key === one.key) names.add(one.name);
        }
        if (names.size > 0) yield { id: idOf(namespace, kind, workload), names: [...names] };
      }
    }
  }

  /**
   * A merge patch and not server-side apply: apply makes what is not there, if only the server lets it, and reads the whole
   * object by its schema, which those refuse that name a variable or a port twice. This changes the one annotation, and
   * with it the template: one new set of pods. The uid, as a precondition, tells a namesake that was made meanwhile, whose
   * pods are new already; a resourceVersion would not do, since every pod that comes or goes changes it.
   */
  #mark(ref: ObjectRef, { workload, mark, signal }: Marking): Promise<ApiObject> {
    const annotations = { [this.#key]: mark };
    const body = { metadata: { uid: workload.uid }, spec: { template: { metadata: { annotations } } } };
    return this.#parts.cluster.patch(ref, body, { lane: 'drift', signal, fieldManager: `plumb/${this.#parts.sync}` });
  }
}

interface Marking {
  readonly workload: Workload;
  readonly mark: string;
  readonly signal: AbortSignal;
}

/** The server answered, and changed nothing. */
function isDefinite(error: unknown): boolean {
  return error instanceof PlumbError && ['forbidden', 'mismatch', 'invalid', 'too-large'].includes(error.code);
}

function isMissing(error: unknown): boolean {
  return error instanceof PlumbError && error.code === 'mismatch' && error.details['reason'] === 'NotFound';
}

/** The uid of a namesake is not ours: the stream will tell it, and the next try finds it. */
function explained(error: unknown, consumer: string): unknown {
  const fields = error instanceof PlumbError && error.code === 'invalid' ? error.details['fields'] : undefined;
  if (!Array.isArray(fields) || !fields.includes('metadata.uid')) return error;
  return new PlumbError('mismatch', `${consumer} was deleted and made again meanwhile`, { cause: error });
}
