import { checkReason } from './change-request.ts';
import type { Gate } from './gate.ts';
import { checkExpected, parseDottedName, recordOp } from './nouns.ts';
import type { Reconciling } from './reconciling.ts';
import { notFound } from './rights.ts';
import type { Rights } from './rights.ts';
import type {
  Caller,
  NounDeleteOptions,
  NounPutOptions,
  Plan,
  SyncDeleteOptions,
  SyncInput,
  SyncPlanOptions,
  Syncs,
  SyncView,
} from './services.ts';
import { authoriseSpec, checkWithdrawn, maySee } from './sync-rights.ts';
import { following, toPause, toSpec, withoutPause } from './sync-input.ts';
import { showPlan, showStatus } from './sync-shown.ts';
import type { ServerSyncSource } from './sync-source.ts';
import type { SyncWishes } from './sync-wishes.ts';
import type { Keyring } from '#crypto/keyring';
import type { TruthOp } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { nounPaths } from '#domain/path';
import type { PrincipalName } from '#domain/principal';
import type { SyncSpec, SyncStatus } from '#domain/records';
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
  readonly options: NounDeleteOptions;
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
    const asked = toSpec(parseDottedName('sync', name), input);
    const path = nounPaths.sync(name);
    const reason = checkReason(options.reason);
    const prepare = (draft: TruthDraft, rights: Rights): SyncSpec => {
      rights.requireOpenly('sync', path);
      const present = draft.record('sync', name);
      checkExpected(path, present === undefined ? undefined : { name, ...present }, options);
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
    return { ...this.#view(this.#options.gate.rights(caller), name, spec), revision: made.revision };
  }

  async get(caller: Caller, name: string): Promise<SyncView> {
    const path = nounPaths.sync(name);
    return this.#options.gate.read(caller, { action: 'list', path }, (rights) => {
      if (!maySee(rights, path)) throw rights.refuse('list', path);
      return { result: this.#view(rights, name, this.#specOf(name)) };
    });
  }

  async list(caller: Caller): Promise<readonly SyncView[]> {
    return this.#options.gate.read(caller, { action: 'list', path: 'sys/syncs' }, (rights) => {
      const result: SyncView[] = [];
      for (const [name, spec] of this.#options.state.records('sync')) {
        if (maySee(rights, nounPaths.sync(name))) result.push(this.#view(rights, name, spec));
      }
      return { result };
    });
  }

  async delete(caller: Caller, name: string, options: SyncDeleteOptions): Promise<{ readonly revision: number }> {
    const { gate, truth, kept, reconciling } = this.#options;
    const path = nounPaths.sync(name);
    const reason = checkReason(options.reason);
    const withdraw = (spec: SyncSpec) => {
      checkExpected(path, { name, ...spec }, options);
      return reconciling.withdraw(name);
    };
    if (options.deleteOwned === true) checkWithdrawn(name, await this.#run(caller, name, withdraw));
    const made = await gate.change(truth, caller, {
      action: 'sync',
      path,
      reason,
      prepare: (draft, rights) => {
        rights.require('sync', path);
        const present = draft.record('sync', name);
        if (present === undefined) throw notFound(path);
        checkExpected(path, { name, ...present }, options);
        return [recordOp('sync', name, null)];
      },
    });
    await kept.forget(name);
    return { revision: made.revision };
  }

  async pause(caller: Caller, name: string, request: Parameters<Syncs['pause']>[2]): Promise<PutResult> {
    return this.#respecify(caller, name, {
      options: request,
      change: (spec, by) => ({ ...spec, pause: toPause(request, by, this.#options.clock.now()) }),
    });
  }

  async resume(caller: Caller, name: string, options: NounDeleteOptions): Promise<PutResult> {
    return this.#respecify(caller, name, {
      options,
      change: (spec) => {
        if (spec.pause === undefined) throw new PlumbError('conflict', `the sync ${name} is not paused`);
        return withoutPause(spec);
      },
    });
  }

  /** Changes what is declared of a sync without declaring it anew: what it takes to declare one is not asked again. */
  async #respecify(caller: Caller, name: string, { options, change }: Respecification): Promise<PutResult> {
    const path = nounPaths.sync(name);
    let spec: SyncSpec | undefined;
    const made = await this.#options.gate.change(this.#options.truth, caller, {
      action: 'sync',
      path,
      reason: checkReason(options.reason),
      prepare: (draft, rights) => {
        rights.require('sync', path);
        const present = draft.record('sync', name);
        if (present === undefined) throw notFound(path);
        checkExpected(path, { name, ...present }, options);
        spec = change(present, rights.principal as PrincipalName);
        return [recordOp('sync', name, spec)];
      },
    });
    return { ...this.#view(this.#options.gate.rights(caller), name, spec as SyncSpec), revision: made.revision };
  }

  async plan(caller: Caller, name: string, { reveal = false }: SyncPlanOptions = {}): Promise<Plan> {
    const { reconciling } = this.#options;
    return this.#run(caller, name, async (spec) => {
      const plan = await reconciling.plan(name, { reveal });
      return reveal ? this.#revealed(caller, spec, plan) : this.#shown(caller, spec, plan);
    });
  }

  async apply(
    caller: Caller,
    name: string,
    options: NounDeleteOptions = {},
  ): Promise<Plan & { readonly status: SyncStatus }> {
    const { reconciling, state } = this.#options;
    return this.#run(caller, name, async (spec) => {
      checkExpected(nounPaths.sync(name), { name, ...spec }, options);
      const { status, ...plan } = await reconciling.apply(name);
      const told = showStatus(state, this.#options.gate.rights(caller), spec, status);
      return { ...this.#shown(caller, spec, plan), status: told };
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
      const plan = this.#shown(caller, supposed, await reconciling.plan(name, { supposed }));
      return { ...this.#view(gate.rights(caller), name, supposed), plan, revision: 0 };
    });
  }

  #specOf(name: string): SyncSpec {
    const spec = this.#options.state.record('sync', name);
    if (spec === undefined) throw notFound(nounPaths.sync(name));
    return spec;
  }

  #view(rights: Rights, name: string, spec: SyncSpec): SyncView {
    const { kept, state } = this.#options;
    const status = kept.status(name);
    const { heldBack } = kept.inventory(name);
    return {
      name,
      ...spec,
      ...(status === undefined ? {} : { status: showStatus(state, rights, spec, status) }),
      ...(heldBack === undefined ? {} : { heldBack }),
    };
  }

  #shown(caller: Caller, spec: SyncSpec, plan: Plan): Plan {
    return showPlan(this.#options, { rights: this.#options.gate.rights(caller), spec, reveal: false }, plan).plan;
  }

  /** Values of config that leave the server are a read of their entries. */
  #revealed(caller: Caller, spec: SyncSpec, plan: Plan): Promise<Plan> {
    return this.#options.gate.read(caller, { action: 'read', path: spec.from }, (rights) => {
      const shown = showPlan(this.#options, { rights, spec, reveal: true }, plan);
      return { result: shown.plan, paths: [spec.from, ...new Set(shown.released)] };
    });
  }
}
