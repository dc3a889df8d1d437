import type { Flaw, Obstacle, Reading, Sighting, Step, Wanted, Writer } from './target.ts';
import { describeWriter } from './writer.ts';
import type { PlanConflict, PlanStep } from '#domain/plan';
import type { Fingerprint, InventoryItem, InventoryRecord } from '#domain/records';

/** The brake: more than `names` deletes that are also more than `share` of what is ours wait for a person. */
export const massDelete = { names: 3, share: 0.3 } as const;

export interface DraftRequest {
  readonly reading: Reading;
  /** What we wrote to this place; empty at first. */
  readonly inventory: InventoryRecord;
  readonly fingerprint: (name: string, value: string) => Fingerprint;
  /** The object that a name belongs to. */
  readonly groupOf: (name: string) => string;
  /** Whether there is a sync of that name: what one writes that is gone may be taken over. */
  readonly isSync: (name: string) => boolean;
  /** Take over names that are there with other values and not ours. */
  readonly adopt: boolean;
  /** Many names may vanish without a person looking first. */
  readonly deleteMany: boolean;
}

/** One name of ours that somebody else changed or removed in the target. */
export interface DriftedName {
  readonly name: string;
  /** Of what is there instead; `null`: nothing that can be read. */
  readonly found: Fingerprint | null;
  readonly writer?: Writer;
}

/** Everything that follows from comparing wish, inventory and place; nothing has been done yet. */
export interface Draft {
  /** By name. Without the names in `conflicts`. */
  readonly steps: readonly PlanStep[];
  /** Those of `steps` that change the target, and that nothing stands in the way of. */
  readonly writes: readonly Step[];
  /** Names that differ and stay so, since something is in the way of their object. */
  readonly waiting: number;
  readonly foreign: readonly string[];
  /** What is wrong with the place itself; every write puts it right. */
  readonly flaws: readonly Flaw[];
  /** What a person should know about the place. */
  readonly notes: readonly string[];
  /** Names that are wanted and not ours; while there are any, nothing is written to their objects. */
  readonly conflicts: readonly string[];
  /** The same names, by name. */
  readonly conflicting: readonly PlanConflict[];
  /** What the target cannot carry; while there is any, nothing is written to the objects concerned. All at once. */
  readonly problems: readonly string[];
  /** Why changes in the target are noticed late. */
  readonly degraded: readonly string[];
  /** Objects that a conflict or a problem concerns; `''`: all. */
  readonly blocked: ReadonlySet<string>;
  /** Why a person should look first. */
  readonly held?: string;
  readonly drifted: readonly DriftedName[];
  /** To be durable before the write: what is there, and what will be. */
  readonly intended: InventoryRecord;
  /** To be durable after it. Without `writes`: what the inventory should be already. */
  readonly confirmed: InventoryRecord;
  /** Names that agree, and names that should. */
  readonly agree: number;
  readonly total: number;
  /** Nothing is to be written and nothing is in the way. */
  readonly inAgreement: boolean;
}

/**
 * Pure. Equal values are never written again; a name that is not in the inventory is never changed or deleted,
 * unless `adopt` says so. An intent counts as written if the value that is there fits it, else as not written.
 */
export function makeDraft(request: DraftRequest): Draft {
  const drafting = new Drafting(request);
  for (const name of [...request.reading.wanted.keys()].sort()) drafting.want(name);
  for (const name of Object.keys(request.inventory.names).sort()) drafting.unwant(name);
  return drafting.finish();
}

/** A name that we wrote. */
interface Ours {
  readonly confirmed: Fingerprint;
  /** We were about to delete it. */
  readonly leaving: boolean;
  readonly entry?: string;
}

class Drafting {
  readonly #request: DraftRequest;
  readonly #present: ReadonlyMap<string, Sighting>;
  readonly #ours = new Map<string, Ours>();
  readonly #steps: PlanStep[] = [];
  readonly #writes: Step[] = [];
  readonly #conflicts: Obstacle[] = [];
  readonly #conflicting: PlanConflict[] = [];
  readonly #drifted: DriftedName[] = [];
  /** Of what should be there. */
  readonly #prints = new Map<string, Fingerprint>();
  /** As pairs, since a name may be `__proto__`. */
  readonly #intended: [string, InventoryItem][] = [];

