/**
 * What the agent remembers of each sync: a JSON file of its own, replaced as a whole. Without values: fingerprints and names.
 */
import type { InventoryRecord, SyncSpec, SyncStatus } from '#domain/records';
import { PlumbError } from '#domain/errors';

/** Name of an entry → the path it is stored at. */
export type Seen = Readonly<Record<string, string>>;

/** One sync. */
export interface AgentRecord {
  /** The spec in a canonical spelling: another one is another generation. */
  readonly declared: string;
  readonly generation: number;
  readonly inventory: InventoryRecord;
  readonly status?: SyncStatus;
  /** The entries that the server answered last: what is missing from the next answer is asked about. */
  readonly seen?: Seen;
}

/** Where records are kept. */
export interface RecordFiles {
  names(): Promise<readonly string[]>;
  readText(name: string): Promise<string | undefined>;
  write(name: string, content: string): Promise<void>;
}

const format = 1;
const suffix = '.json';
const nothing: InventoryRecord = { names: {} };

export class Records {
  readonly #files: RecordFiles;
  readonly #known: Map<string, AgentRecord>;
  /** Not written yet: goes with the next record. */
  readonly #seen = new Map<string, Seen>();
  /** The last write to each file; one after the other. */
  readonly #last = new Map<string, Promise<void>>();

  private constructor(files: RecordFiles, known: Map<string, AgentRecord>) {
    this.#files = files;
    this.#known = known;
  }

  /** Reads everything. Throws `corrupt` naming the file that cannot be understood. */
  static async open(files: RecordFiles): Promise<Records> {
    const known = new Map<string, AgentRecord>();
    for (const file of await files.names()) {
      if (!file.endsWith(suffix)) continue;
      const text = await files.readText(file);
      if (text !== undefined) known.set(file.slice(0, -suffix.length), parse(file, text));
    }
    return new Records(files, known);
  }

  names(): readonly string[] {
    return [...this.#known.keys()];
  }

  get(name: string): AgentRecord | undefined {
    return this.#known.get(name);
  }

  inventory(name: string): InventoryRecord {
    return this.#known.get(name)?.inventory ?? nothing;
  }

  seen(name: string): Seen | undefined {
    return this.#seen.get(name) ?? this.#known.get(name)?.seen;
  }

  /** Written together with the next change of the record. */
  noteSeen(name: string, seen: Seen): void {
    this.#seen.set(name, seen);
  }

  /** The generation of a spec: one more than before if it is another one. In memory until something is saved. */
  declare(name: string, spec: Omit<SyncSpec, 'generation'>): number {
    const declared = canonical(spec);
    const known = this.#known.get(name);
    if (known?.declared === declared) return known.generation;
    const generation = (known?.generation ?? 0) + 1;
    this.#known.set(name, { inventory: nothing, ...known, declared, generation });
    return generation;
  }

  /** Durable when it resolves; known to readers from then on. */
  async save(name: string, part: Pick<AgentRecord, 'inventory'> & Partial<Pick<AgentRecord, 'status'>>): Promise<void> {
    const before = this.#last.get(name);
    const turn = (async () => {
      await before?.catch(() => undefined);
      const known = this.#known.get(name);
      if (known === undefined) return;
      const seen = this.seen(name);
      const next: AgentRecord = { ...known, ...part, ...(seen === undefined ? {} : { seen }) };
      await this.#files.write(`${name}${suffix}`, `${JSON.stringify({ format, ...next })}\n`);
      const { declared, generation } = this.#known.get(name) ?? next;
      this.#known.set(name, { ...next, declared, generation });
      if (this.#seen.get(name) === seen) this.#seen.delete(name);
    })();
    this.#last.set(name, turn);
    await turn;
  }
}

function parse(file: string, text: string): AgentRecord {
  try {
    const { format: written, ...record } = JSON.parse(text) as AgentRecord & { readonly format: unknown };
    const whole = typeof record.declared === 'string' && Number.isSafeInteger(record.generation);
    if (written === format && whole && typeof record.inventory.names === 'object') return record;
  } catch {
    // Said below.
  }
  throw new PlumbError('corrupt', `${file} in the state folder cannot be understood`, {
    hint: 'move it away: names that are right already are taken over again without a write',
  });
}

/** The same text for the same content, whatever the order it was written in. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
