import { dueActivation } from './activation.ts';
import type { Drafted, Look, Run } from './look.ts';
import { inventoryOf } from './look.ts';
import { byKind, noteOf } from './note.ts';
import { Repairs } from './oscillation.ts';
import type { OscillationLimits } from './oscillation.ts';
import type { Draft, DriftedName } from './plan.ts';
import type { Places } from './places.ts';
import type { SyncSource, SyncName } from './reconciler.ts';
import type { Tally } from './tally.ts';
import { restartsFor } from './restarts.ts';
import { holds, nextStatus } from './status.ts';
import type { Finding } from './status.ts';
import type { Place } from './target.ts';
import { heldBack, judge, unseen, written } from './verdict.ts';
import type { Conditions, Verdict } from './verdict.ts';
import type { InventoryItem, InventoryRecord, SyncStatus } from '#domain/records';
import type { Clock } from '#util/clock';

export interface DeliveryOptions {
  readonly syncs: SyncSource;
  readonly places: Places;
  readonly clock: Clock;
  readonly oscillation: OscillationLimits;
  readonly tally?: Tally;
  /** Called after a status that is news was saved. */
  readonly saved: (name: SyncName, status: SyncStatus) => void;
}

/** Judges what was found, carries it out (intent durable, write, confirmation) and says so in the status. */
export class Deliveries {
  readonly #options: DeliveryOptions;
  readonly #syncs: SyncSource;
  readonly #repairs: Repairs;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#syncs = options.syncs;
    this.#repairs = new Repairs(options.oscillation);
  }

  /** Answers the mark that the place has now. Throws `mismatch` when somebody else wrote in between. */
  async act(run: Run, place: Place, look: Look): Promise<string | null> {
    const { name, spec } = run;
    if (look.kind !== 'drafted') {
      const condition = look.kind === 'rivals' ? 'Conflict' : 'Stalled';
      const conditions = unseen(condition, look.reason, look.message);
      await this.conclude(name, { generation: spec.generation, conditions });
      return null;
    }
    const verdict = this.#judge(run, look.draft);
    if (verdict.do === 'write') return await this.#write(run, place, look);
    await this.#leave(run, place, { look, verdict });
    return look.reading.observed?.mark ?? null;
  }

  /** Saves what is news, and only then; inventory and status in one record. */
  async conclude(name: SyncName, finding: Finding, confirmed?: InventoryRecord): Promise<void> {
    const before = this.#syncs.status(name);
    const status = nextStatus(before, finding, this.#options.clock.now());
    const inventory = this.#syncs.inventory(name);
    const next = confirmed ?? inventory;
    if (status === before && sameInventory(next, inventory)) return;
    await this.#syncs.save(name, next, status);
    if (status !== before) this.#options.saved(name, status);
  }

  /** Repairs made so far count no more. */
  forgive(name: SyncName): void {
    this.#repairs.forget(name);
  }

  #judge({ name, spec, resolved, person }: Run, draft: Draft): Verdict {
    const status = this.#syncs.status(name);
    const now = this.#options.clock.now();
    return judge({
      draft,
      mode: spec.mode,
      isFirst: status?.appliedRevision === undefined,
      onceDone: status?.appliedGeneration === spec.generation,
      person,
      fight: fought(status, spec.generation) ?? this.#repairs.fight(name, contested(draft), now),
      frozen: resolved.rules.frozen(now),
    });
  }

  /** Nothing is written; names that agree already become ours, unless the mode is only to report. */
  async #leave(
    run: Run,
    place: Place,
    { look, verdict }: { readonly look: Drafted; readonly verdict: Extract<Verdict, { do: 'nothing' }> },
  ): Promise<void> {
    const { name, spec, person } = run;
    const { draft, revision } = look;
    // Without writes: also where other objects of the sync wait for something.
    const takes = draft.writes.length === 0 && (person || spec.mode !== 'report');
    // What vanished together with its object, and is not wanted any more, somebody may run with still.
    const restarts = takes ? await restartsFor({ ...this.#options, run, place, look }) : {};
    const due = Object.keys(restarts);
    const finding: Finding = {
      generation: spec.generation,
      agree: draft.agree,
      total: draft.total,
      ...this.#concluding(run, verdict.conditions, verdict.agrees ? revision : undefined),
      ...(due.length === 0 ? {} : { activation: dueActivation(due) }),
    };
    await this.conclude(name, finding, takes ? this.#ours(run, draft.confirmed, restarts) : undefined);
  }

  async #write(run: Run, place: Place, look: Drafted): Promise<string> {
    const { name, spec, signal, lane } = run;
    const { draft, revision, reading } = look;
    const restarts = await restartsFor({ ...this.#options, run, place, look });
    const intended = this.#ours(run, draft.intended, restarts);
    const known = sameInventory(intended, this.#syncs.inventory(name));
    const entries = [...new Set(draft.writes.map((step) => entryOf(draft, step.name)))];
    await Promise.all([
      known ? undefined : this.#syncs.saveInventory(name, intended),
      this.#syncs.recordDelivery(name, { ...byKind(draft), entries, revision }),
    ]);
    const request = {
      steps: draft.writes,
      wanted: reading.wanted,
      ours: new Set(Object.keys(intended.names)),
      observed: reading.observed,
      blocked: draft.blocked,
      lane,
    };
    const mark = await this.#options.places.ask(signal, (limit) => place.write(request, limit), place.patienceMs);
    this.#repairs.note(name, contested(draft), this.#options.clock.now());
    this.#options.tally?.repaired(draft.drifted.length);
    const isWhole = draft.blocked.size === 0;
    const due = Object.keys(restarts);
    const finding: Finding = {
      generation: spec.generation,
      ...this.#concluding(run, written(draft), isWhole ? revision : undefined),
      agree: isWhole ? draft.total : draft.agree + draft.writes.filter((step) => step.do !== 'delete').length,
      total: draft.total,
      note: noteOf(draft),
      ...(due.length === 0 ? {} : { activation: dueActivation(due) }),
    };
    await this.conclude(name, finding, this.#ours(run, draft.confirmed, restarts));
    return mark;
  }

  /** Agreement with values that were put back is none with the source. */
  #concluding(run: Run, conditions: Conditions, applied: number | undefined): Pick<Finding, 'conditions' | 'applied'> {
    const held = run.person ? undefined : inventoryOf(this.#syncs, run).heldBack;
    if (held !== undefined) return { conditions: { ...conditions, ...heldBack(held) } };
    return { conditions, ...(applied === undefined ? {} : { applied }) };
  }

  /** The record of what is ours in the place, with what is to be started anew added to what was before. */
  #ours(run: Run, { names }: InventoryRecord, added: InventoryRecord['restarts'] = {}): InventoryRecord {
    const { restarts: before = {}, heldBack: held } = inventoryOf(this.#syncs, run);
    const restarts = { ...before, ...added };
    return {
      place: run.resolved.placeKey,
      names,
      ...(Object.keys(restarts).length === 0 ? {} : { restarts }),
      ...(held === undefined || run.person ? {} : { heldBack: held }),
    };
  }
}

/** What somebody else may keep changing: names, and what is wrong with the place itself. */
function contested({ drifted, flaws }: Draft): readonly DriftedName[] {
  return [...drifted, ...flaws.map(({ message }) => ({ name: message, found: null }))];
}

function entryOf({ steps }: Draft, name: string): string {
  return steps.find((step) => step.name === name)?.entry ?? name;
}

/** A fight that was noticed stays one until the spec changes, a person applies, or the target agrees. */
function fought(status: SyncStatus | undefined, generation: number): string | undefined {
  if (status?.generation !== generation || !holds(status, 'Conflict', 'Oscillation')) return undefined;
  return status.conditions.find(({ type }) => type === 'Conflict')?.message;
}

function sameInventory(a: InventoryRecord, b: InventoryRecord): boolean {
  const names = Object.entries(a.names);
  if (a.place !== b.place || names.length !== Object.keys(b.names).length) return false;
  if (JSON.stringify([a.restarts, a.heldBack]) !== JSON.stringify([b.restarts, b.heldBack])) return false;
  return names.every(([name, item]) => Object.hasOwn(b.names, name) && sameItem(item, b.names[name]));
}

function sameItem(a: InventoryItem, b: InventoryItem | undefined): boolean {
  return a.confirmed === b?.confirmed && a.intent === b?.intent && a.entry === b?.entry;
}