  constructor(request: DraftRequest) {
    this.#request = request;
    this.#present = request.reading.observed?.names ?? new Map();
    for (const [name, item] of Object.entries(request.inventory.names)) {
      const ours = this.#recover(name, item);
      if (ours !== undefined) this.#ours.set(name, ours);
    }
  }

  want(name: string): void {
    const item = this.#request.reading.wanted.get(name);
    if (item === undefined) return;
    const outside = this.#request.reading.observed?.outside.get(name);
    const present = this.#present.get(name);
    const rival = present?.writer;
    if (outside !== undefined) this.#conflict({ name, item }, `also stands where it is not ours (${outside})`);
    else if (this.#isRival(rival))
      this.#conflict({ name, item }, `is written by the sync ${rival.sync} too (${describeWriter(rival)})`);
    else if (present === undefined) this.#write('create', { name, item }, this.#drift(name, 'removed in the target'));
    else this.#compare(name, item, present);
  }

  /** For every name of the inventory: one that is not wanted any more goes. */
  unwant(name: string): void {
    const ours = this.#ours.get(name);
    const present = this.#present.get(name);
    if (this.#request.reading.wanted.has(name) || ours === undefined || present === undefined) return;
    if (this.#isRival(present.writer)) return;
    const because =
      this.#drift(name, 'no longer in the source; changed in the target since') ?? 'no longer in the source';
    this.#steps.push({ ...this.#place(name, ours.entry), do: 'delete', secret: true, because });
    this.#writes.push({ do: 'delete', name });
    this.#intended.push([name, { ...this.#confirmed(name), intent: null }]);
  }

  finish(): Draft {
    const { observed, wanted } = this.#request.reading;
    const blocked = this.#blocked();
    const isFree = (group: string): boolean => !blocked.has('') && !blocked.has(group);
    const isOpen = (name: string): boolean => isFree(this.#request.groupOf(name));
    const flaws = (observed?.flaws ?? []).filter(({ group }) => isFree(group));
    const differing = new Set(this.#writes.map(({ name }) => name));
    const writes = this.#writes.filter(({ name }) => isOpen(name));
    const names = this.#intended.filter(([name]) => isOpen(name));
    const untouched = this.#untouched(isOpen);
    const held = this.#held(writes);
    const problems = this.#request.reading.obstacles.map(({ message }) => message);
    const conflicts = this.#conflicts.map(({ message }) => message);
    return {
      steps: this.#steps.sort((a, b) => (a.name < b.name ? -1 : 1)),
      writes,
      waiting: this.#writes.length - writes.length,
      foreign: [...this.#foreign(), ...(observed?.outside.keys() ?? [])].sort(),
      flaws,
      notes: observed?.notes ?? [],
      conflicts,
      conflicting: this.#conflicting,
      problems,
      degraded: this.#request.reading.degraded ?? [],
      blocked,
      ...(held === undefined ? {} : { held }),
      drifted: this.#drifted.filter(({ name }) => isOpen(name)),
      intended: { names: Object.fromEntries([...names, ...untouched]) },
      confirmed: { names: Object.fromEntries([...names.flatMap(confirm), ...untouched]) },
      agree: this.#steps.filter(({ name }) => !differing.has(name)).length,
      total: wanted.size,
      inAgreement: this.#writes.length + flaws.length + conflicts.length + problems.length === 0,
    };
  }

  #compare(name: string, item: Wanted, { fingerprint, writer }: Sighting): void {
    const ours = this.#ours.has(name);
    if (fingerprint !== null && fingerprint === this.#meant(name, item)) {
      this.#leave(ours ? 'keep' : 'adopt', { name, item });
    } else if (ours) {
      this.#write('update', { name, item }, this.#drift(name, 'changed in the target since') ?? sourceChanged);
    } else if (this.#request.adopt) {
      this.#write('update', { name, item }, 'was not ours and is taken over');
    } else {
      const by = writer === undefined ? '' : `, written by ${describeWriter(writer)}`;
      this.#conflict(
        { name, item },
        `is there already with another value and is not ours${by}; apply, or the option adopt, takes it over`,
      );
    }
  }

  #write(kind: 'create' | 'update', { name, item }: Named, because: string | undefined): void {
    const { secret, entry } = item;
    const writer = kind === 'update' ? this.#present.get(name)?.writer?.name : undefined;
    this.#steps.push({
      ...this.#place(name, entry),
      do: kind,
      secret,
      ...(because === undefined ? {} : { because }),
      ...(writer === undefined ? {} : { writer }),
    });
    this.#writes.push({ do: kind, name, item });
    const intent = this.#meant(name, item);
    this.#intended.push([name, { ...this.#confirmed(name), intent, ...named(name, entry) }]);
  }

  #leave(kind: 'keep' | 'adopt', { name, item }: Named): void {
    this.#steps.push({ ...this.#place(name, item.entry), do: kind, secret: item.secret });
    const confirmed = this.#meant(name, item);
    this.#intended.push([name, { confirmed, ...named(name, item.entry) }]);
  }

