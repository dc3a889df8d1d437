/** Where things stand in a text, and what an edit has taken from where. */
import type { ParsedEntry } from '#format/format';

export function offsetOf(text: string, { line, column }: { readonly line: number; readonly column: number }): number {
  return (lineStarts(text)[line - 1] ?? 0) + column - 1;
}

function lineStarts(text: string): readonly number[] {
  const starts = [text.startsWith('\uFEFF') ? 1 : 0];
  for (let feed = text.indexOf('\n'); feed >= 0; feed = text.indexOf('\n', feed + 1)) starts.push(feed + 1);
  return starts;
}

interface Edited {
  readonly before: Text;
  readonly after: Text;
  /** What was edited. */
  readonly name: string;
}

interface Text {
  readonly text: string;
  readonly entries: readonly ParsedEntry[];
}

/** An edit of one name takes nothing away but what belongs to it: no other name stands in what is gone. */
export function staysInPlace({ before, after, name }: Edited): boolean {
  const { text, entries } = before;
  // Where a carriage return alone ends a line for some and not for others, a line number is no place in the text.
  if (/\r(?!\n)/.test(text)) return true;
  const others = entries.filter((one) => one.name !== name);
  // One that stands twice goes from two places, with others between them.
  if (entries.length - others.length > 1) return true;
  const starts = lineStarts(text);
  const offsets = others.map((one) => (starts[one.line - 1] ?? 0) + one.column - 1).sort((a, b) => a - b);
  const kept = changedSpans(text, after.text).some(([start, end]) => {
    const first = offsets[firstFrom(offsets, start)];
    return first === undefined || first >= end;
  });
  // A new name may take the place of a table without names, and have to stand elsewhere: TOML's `[a]` and `a = "x"`.
  return kept || (others.length === entries.length && isSame(linesOf(before, name), linesOf(after, name)));
}

/** The other names in their order, each with its line. */
function linesOf({ text, entries }: Text, name: string): readonly string[] {
  const lines = text.split('\n');
  return entries.filter((one) => one.name !== name).map((one) => `${one.name}\n${lines[one.line - 1]}`);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index]);
}

/** The index of the first number that is not below `least`. */
function firstFrom(sorted: readonly number[], least: number): number {
  let low = 0;
  for (let high = sorted.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is gone from a text, as offsets; several where it cannot be told which of two equal pieces it is. */
function changedSpans(before: string, after: string): [start: number, end: number][] {
  const shorter = Math.min(before.length, after.length);
  let same = 0;
  while (same < shorter && before[same] === after[same]) same += 1;
  let tail = 0;
  while (tail < shorter && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const spans: [number, number][] = [];
  for (let start = Math.min(Math.max(shorter - tail, 0), same); start <= same; start += 1) {
    spans.push([start, before.length - Math.min(tail, shorter - start)]);
  }
  return spans;
}
