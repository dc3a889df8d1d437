/** Of so many turns one goes to the least urgent that waits, so that nobody waits for ever. */
const fairness = 10;

/** Something that waits for its turn. An entry whose ticket is no longer that of its item is stale. */
export interface Waiting {
  readonly name: string;
  /** 0 is the most urgent. */
  readonly lane: number | null;
  readonly ticket: number;
}

/** A turn: give it back with `end`. */
export interface Turn<T extends Waiting> {
  readonly item: T;
  readonly group: Group<T>;
}

interface Entry<T> {
  readonly item: T;
  readonly lane: number;
  readonly ticket: number;
}

interface Group<T extends Waiting> {
  running: number;
  /** Ready, but the group has all the turns that it may have; by lane. */
  readonly parked: readonly Fifo<Entry<T>>[];
}

export interface TurnOptions {
  readonly lanes: number;
  readonly groupOf: (name: string) => string;
  /** Turns that one group may have at the same time. */
  readonly groupLimit: number;
  /** So many more for the most urgent lane alone: it need not wait for the others to end. Default 0. */
  readonly urgentExtra?: number;
}

/** Gives turns: the most urgent lane first, the oldest first within it, no group more than its share. All O(1). */
export class Turns<T extends Waiting> {
  readonly #options: TurnOptions;
  readonly #ready: readonly Fifo<Entry<T>>[];
  readonly #groups = new Map<string, Group<T>>();
  #taken = 0;

  constructor(options: TurnOptions) {
    this.#options = options;
    this.#ready = fifos(options.lanes);
  }

  /** Lines `item` up in its present lane. What it was lined up with before must have another ticket. */
  add(item: T): void {
    const lane = item.lane ?? this.#options.lanes - 1;
    this.#ready[lane]?.push({ item, lane, ticket: item.ticket });
  }

  take(): Turn<T> | undefined {
    this.#taken += 1;
    const order = this.#taken % fairness === 0 ? this.#ready.toReversed() : this.#ready;
    for (const list of order) {
      for (let entry = list.shift(); entry !== undefined; entry = list.shift()) {
        if (entry.item.ticket !== entry.ticket) continue;
        const group = this.#groupOf(entry.item.name);
        if (group.running >= this.#limitOf(entry.lane)) {
          group.parked[entry.lane]?.push(entry);
          continue;
        }
        group.running += 1;
        return { item: entry.item, group };
      }
    }
    return undefined;
  }

  end(turn: Turn<T>): void {
    turn.group.running -= 1;
    for (const [lane, list] of turn.group.parked.entries()) {
      if (turn.group.running >= this.#limitOf(lane)) return;
      for (let entry = list.shift(); entry !== undefined; entry = list.shift()) {
        if (entry.item.ticket !== entry.ticket) continue;
        this.#ready[entry.lane]?.push(entry);
        return;
      }
    }
  }

  #limitOf(lane: number): number {
    const { groupLimit, urgentExtra = 0 } = this.#options;
    return lane === 0 ? groupLimit + urgentExtra : groupLimit;
  }

  #groupOf(name: string): Group<T> {
    const key = this.#options.groupOf(name);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = { running: 0, parked: fifos<Entry<T>>(this.#options.lanes) };
    this.#groups.set(key, group);
    return group;
  }
}

function fifos<E>(count: number): readonly Fifo<E>[] {
  return Array.from({ length: count }, () => new Fifo<E>());
}

/** First in, first out, both O(1). */
class Fifo<E> {
  #entries: E[] = [];
  #first = 0;

  push(entry: E): void {
    this.#entries.push(entry);
  }

  shift(): E | undefined {
    const entry = this.#entries[this.#first];
    if (entry === undefined) return undefined;
    this.#first += 1;
    if (this.#first >= this.#entries.length) {
      this.#entries = [];
      this.#first = 0;
    } else if (this.#first > 64 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return entry;
  }
}
