import type { Desired, DesiredItem, Observed, Step, TargetTraits } from './target.ts';
import type { PlanStep } from '#domain/plan';
import type { Fingerprint, InventoryItem, InventoryRecord } from '#domain/records';

/** The brake: more than `names` deletes that are also more than `share` of what is ours wait for a person. */
export const massDelete = { names: 3, share: 0.3 } as const;

export interface DraftRequest {
  readonly desired: Desired;
  /** `null`: the place does not exist. */
  readonly observed: Observed | null;
  /** What we wrote to this place; empty at first. */
  readonly inventory: InventoryRecord;
  readonly fingerprint: (name: string, value: string) => Fingerprint;
  readonly traits: TargetTraits;
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
}

/** Everything that follows from comparing wish, inventory and place; nothing has been done yet. */
export interface Draft {
  /** By name. Without the names in `conflicts`. */
  readonly steps: readonly PlanStep[];
  /** Those of `steps` that change the target. */
  readonly writes: readonly Step[];
  readonly foreign: readonly string[];
  /** What is wrong with the place itself; every write puts it right. */
  readonly flaws: readonly string[];
  /** What a person should know about the place. */
  readonly notes: readonly string[];
  /** Names that are wanted and not ours; while there are any, nothing is written. */
  readonly conflicts: readonly string[];
  /** What the target cannot carry; while there is any, nothing is written. All at once. */
  readonly problems: readonly string[];
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
  for (const name of [...request.desired.keys()].sort()) drafting.want(name);
  for (const name of Object.keys(request.inventory.names).sort()) drafting.unwant(name);
  return drafting.finish();
}

/** A name that we wrote. */
interface Ours {
  readonly confirmed: Fingerprint;
  /** We were about to delete it. */
  readonly leaving: boolean;
}

class Drafting {
  readonly #request: DraftRequest;
  readonly #present: ReadonlyMap<string, string | null>;
  readonly #ours = new Map<string, Ours>();
  readonly #steps: PlanStep[] = [];
  readonly #writes: Step[] = [];
  readonly #conflicts: string[] = [];
  readonly #drifted: DriftedName[] = [];
  /** As pairs, since a name may be `__proto__`. */
  readonly #intended: [string, InventoryItem][] = [];

  constructor(request: DraftRequest) {
    this.#request = request;
    this.#present = request.observed?.names ?? new Map();
    for (const [name, item] of Object.entries(request.inventory.names)) {
      const ours = this.#recover(name, item);
      if (ours !== undefined) this.#ours.set(name, ours);
    }
  }

  want(name: string): void {
    const item = this.#request.desired.get(name);
    if (item === undefined) return;
    const outside = this.#request.observed?.outside.get(name);
    const present = this.#present.get(name);
    const ours = this.#ours.has(name);
    if (outside !== undefined) this.#conflicts.push(`${name} also stands where it is not ours (${outside})`);
    else if (present === undefined) this.#write('create', name, item, this.#drift(name, 'removed in the target'));
    else if (present === item.value) this.#leave(ours ? 'keep' : 'adopt', name, item);
    else if (ours) this.#write('update', name, item, this.#drift(name, 'changed in the target since') ?? sourceChanged);
    else if (this.#request.adopt) this.#write('update', name, item, 'was not ours and is taken over');
    else
      this.#conflicts.push(
        `${name} is there already with another value and is not ours; the option adopt takes it over`,
      );
  }

