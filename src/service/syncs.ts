import { checkReason } from './change-request.ts';
import type { Gate } from './gate.ts';
import { exists, recordOp } from './nouns.ts';
import { parsePolicyName } from './policies.ts';
import type { Reconciling } from './reconciling.ts';
import { factsOf, notFound } from './rights.ts';
import type { Rights } from './rights.ts';
import type {
  Caller,
  NounPutOptions,
  Plan,
  SyncDeleteOptions,
  SyncInput,
  SyncPauseRequest,
  Syncs,
  SyncView,
} from './services.ts';
import { authoriseSpec, checkWithdrawn, maySee } from './sync-rights.ts';
import { following, toPause, toSpec, withoutPause } from './sync-input.ts';
import type { ServerSyncSource } from './sync-source.ts';
import type { SyncWishes } from './sync-wishes.ts';
import type { Keyring } from '#crypto/keyring';
import type { TruthOp } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { nounPaths } from '#domain/path';
import type { Path } from '#domain/path';
import type { PrincipalName } from '#domain/principal';
import type { SyncSpec, SyncStatus } from '#domain/records';
import { lookUp } from '#eval/lookup';
import type { TruthDraft, View } from '#state/view';
import type { Log } from '#store/log';
import type { Clock } from '#util/clock';

export interface SyncsOptions {
  readonly gate: Gate;
  readonly state: View;
  /** The durable state, to try a change upon. */
  readonly draft: () => TruthDraft;
  readonly truth: Log<TruthOp, TruthDraft>;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly kept: ServerSyncSource;
  readonly wishes: SyncWishes;
  readonly reconciling: Reconciling;
}

type PutResult = SyncView & { readonly plan?: Plan; readonly revision: number };

interface Respecification {
  readonly reason: string | undefined;
  readonly change: (spec: SyncSpec, by: PrincipalName) => SyncSpec;
}

/** Declared wishes. The loop does the work; here it is decided who may ask for it. */
export class SyncKeeper implements Syncs {
  readonly #options: SyncsOptions;

  constructor(options: SyncsOptions) {
    this.#options = options;
  }

  async put(
    caller: Caller,
    name: string,
    input: SyncInput,
    options: NounPutOptions & { readonly dryRun?: boolean },
  ): Promise<PutResult> {
    const { gate, state, truth, kept, clock } = this.#options;
    const asked = toSpec(parsePolicyName(name), input);
    const path = nounPaths.sync(name);
    const reason = checkReason(options.reason);
    const prepare = (draft: TruthDraft, rights: Rights): SyncSpec => {
      rights.requireOpenly('sync', path);
      const present = draft.record('sync', name);
      if (options.expectAbsent === true && present !== undefined) throw exists(path);
      authoriseSpec(this.#options, { draft, rights, spec: asked });
      return following(asked, present, clock.now());
    };
    if (options.dryRun === true) return this.#dryRun(caller, name, prepare);
    if (state.record('sync', name) === undefined && gate.rights(caller).may('sync', path)) await kept.forget(name);
    let spec: SyncSpec = asked;
    const made = await gate.change(truth, caller, {
      action: 'sync',
      path,
      reason,
      prepare: (draft, rights) => {
        spec = prepare(draft, rights);
        return [recordOp('sync', name, spec)];
      },
    });
    return { ...this.#view(name, spec), revision: made.revision };
  }

  async get(caller: Caller, name: string): Promise<SyncView> {
    const path = nounPaths.sync(name);
    return this.#options.gate.read(caller, { action: 'list', path }, (rights) => {
      if (!maySee(rights, path)) throw rights.refuse('list', path);
      return { result: this.#view(name, this.#specOf(name)) };
    });
  }

  async list(caller: Caller): Promise<readonly SyncView[]> {
    return this.#options.gate.read(caller, { action: 'list', path: 'sys/syncs' }, (rights) => {
      const result: SyncView[] = [];
      for (const [name, spec] of this.#options.state.records('sync')) {
        if (maySee(rights, nounPaths.sync(name))) result.push(this.#view(name, spec));
      }
      return { result };
    });
  }

