/** A row in its place. */
export interface Slot<Row> {
  row: Row;
  /** Estimated, with the key. */
  size: number;
  leaf: Leaf<Row>;
}

export interface Leaf<Row> {
  /** Unique in the table, for good: names its pages. */
  readonly id: number;
  /** Not greater than any key here, greater than every key of the leaf before. */
  readonly first: string;
  /** As loaded, until it is touched; `keys` and `slots` are empty as long as it is there. */
  raw: Uint8Array | undefined;
  readonly keys: string[];
  readonly slots: Slot<Row>[];
  size: number;
  /** How many pages it had when it was last taken. */
  pages: number;
}

/** The first leaf of a table that never had a row. */
export function isUnused(leaf: Leaf<unknown>): boolean {
  return leaf.pages === 0 && leaf.raw === undefined && leaf.keys.length === 0;
}

/** The index that leaves about half of the bytes on each side, and at least one row. */
export function middleOf(leaf: Leaf<unknown>): number {
  let sum = 0;
  for (const [index, slot] of leaf.slots.entries()) {
    sum += slot.size;
    if (sum * 2 >= leaf.size) return Math.min(index + 1, leaf.keys.length - 1);
  }
  return leaf.keys.length - 1;
}