  /** For every name of the inventory: one that is not wanted any more goes. */
  unwant(name: string): void {
    if (this.#request.desired.has(name) || !this.#ours.has(name) || !this.#present.has(name)) return;
    const because = this.#drift(name, 'no longer in the source; changed in the target since');
    this.#steps.push({ name, do: 'delete', secret: true, because: because ?? 'no longer in the source' });
    this.#writes.push({ do: 'delete', name });
    this.#intended.push([name, { ...this.#confirmed(name), intent: null }]);
  }

  finish(): Draft {
    const { desired, observed } = this.#request;
    const flaws = observed?.flaws ?? [];
    const problems = this.#problems();
    const steps = this.#steps.sort((a, b) => (a.name < b.name ? -1 : 1));
    const written = new Set(this.#writes.map(({ name }) => name));
    const held = this.#held();
    return {
      steps,
      writes: this.#writes,
      foreign: [...this.#foreign(), ...(observed?.outside.keys() ?? [])].sort(),
      flaws,
      notes: observed?.notes ?? [],
      conflicts: this.#conflicts,
      problems,
      ...(held === undefined ? {} : { held }),
      drifted: this.#drifted,
      intended: { names: Object.fromEntries(this.#intended) },
      confirmed: { names: Object.fromEntries(this.#intended.flatMap(confirm)) },
      agree: steps.filter(({ name }) => !written.has(name)).length,
      total: desired.size,
      inAgreement: this.#writes.length + flaws.length + this.#conflicts.length + problems.length === 0,
    };
  }

  #write(kind: 'create' | 'update', name: string, item: DesiredItem, because: string | undefined): void {
    this.#steps.push({ name, do: kind, secret: item.secret, ...(because === undefined ? {} : { because }) });
    this.#writes.push({ do: kind, name, item });
    const intent = this.#request.fingerprint(name, item.value);
    this.#intended.push([name, { ...this.#confirmed(name), intent }]);
  }

  #leave(kind: 'keep' | 'adopt', name: string, item: DesiredItem): void {
    this.#steps.push({ name, do: kind, secret: item.secret });
    this.#intended.push([name, { confirmed: this.#request.fingerprint(name, item.value) }]);
  }

  /** Notes drift of a name that is ours and answers `text`; `undefined` if what is there is what we left. */
  #drift(name: string, text: string): string | undefined {
    const ours = this.#ours.get(name);
    if (ours === undefined) return undefined;
    const present = this.#present.get(name);
    const found = this.#found(name);
    if (present === undefined ? ours.leaving : found === ours.confirmed) return undefined;
    this.#drifted.push({ name, found });
    return text;
  }

  /** What we left in the place under this name: what was meant, if that is what is there, else what was confirmed. */
  #recover(name: string, { confirmed, intent }: InventoryItem): Ours | undefined {
    const found = this.#found(name);
    if (found !== null && found === intent) return { confirmed: found, leaving: false };
    return confirmed === undefined ? undefined : { confirmed, leaving: intent === null };
  }

  /** Fingerprint of what is there; `null`: nothing that can be read. */
  #found(name: string): Fingerprint | null {
    const present = this.#present.get(name);
    return typeof present === 'string' ? this.#request.fingerprint(name, present) : null;
  }

  #confirmed(name: string): InventoryItem {
    const ours = this.#ours.get(name);
    return ours === undefined ? {} : { confirmed: ours.confirmed };
  }

  #foreign(): string[] {
    const taken = new Set(this.#steps.map(({ name }) => name));
    return [...this.#present.keys()].filter((name) => !taken.has(name));
  }

  #held(): string | undefined {
    const deletes = this.#writes.filter((step) => step.do === 'delete').length;
    if (this.#request.deleteMany || deletes <= massDelete.names || deletes <= massDelete.share * this.#ours.size)
      return undefined;
    return `${deletes} of ${this.#ours.size} names would be deleted`;
  }

  #problems(): string[] {
    const { desired, traits } = this.#request;
    const problems: string[] = [];
    let names = 0;
    let bytes = 0;
    const count = (name: string, value: string | null): void => {
      names += 1;
      bytes += Buffer.byteLength(name) + Buffer.byteLength(value ?? '') + 2;
    };
    for (const [name, { value }] of desired) {
      const problem = traits.problem(name, value);
      if (problem !== undefined) problems.push(`${name} ${problem}`);
      count(name, value);
    }
    for (const name of this.#foreign()) if (!desired.has(name)) count(name, this.#present.get(name) ?? null);
    if (names > traits.maxNames) problems.push(`${names} names, expected at most ${traits.maxNames}`);
    if (bytes > traits.maxBytes) problems.push(`${bytes} bytes, expected at most ${traits.maxBytes}`);
    return problems;
  }
}

const sourceChanged = 'changed in the source';

function confirm([name, item]: readonly [string, InventoryItem]): [string, InventoryItem][] {
  if (item.intent === null) return [];
  const confirmed = item.intent ?? item.confirmed;
  return confirmed === undefined ? [] : [[name, { confirmed }]];
}
