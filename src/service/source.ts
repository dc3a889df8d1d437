import { checkFolderSize } from './entries.ts';
import type { Gate } from './gate.ts';
import { PresentLoaders } from './loaders.ts';
import type { Rights } from './rights.ts';
import type { Why } from './services.ts';
import type { Deliveries } from './why.ts';
import type { Keyring } from '#crypto/keyring';
import type { TruthOp, WorkOp } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { nameOf, nounPaths, parseFolder } from '#domain/path';
import type { Path } from '#domain/path';
import { serverPrincipal } from '#domain/principal';
import type { Fingerprint, InventoryRecord, SyncSpec, SyncStatus } from '#domain/records';
import { evaluateFolder } from '#eval/evaluate';
import type { FolderEvaluation } from '#eval/evaluate';
import type { Problem } from '#eval/problem';
import type { Head } from '#domain/entry';
import type { Delivery, SyncName, SyncSource, Wish } from '#reconcile/reconciler';
import { Interests } from '#state/interest';
import type { View, WorkDraft, WorkView } from '#state/view';
import type { Commit, Log } from '#store/log';

export interface SourceOptions {
  readonly gate: Gate;
  readonly state: View;
  readonly workState: WorkView;
  readonly work: Log<WorkOp, WorkDraft>;
  readonly keyring: Keyring;
}

type Stalled = Extract<Wish, { readonly kind: 'stalled' }>;
const noNames: InventoryRecord = { names: {} };

/** What the server lends to the loop; and which sync has to hear of which change. */
export class ServerSource implements SyncSource, Deliveries {
  readonly #options: SourceOptions;
  /** What the last evaluation of each sync touched: entries, environments, its principal and that one's policies. */
  readonly #touched = new Interests<SyncName>();

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  *names(): Iterable<SyncName> {
    for (const [name] of this.#options.state.records('sync')) yield name;
  }

  spec(name: SyncName): SyncSpec | undefined {
    return this.#options.state.record('sync', name);
  }

  async wish(name: SyncName, supposed?: SyncSpec): Promise<Wish> {
    const spec = supposed ?? this.spec(name);
    if (spec === undefined) {
      this.#touched.delete(name);
      return { kind: 'absent' };
    }
    const evaluated = this.#evaluate(spec);
    if (supposed === undefined) this.#remember(name, spec, 'kind' in evaluated ? undefined : evaluated);
    if ('kind' in evaluated) return evaluated;
    const { problems, values, withheld } = evaluated;
    if (problems.length > 0 || withheld > 0) return incomplete(spec, evaluated);
    const desired = new Map(values.map(({ path, text, secret }) => [nameOf(path), { value: text, secret }]));
    return { kind: 'desired', desired, revision: this.#revisionOf(evaluated) };
  }

  /** Why entries of a sync cannot be evaluated by its workload. */
  problems(spec: SyncSpec): readonly Problem[] {
    const evaluated = this.#evaluate(spec);
    return 'kind' in evaluated ? [] : evaluated.problems;
  }

  inventory(name: SyncName): InventoryRecord {
    return this.#options.workState.record('inventory', name) ?? noNames;
  }

  saveInventory(name: SyncName, record: InventoryRecord): Promise<void> {
    return this.#commit(name, [{ op: 'record', noun: 'inventory', name, record }]);
  }

  status(name: SyncName): SyncStatus | undefined {
    return this.#options.workState.record('sync-status', name);
  }

  save(name: SyncName, inventory: InventoryRecord, status: SyncStatus): Promise<void> {
    return this.#commit(name, [
      { op: 'record', noun: 'inventory', name, record: inventory },
      { op: 'record', noun: 'sync-status', name, record: status },
    ]);
  }

  /** Forgets what was written for a sync of the name that is gone. */
  async forget(name: SyncName): Promise<void> {
    const { workState, work } = this.#options;
    this.#touched.delete(name);
    if (workState.record('inventory', name) === undefined && workState.record('sync-status', name) === undefined)
      return;
    await work.commit({
      ...own,
      prepare: () => [
        { op: 'record', noun: 'inventory', name, record: null },
        { op: 'record', noun: 'sync-status', name, record: null },
      ],
    });
  }

  fingerprint(sync: SyncName, name: string, value: string): Fingerprint {
    return this.#options.keyring.fingerprint(`${sync}\0${name}`, value);
  }