  #meant(name: string, { value }: Wanted): Fingerprint {
    const known = this.#prints.get(name) ?? this.#request.fingerprint(name, value);
    this.#prints.set(name, known);
    return known;
  }

  #conflict({ name, item }: Named, because: string): void {
    this.#conflicts.push({ group: this.#request.groupOf(name), message: `${name} ${because}` });
    const writer = this.#present.get(name)?.writer?.name;
    const by = writer === undefined ? {} : { writer };
    this.#conflicting.push({ ...this.#place(name, item.entry), secret: item.secret, because, ...by });
  }

  /** What the step says of where the name stands and comes from. */
  #place(name: string, entry: string | undefined): Pick<PlanStep, 'name' | 'entry' | 'group'> {
    const group = this.#request.groupOf(name);
    return { name, ...named(name, entry ?? name), ...(group === '' ? {} : { group }) };
  }

  /** Notes that somebody else changed a name of ours, and answers `text`; `undefined` when nobody did. */
  #drift(name: string, text: string): string | undefined {
    const ours = this.#ours.get(name);
    if (ours === undefined) return undefined;
    const present = this.#present.get(name);
    const found = present?.fingerprint ?? null;
    if (present === undefined ? ours.leaving : found === ours.confirmed) return undefined;
    const writer = present?.writer;
    this.#drifted.push({ name, found, ...(writer === undefined ? {} : { writer }) });
    return text;
  }

  #isRival(writer: Writer | undefined): writer is Writer & { readonly sync: string } {
    return writer?.sync !== undefined && this.#request.isSync(writer.sync);
  }

  /** What we left in the place under this name: what was meant, if that is what is there, else what was confirmed. */
  #recover(name: string, { confirmed, intent, entry }: InventoryItem): Ours | undefined {
    const found = this.#present.get(name)?.fingerprint ?? null;
    const from = entry === undefined ? {} : { entry };
    if (found !== null && found === intent) return { confirmed: found, leaving: false, ...from };
    return confirmed === undefined ? undefined : { confirmed, leaving: intent === null, ...from };
  }

  #confirmed(name: string): InventoryItem {
    const ours = this.#ours.get(name);
    if (ours === undefined) return {};
    return { confirmed: ours.confirmed, ...(ours.entry === undefined ? {} : { entry: ours.entry }) };
  }

  /** Names of ours in objects that stay as they are: what is known of them, and what is in doubt, stays too. */
  #untouched(isOpen: (name: string) => boolean): [string, InventoryItem][] {
    return Object.entries(this.#request.inventory.names).filter(([name]) => !isOpen(name));
  }

  #blocked(): ReadonlySet<string> {
    return new Set([...this.#request.reading.obstacles, ...this.#conflicts].map(({ group }) => group));
  }

  #foreign(): string[] {
    const taken = new Set(this.#steps.map(({ name }) => name));
    return [...this.#present.keys()].filter((name) => !taken.has(name));
  }

  #held(writes: readonly Step[]): string | undefined {
    const deletes = writes.filter((step) => step.do === 'delete').length;
    if (this.#request.deleteMany || deletes <= massDelete.names || deletes <= massDelete.share * this.#ours.size)
      return undefined;
    return `${deletes} of ${this.#ours.size} names would be deleted`;
  }
}

interface Named {
  readonly name: string;
  readonly item: Wanted;
}

const sourceChanged = 'changed in the source';

function named(name: string, entry: string): Pick<InventoryItem, 'entry'> {
  return entry === name ? {} : { entry };
}

function confirm([name, item]: readonly [string, InventoryItem]): [string, InventoryItem][] {
  if (item.intent === null) return [];
  const confirmed = item.intent ?? item.confirmed;
  return confirmed === undefined
    ? []
    : [[name, { confirmed, ...(item.entry === undefined ? {} : { entry: item.entry }) }]];
}
