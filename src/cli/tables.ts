/** Tables that fit the terminal: columns are cut, the widest first, and the first of them last. */
import { padded, truncated, width } from './width.ts';

const gap = 2;
/** Below this many columns a cell tells nothing; a terminal that is narrower still wraps the lines. */
const least = 8;
const leastOfFirst = 12;

/**
 * Rows with aligned columns, each ended by a line feed, without blanks at its end. `room` is the width of the terminal
 * in columns; absent, everything is printed in full. Cells hold no colours where there is a `room`.
 */
export function alignedColumns(rows: readonly (readonly string[])[], room?: number): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, width(cell));
  }
  const fitted = room === undefined ? widths : fit(widths, room);
  const line = (row: readonly string[]): string =>
    row.map((cell, index) => padded(cut(cell, fitted[index] ?? 0), fitted[index] ?? 0)).join(' '.repeat(gap));
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

function cut(cell: string, to: number): string {
  return cell.length <= to ? cell : truncated(cell, to);
}

/** Takes a column from the widest again and again: first from all but the first, whose names are what people look for. */
function fit(widths: readonly number[], room: number): readonly number[] {
  const fitted = [...widths];
  const over = (): number => fitted.reduce((sum, each) => sum + each, 0) + gap * (fitted.length - 1) - room;
  shrink(
    fitted
      .keys()
      .filter((index) => index > 0)
      .toArray(),
    least,
  );
  shrink([...fitted.keys()], leastOfFirst);
  return fitted;

  function shrink(columns: readonly number[], to: number): void {
    for (let left = over(); left > 0; left -= 1) {
      const widest = columns.toSorted((a, b) => (fitted[b] ?? 0) - (fitted[a] ?? 0))[0];
      if (widest === undefined || (fitted[widest] ?? 0) <= to) return;
      fitted[widest] = (fitted[widest] ?? 0) - 1;
    }
  }
}
