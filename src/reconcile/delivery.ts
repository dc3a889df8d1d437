import type { Drafted, Look, Run } from './look.ts';
import { Repairs } from './oscillation.ts';
import type { OscillationLimits } from './oscillation.ts';
import type { Draft } from './plan.ts';
import type { Places, Resolved } from './places.ts';
import type { SyncSource, SyncName } from './reconciler.ts';
import { holds, nextStatus } from './status.ts';
import type { Finding } from './status.ts';
import type { Place } from './target.ts';
import { agreement, judge, unseen } from './verdict.ts';
import type { Verdict } from './verdict.ts';
import type { InventoryItem, InventoryRecord, SyncStatus } from '#domain/records';
import type { Clock } from '#util/clock';

export interface DeliveryOptions {
  readonly syncs: SyncSource;
  readonly places: Places;
  readonly clock: Clock;
  readonly oscillation: OscillationLimits;
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
    await this.#leave(run, look, verdict);
    return look.mark;
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

  #judge({ name, spec, person }: Run, draft: Draft): Verdict {
    const status = this.#syncs.status(name);
    return judge({
      draft,
      mode: spec.mode,
      onceDone: status?.appliedGeneration === spec.generation,
      person,
      fight: fought(status, spec.generation) ?? this.#repairs.fight(name, draft.drifted, this.#options.clock.now()),
    });
  }

  /** Nothing is written; names that agree already become ours, unless the mode is only to report. */
  async #leave(run: Run, { draft, revision }: Drafted, verdict: Extract<Verdict, { do: 'nothing' }>): Promise<void> {
    const { name, spec, resolved, person } = run;
    const finding: Finding = {
      generation: spec.generation,
      conditions: verdict.conditions,
      agree: draft.agree,
      total: draft.total,
      ...(verdict.agrees ? { applied: revision } : {}),
    };
    const takes = verdict.agrees && (person || spec.mode !== 'report');
    await this.conclude(name, finding, takes ? inPlace(draft.confirmed, resolved) : undefined);
  }

  async #write(run: Run, place: Place, { draft, revision, secret, mark, observed }: Drafted): Promise<string> {
    const { name, spec, resolved, signal } = run;
    const intended = inPlace(draft.intended, resolved);
    const known = sameInventory(intended, this.#syncs.inventory(name));
    await Promise.all([
      known ? undefined : this.#syncs.saveInventory(name, intended),
      this.#syncs.recordDelivery(name, { ...byKind(draft), revision }),
    ]);
    const request = { steps: draft.writes, secret, plannedAgainst: mark, ...(observed === null ? {} : { observed }) };
    const written = await this.#options.places.ask(signal, (limit) => place.write(request, limit));
    this.#repairs.note(name, draft.drifted, this.#options.clock.now());
    const { total } = draft;
    const finding: Finding = {
      generation: spec.generation,
      conditions: agreement(total),
      agree: total,
      total,
      applied: revision,
      note: noteOf(draft),
    };
    await this.conclude(name, finding, inPlace(draft.confirmed, resolved));
    return written;
  }
}

/** A fight that was noticed stays one until the spec changes, a person applies, or the target agrees. */
function fought(status: SyncStatus | undefined, generation: number): string | undefined {
  if (status?.generation !== generation || !holds(status, 'Conflict', 'Oscillation')) return undefined;
  return status.conditions.find(({ type }) => type === 'Conflict')?.message;
}

function inPlace({ names }: InventoryRecord, { placeKey }: Resolved): InventoryRecord {
  return { place: placeKey, names };
}

function byKind({ writes }: Draft): Record<'created' | 'updated' | 'deleted', readonly string[]> {
  const of = (kind: string): readonly string[] => writes.filter((step) => step.do === kind).map(({ name }) => name);
  return { created: of('create'), updated: of('update'), deleted: of('delete') };
}

function noteOf(draft: Draft): string {
  const { created, updated, deleted } = byKind(draft);
  const counts = [
    [created.length, 'created'],
    [updated.length, 'updated'],
    [deleted.length, 'deleted'],
  ] as const;
  const wrote = counts.filter(([count]) => count > 0).map(([count, verb]) => `${count} ${verb}`);
  const repaired = draft.drifted.length;
  const parts = [
    ...(wrote.length === 0 ? [] : [wrote.join(', ')]),
    ...(repaired === 0 ? [] : [`repaired ${repaired} ${repaired === 1 ? 'name' : 'names'} changed in the target`]),
    ...draft.flaws.map((flaw) => `put right: ${flaw}`),
  ];
  return parts.join('; ');
}

function sameInventory(a: InventoryRecord, b: InventoryRecord): boolean {
  const names = Object.entries(a.names);
  if (a.place !== b.place || names.length !== Object.keys(b.names).length) return false;
  return names.every(([name, item]) => Object.hasOwn(b.names, name) && sameItem(item, b.names[name]));
}

function sameItem(a: InventoryItem, b: InventoryItem | undefined): boolean {
  return a.confirmed === b?.confirmed && a.intent === b?.intent;
}
