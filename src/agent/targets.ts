/** The roots of the configuration as targets whose syncs may have a reload command. */
import { join } from 'node:path';
import { Reload } from './reload.ts';
import type { ReloadParts } from './reload.ts';
import { checkReload, parseReload } from './reload-options.ts';
import type { HostTargets } from '#reconcile/host';
import type { OpenRequest, Place, PlaceIdentity, Target, TargetOptions, WriteRequest } from '#reconcile/target';
import { FileTarget } from '#reconcile/targets/file/target';

/** A file target whose option `reload` is ours. */
class ReloadingTarget implements Target {
  readonly type = 'file';
  readonly root: string;
  readonly #inner: FileTarget;
  readonly #parts: ReloadParts;
  readonly #reloads = new Set<Reload>();

  constructor(root: string, parts: ReloadParts) {
    this.root = root;
    this.#inner = new FileTarget({ root });
    this.#parts = parts;
  }

  check(at: string, { reload, ...options }: TargetOptions): void {
    checkReload(reload);
    this.#inner.check(at, options);
  }

  identity(at: string, { reload: _, ...options }: TargetOptions): PlaceIdentity {
    return this.#inner.identity(at, options);
  }

  async open(request: OpenRequest): Promise<Place> {
    const { reload: written, ...options } = request.options;
    const inner = await this.#inner.open({ ...request, options });
    const reload = parseReload(written);
    if (reload === undefined) return inner;
    const subject = { ...reload, sync: request.sync, path: join(this.root, request.at) };
    const activator = new Reload(this.#parts, subject);
    this.#reloads.add(activator);
    return reloading(inner, activator, () => this.#reloads.delete(activator));
  }

  async settled(): Promise<void> {
    await Promise.all([...this.#reloads].map((reload) => reload.settled()));
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }
}

/** The same place, whose changes are told to a command. */
function reloading(inner: Place, activator: Reload, closed: () => void): Place {
  return {
    activator,
    groupOf: (name) => inner.groupOf(name),
    read: (request, signal) => inner.read(request, signal),
    mark: (signal) => inner.mark(signal),
    ...(inner.patienceMs === undefined ? {} : { patienceMs: inner.patienceMs }),
    write: (request: WriteRequest, signal) => {
      activator.writing(request.steps.map(({ name }) => name));
      return inner.write(request, signal);
    },
    watch(changed) {
      activator.onTried(changed);
      const stop = inner.watch?.(changed);
      return () => stop?.();
    },
    async close() {
      closed();
      await activator.close();
      await inner.close();
    },
  };
}

/** The targets of the agent, by the names of its roots. */
export class AgentTargets implements HostTargets {
  readonly #parts: ReloadParts;
  readonly #targets = new Map<string, ReloadingTarget>();
  readonly #retired: ReloadingTarget[] = [];

  constructor(parts: ReloadParts) {
    this.#parts = parts;
  }

  get(name: string): Target | undefined {
    return this.#targets.get(name);
  }

  /** Takes other roots; answers the names of those that stand elsewhere now, or are gone. What the old ones hold is kept until the end. */
  declare(roots: Readonly<Record<string, string>>): readonly string[] {
    const old = [...this.#targets].filter(([name, { root }]) => roots[name] !== root);
    for (const [name, target] of old) {
      this.#targets.delete(name);
      this.#retired.push(target);
    }
    for (const [name, root] of Object.entries(roots)) {
      if (!this.#targets.has(name)) this.#targets.set(name, new ReloadingTarget(root, this.#parts));
    }
    return old.map(([name]) => name);
  }

  /** Resolves when no reload command runs. */
  async settled(): Promise<void> {
    await Promise.all([...this.#targets.values()].map((target) => target.settled()));
  }

  async close(): Promise<void> {
    for (const target of [...this.#retired, ...this.#targets.values()]) await target.close();
  }
}