  async recordDelivery(name: SyncName, delivery: Delivery): Promise<void> {
    const spec = this.spec(name);
    const path = nounPaths.sync(name);
    const names = [...delivery.created, ...delivery.updated, ...delivery.deleted];
    const paths = [path, ...names.map((item) => `${spec?.from ?? ''}/${item}`)];
    await this.#options.gate.recordOwn({ action: 'sync', path }, spec?.runAs ?? serverPrincipal, paths);
  }

  touching(path: string): Iterable<SyncName> {
    return this.#touched.match(path);
  }

  delivery(name: SyncName): Why['deliveries'][number] | undefined {
    const spec = this.spec(name);
    if (spec === undefined) return undefined;
    const status = this.status(name);
    const inSync = status?.conditions.some(({ type, status: is }) => type === 'InSync' && is === 'true') ?? false;
    return {
      sync: name,
      target: spec.target,
      at: spec.at,
      inSync,
      ...(status?.appliedRevision === undefined ? {} : { appliedRevision: status.appliedRevision }),
      ...(status?.appliedAt === undefined ? {} : { appliedAt: status.appliedAt }),
    };
  }

  /** The syncs that a commit may concern: those whose last evaluation touched a path of it, and those whose spec is in it. */
  concerned(commit: Commit<TruthOp>): ReadonlySet<SyncName> {
    const names = new Set<SyncName>();
    for (const { ops } of commit.changes) {
      for (const op of ops) {
        if (op.op === 'record' && op.noun === 'sync') names.add(op.name);
        const path = op.op === 'record' ? nounPaths[op.noun](op.name) : op.path;
        for (const name of this.#touched.match(path)) names.add(name);
      }
    }
    return names;
  }

  #evaluate(spec: SyncSpec): FolderEvaluation<Head> | Stalled {
    const { gate, state, keyring } = this.#options;
    const rights = gate.rightsOf(spec.runAs);
    if (rights === undefined) {
      return { kind: 'stalled', reason: 'PrincipalDisabled', message: `${spec.runAs} is disabled or gone` };
    }
    const folder = parseFolder(spec.from);
    try {
      checkFolderSize(state, folder);
    } catch (error) {
      if (error instanceof PlumbError) return { kind: 'stalled', reason: 'TooLarge', message: error.message };
      throw error;
    }
    return evaluateFolder(folder, new PresentLoaders(state, rights, keyring));
  }

  #remember(name: SyncName, spec: SyncSpec, evaluated: FolderEvaluation<Head> | undefined): void {
    const policies = this.#options.state.record('principal', spec.runAs)?.policies ?? [];
    this.#touched.set(name, {
      paths: [
        nounPaths.principal(spec.runAs),
        ...policies.map((policy) => nounPaths.policy(policy)),
        ...(evaluated?.touched.paths ?? []),
      ],
      // What could not be evaluated at all may be, once the folder has changed.
      folders: evaluated?.touched.folders ?? [spec.from],
    });
  }

  /** Not that of the present: a change elsewhere is no news for the status. */
  #revisionOf({ touched }: FolderEvaluation<Head>): number {
    let revision = 0;
    for (const path of touched.paths) {
      const head = this.#options.state.head(path as Path);
      if (head !== undefined && head.current.revision > revision) revision = head.current.revision;
    }
    return revision;
  }

  /** A sync that is gone meanwhile keeps nothing. */
  async #commit(name: SyncName, ops: readonly WorkOp[]): Promise<void> {
    const { state, work } = this.#options;
    if (state.record('sync', name) === undefined) return;
    await work.commit({ ...own, prepare: () => ops });
  }
}

const own = { author: serverPrincipal, reason: '', requestId: '', accessor: '' } as const;

/** A whole folder or nothing: what may not be read any more must not vanish from the target. */
function incomplete(spec: SyncSpec, { problems, values, withheld }: FolderEvaluation<Head>): Stalled {
  const total = problems.length + values.length + withheld;
  const unreadable = problems.filter(({ code }) => code === 'forbidden').length + withheld;
  if (unreadable > 0) {
    const message = `${spec.runAs} may not read ${unreadable} of ${total} entries of ${spec.from}`;
    return { kind: 'stalled', reason: 'RightsLost', message };
  }
  const message = `${problems.length} of ${total} entries of ${spec.from} cannot be evaluated`;
  return { kind: 'stalled', reason: 'Unevaluable', message };
}

/** What of the problems this caller may be told. */
export function tellable(problems: readonly Problem[], rights: Rights): readonly string[] {
  return problems.flatMap(({ path, message, chain }) => {
    if (!rights.mayKnow(path)) return [];
    return chain.every((link) => link !== undefined && rights.mayKnow(link)) ? message : `${path}: cannot be evaluated`;
  });
}
