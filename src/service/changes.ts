import { prepareChange } from './change-prepare.ts';
import type { Prepared } from './change-prepare.ts';
import { checkChange } from './change-request.ts';
import type { Seal } from './change-plan.ts';
import type { Feed } from './feed.ts';
import type { Gate } from './gate.ts';
import type { Rights } from './rights.ts';
import type { Caller, ChangeRequest, ChangeResult, Changes, WatchEvent, WatchRequest } from './services.ts';
import type { SyncWarnings } from './sync-warnings.ts';
import { watchChanges } from './watch.ts';
import type { Keyring } from '#crypto/keyring';
import type { TruthOp } from '#domain/change';
import type { TruthDraft, View } from '#state/view';
import type { Log } from '#store/log';
import type { Clock } from '#util/clock';

export interface ChangesOptions {
  readonly gate: Gate;
  readonly state: View;
  /** The durable state, to try a change upon. */
  readonly draft: () => TruthDraft;
  readonly truth: Log<TruthOp, TruthDraft>;
  readonly keyring: Keyring;
  readonly feed: Feed;
  readonly clock: Clock;
  readonly targetWarnings: Pick<SyncWarnings, 'of'>;
}

/** Changing entries, and watching changes. */
export class ChangeMaker implements Changes {
  readonly #options: ChangesOptions;

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  async apply(caller: Caller, request: ChangeRequest, incarnation?: number): Promise<ChangeResult> {
    const change = { ...checkChange(request), incarnation };
    const { gate, truth, keyring, draft: newDraft } = this.#options;
    const act = { action: 'write', path: change.ops[0]?.path ?? '' } as const;
    if (request.dryRun === true) {
      return gate.read(caller, act, (rights) => {
        const prepared = prepareChange(newDraft(), rights, change, sealNothing);
        const result = this.#warned(resultOf(prepared, 0), request, () => rights);
        return { result, paths: prepared.entries.map((entry) => entry.path) };
      });
    }
    let prepared: Prepared | undefined;
    const made = await gate.change(truth, caller, {
      ...act,
      reason: change.reason,
      prepare: (draft, rights) => {
        prepared = prepareChange(draft, rights, change, (bytes, kind) => keyring.encrypt(bytes, kind));
        return prepared.ops;
      },
    });
    return this.#warned(resultOf(prepared, made.revision), request, () => gate.rights(caller));
  }

  #warned(result: ChangeResult, { ops }: ChangeRequest, rights: () => Rights): ChangeResult {
    const syncWarnings = this.#options.targetWarnings.of(ops, rights);
    return syncWarnings.length === 0 ? result : { ...result, syncWarnings };
  }

  watch(caller: Caller, request: WatchRequest, signal: AbortSignal): AsyncIterable<WatchEvent> {
    return watchChanges(this.#options, caller, request, signal);
  }
}

function resultOf(prepared: Prepared | undefined, revision: number): ChangeResult {
  return {
    revision,
    dryRun: revision === 0,
    entries: prepared?.entries ?? [],
    warnings: prepared?.warnings ?? [],
  };
}

const sealNothing: Seal = () => ({ id: '', digest: '', bytes: new Uint8Array(0) });