  async delete(caller: Caller, name: string, options: SyncDeleteOptions): Promise<{ readonly revision: number }> {
    const { gate, truth, kept, reconciling } = this.#options;
    const path = nounPaths.sync(name);
    const reason = checkReason(options.reason);
    if (options.deleteOwned === true)
      checkWithdrawn(name, await this.#run(caller, name, () => reconciling.withdraw(name)));
    const made = await gate.change(truth, caller, {
      action: 'sync',
      path,
      reason,
      prepare: (draft, rights) => {
        rights.require('sync', path);
        if (draft.record('sync', name) === undefined) throw notFound(path);
        return [recordOp('sync', name, null)];
      },
    });
    await kept.forget(name);
    return { revision: made.revision };
  }

  async pause(caller: Caller, name: string, request: SyncPauseRequest): Promise<PutResult> {
    return this.#respecify(caller, name, {
      reason: request.reason,
      change: (spec, by) => ({ ...spec, pause: toPause(request, by, this.#options.clock.now()) }),
    });
  }

  async resume(caller: Caller, name: string, { reason }: { readonly reason?: string }): Promise<PutResult> {
    return this.#respecify(caller, name, {
      reason,
      change: (spec) => {
        if (spec.pause === undefined) throw new PlumbError('conflict', `the sync ${name} is not paused`);
        return withoutPause(spec);
      },
    });
  }

  /** Changes what is declared of a sync without declaring it anew: what it takes to declare one is not asked again. */
  async #respecify(caller: Caller, name: string, { reason, change }: Respecification): Promise<PutResult> {
    const path = nounPaths.sync(name);
    let spec: SyncSpec | undefined;
    const made = await this.#options.gate.change(this.#options.truth, caller, {
      action: 'sync',
      path,
      reason: checkReason(reason),
      prepare: (draft, rights) => {
        rights.require('sync', path);
        const present = draft.record('sync', name);
        if (present === undefined) throw notFound(path);
        spec = change(present, rights.principal as PrincipalName);
        return [recordOp('sync', name, spec)];
      },
    });
    return { ...this.#view(name, spec as SyncSpec), revision: made.revision };
  }

  async plan(caller: Caller, name: string): Promise<Plan> {
    const { reconciling } = this.#options;
    return this.#run(caller, name, async (spec) => this.#shown(caller, spec, await reconciling.plan(name)));
  }

  async apply(caller: Caller, name: string): Promise<Plan & { readonly status: SyncStatus }> {
    const { reconciling } = this.#options;
    return this.#run(caller, name, async (spec) => {
      const { status, ...plan } = await reconciling.apply(name);
      return { ...this.#shown(caller, spec, plan), status };
    });
  }

  #run<T>(caller: Caller, name: string, perform: (spec: SyncSpec) => Promise<T>): Promise<T> {
    const path = nounPaths.sync(name);
    const authorise = (rights: Rights): void => {
      rights.require('sync', path);
      this.#specOf(name);
    };
    return this.#options.gate.act(caller, { action: 'sync', path }, authorise, () => perform(this.#specOf(name)));
  }

  async #dryRun(
    caller: Caller,
    name: string,
    prepare: (draft: TruthDraft, rights: Rights) => SyncSpec,
  ): Promise<PutResult> {
    const { gate, draft, reconciling } = this.#options;
    let spec: SyncSpec | undefined;
    const authorise = (rights: Rights): void => {
      spec = prepare(draft(), rights);
    };
    return gate.act(caller, { action: 'sync', path: nounPaths.sync(name) }, authorise, async () => {
      const supposed = spec as SyncSpec;
      const plan = this.#shown(caller, supposed, await reconciling.plan(name, supposed));
      return { ...this.#view(name, supposed), plan, revision: 0 };
    });
  }

  #specOf(name: string): SyncSpec {
    const spec = this.#options.state.record('sync', name);
    if (spec === undefined) throw notFound(nounPaths.sync(name));
    return spec;
  }

  #view(name: string, spec: SyncSpec): SyncView {
    const status = this.#options.kept.status(name);
    return { name, ...spec, ...(status === undefined ? {} : { status }) };
  }

  /** A plan shows nothing of entries that the caller may not list. */
  #shown(caller: Caller, spec: SyncSpec, plan: Plan): Plan {
    const { gate, wishes } = this.#options;
    const rights = gate.rights(caller);
    const steps = plan.steps.filter((step) => this.#mayKnow(rights, spec, step.name));
    const hidden = plan.steps.length - steps.length;
    const told = plan.problems.length === 0 ? [] : wishes.problems(spec, rights);
    if (hidden === 0) return { ...plan, problems: [...plan.problems, ...told] };
    const { held, ...rest } = plan;
    return {
      ...rest,
      steps,
      remarks: [`${hidden} names that you may not list are left out`],
      ...(held === undefined ? {} : { held: 'it waits for a person' }),
      problems: plan.problems.length === 0 ? [] : ['it cannot be applied', ...told],
    };
  }

  #mayKnow(rights: Rights, spec: SyncSpec, name: string): boolean {
    const path = `${spec.from}/${name}` as Path;
    const found = lookUp(path, this.#options.state).found;
    return rights.mayKnow(path, found && factsOf(found));
  }
}
