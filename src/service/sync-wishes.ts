import type { Gate } from './gate.ts';
import { checkFolderSize } from './limits.ts';
import { PastLoaders, PresentLoaders } from './loaders.ts';
import type { StoredEntry } from './loaders.ts';
import type { Rights } from './rights.ts';
import type { Keyring } from '#crypto/keyring';
import type { TruthOp } from '#domain/change';
import type { Head } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import { nameOf, nounPaths, parseFolder } from '#domain/path';
import type { SyncSpec } from '#domain/records';
import { evaluateFolder } from '#eval/evaluate';
import type { Evaluated, FolderEvaluation } from '#eval/evaluate';
import type { Problem } from '#eval/problem';
import type { SyncName, Wish } from '#reconcile/reconciler';
import type { DesiredItem } from '#reconcile/target';
import { Interests } from '#state/interest';
import type { View } from '#state/view';
import type { Driver } from '#store/driver';
import type { Commit } from '#store/log';

export interface WishOptions {
  readonly gate: Gate;
  readonly state: View;
  readonly keyring: Keyring;
  readonly blobs: Pick<Driver, 'getBlobs'>;
}

type Stalled = Extract<Wish, { readonly kind: 'stalled' }>;

/** What syncs should deliver, each as its workload may see it; and which sync has to hear of which change. */
export class SyncWishes {
  readonly #options: WishOptions;
  /** What the last evaluation of each sync touched: entries, environments, its principal and that one's policies. */
  readonly #touched = new Interests<SyncName>();
  /** How many commits concerned what the last evaluation touched, or the sync itself; of those that any did. */
  readonly #news = new Map<SyncName, number>();

  constructor(options: WishOptions) {
    this.#options = options;
  }

  /**
   * To be called once, when everything that is stored is known. Syncs are evaluated one after the other after a start, which
   * may take a while where there are many: until then each hears at least of what changes in its own folder.
   */
  start(): void {
    for (const [name, spec] of this.#options.state.records('sync')) this.#remember(name, spec, undefined);
  }

  /** What the sync should deliver now; what the evaluation touched is remembered under its name, if one is given. */
  of(spec: SyncSpec, name: SyncName | undefined): Wish {
    const evaluated = this.#evaluate(spec);
    if (name !== undefined) this.#remember(name, spec, 'kind' in evaluated ? undefined : evaluated);
    if ('kind' in evaluated) return evaluated;
    return this.#wishOf(spec, evaluated);
  }

  /**
   * What it would have delivered as of a revision, as its workload may see it now. Its environment is that of the
   * present.
   */
  async at(spec: SyncSpec, revision: number): Promise<Wish> {
    const { gate, state: view, keyring, blobs } = this.#options;
    const rights = gate.rightsOf(spec.runAs);
    if (rights === undefined) return disabled(spec);
    const loaders = new PastLoaders({ view, rights, keyring, blobs, past: { revision } });
    const folder = parseFolder(spec.from);
    const evaluated = await loaders.settled(() => evaluateFolder(folder, loaders));
    const wish = this.#wishOf(spec, evaluated);
    return wish.kind === 'desired' ? { ...wish, revision } : wish;
  }

  /** Why entries of a sync cannot be evaluated by its workload, as far as this reader may be told. */
  problems(spec: SyncSpec, rights: Rights): readonly string[] {
    const evaluated = this.#evaluate(spec);
    return 'kind' in evaluated ? [] : tellable(evaluated.problems, rights);
  }

  forget(name: SyncName): void {
    this.#touched.delete(name);
    this.#news.delete(name);
  }

  /**
   * A number that stays the same while evaluating the sync anew would answer the same. `undefined`: a policy of its
   * principal has a condition on the time.
   */
  mark(name: SyncName): number | undefined {
    const { gate, state } = this.#options;
    const spec = state.record('sync', name);
    if (spec === undefined || gate.rightsOf(spec.runAs)?.isTimed === true) return undefined;
    return this.#news.get(name) ?? 0;
  }

  /** Syncs whose last evaluation touched the path. */
  touching(path: string): Iterable<SyncName> {
    return this.#touched.match(path);
  }

  /**
   * The syncs that a commit may concern: those whose last evaluation touched a path of it, and those whose spec is
   * in it. Each commit is to be asked about once: the {@link mark} of those syncs becomes another one.
   */
  concerned(commit: Commit<TruthOp>): ReadonlySet<SyncName> {
    const names = new Set<SyncName>();
    for (const { ops } of commit.changes) {
      for (const op of ops) {
        if (op.op === 'record' && op.noun === 'sync') names.add(op.name);
        const path = op.op === 'record' ? nounPaths[op.noun](op.name) : op.path;
        for (const name of this.#touched.match(path)) names.add(name);
      }
    }
    for (const name of names) this.#news.set(name, (this.#news.get(name) ?? 0) + 1);
    return names;
  }

  #wishOf(spec: SyncSpec, evaluated: FolderEvaluation<StoredEntry>): Wish {
    const { problems, values, withheld } = evaluated;
    if (problems.length > 0 || withheld > 0) return incomplete(spec, evaluated);
    const desired = new Map(values.map((value) => [nameOf(value.path), toItem(value)]));
    return { kind: 'desired', desired, revision: this.#revisionOf(evaluated) };
  }

  #evaluate(spec: SyncSpec): FolderEvaluation<Head> | Stalled {
    const { gate, state, keyring } = this.#options;
    const rights = gate.rightsOf(spec.runAs);
    if (rights === undefined) return disabled(spec);
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
  #revisionOf({ touched }: FolderEvaluation<StoredEntry>): number {
    let revision = 0;
    for (const path of touched.paths) {
      const head = this.#options.state.head(path);
      if (head !== undefined && head.current.revision > revision) revision = head.current.revision;
    }
    return revision;
  }
}

function toItem({ text, secret, stored, taint }: Evaluated<StoredEntry>): DesiredItem {
  return {
    value: text,
    secret,
    ...(stored.current.type === 'bytes' ? { binary: true } : {}),
    ...(taint === undefined ? {} : { taint }),
  };
}

function disabled({ runAs }: SyncSpec): Stalled {
  return { kind: 'stalled', reason: 'PrincipalDisabled', message: `${runAs} is disabled or gone` };
}

/** A whole folder or nothing: what may not be read any more must not vanish from the target. */
function incomplete(spec: SyncSpec, { problems, values, withheld }: FolderEvaluation<StoredEntry>): Stalled {
  const total = problems.length + values.length + withheld;
  const unreadable = problems.filter(({ code }) => code === 'forbidden').length + withheld;
  if (unreadable > 0) {
    const message = `${spec.runAs} may not read ${unreadable} of ${total} entries of ${spec.from}`;
    return { kind: 'stalled', reason: 'RightsLost', message };
  }
  const message = `${problems.length} of ${total} entries of ${spec.from} cannot be evaluated`;
  return { kind: 'stalled', reason: 'Unevaluable', message };
}

function tellable(problems: readonly Problem[], rights: Rights): readonly string[] {
  return problems.flatMap(({ path, message, chain }) => {
    if (!rights.mayKnow(path)) return [];
    return chain.every((link) => link !== undefined && rights.mayKnow(link)) ? message : `${path}: cannot be evaluated`;
  });
}
