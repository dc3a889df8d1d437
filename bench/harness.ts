/**
 * Every figure is a ratio to a yardstick measured in the same run: the machine's speed cancels out. Ours and the
 * yardstick take turns, five rounds of each; the medians are compared. A budget that is missed ends the run non-zero.
 */

/** What the ratio of ours to the yardstick has to be. */
export type Budget = { readonly atLeast: number } | { readonly atMost: number };

export interface Sample {
  /** In the unit of the comparison. */
  readonly value: number;
  /** More to know about this round, printed as the median of each. */
  readonly beside?: Readonly<Record<string, number>>;
}

export interface Comparison {
  readonly what: string;
  readonly unit: string;
  readonly ours: () => Promise<Sample>;
  readonly yardstick: () => Promise<Sample>;
  /** Absent: printed, judged by nobody. */
  readonly budget?: Budget;
  /** Default 5. */
  readonly rounds?: number;
}

/** One line of the result. */
export interface Row {
  readonly text: string;
  readonly ok: boolean;
}

export interface Bench {
  readonly about: string;
  run(print: (row: Row) => void): Promise<void>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** The value below which `share` (0 to 1) of the values are. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function keeps(ratio: number, budget: Budget): boolean {
  return 'atLeast' in budget ? ratio >= budget.atLeast : ratio <= budget.atMost;
}

export function formatNumber(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function budgetText(budget: Budget | undefined): string {
  if (budget === undefined) return '';
  return 'atLeast' in budget ? `  budget ≥ ${budget.atLeast}` : `  budget ≤ ${budget.atMost}`;
}

function besideText(samples: readonly Sample[]): string {
  const names = Object.keys(samples[0]?.beside ?? {});
  const parts = names.map(
    (name) => `${name} ${formatNumber(median(samples.map(({ beside }) => beside?.[name] ?? 0)))}`,
  );
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** A ratio that was already measured, as a line. */
export function rowOf(what: string, ratio: number, details: { readonly budget?: Budget; readonly text?: string }): Row {
  const ok = details.budget === undefined || keeps(ratio, details.budget);
  const mark = details.budget === undefined ? '    ' : ok ? 'ok  ' : 'MISS';
  const beside = details.text === undefined ? '' : `  ${details.text}`;
  return { ok, text: `${mark} ${what}: ${ratio.toFixed(3)}${budgetText(details.budget)}${beside}` };
}

/** Runs both in turn and compares their medians. */
export async function compare(comparison: Comparison): Promise<Row> {
  const ours: Sample[] = [];
  const yardstick: Sample[] = [];
  for (let round = 0; round < (comparison.rounds ?? 5); round += 1) {
    yardstick.push(await comparison.yardstick());
    ours.push(await comparison.ours());
  }
  const [mine, theirs] = [ours, yardstick].map((samples) => median(samples.map(({ value }) => value)));
  const ratios = ours.map(({ value }, round) => value / (yardstick[round]?.value ?? Number.NaN));
  const { unit, what, budget } = comparison;
  const text =
    `${formatNumber(mine ?? 0)} ${unit}${besideText(ours)} to ${formatNumber(theirs ?? 0)}${besideText(yardstick)}` +
    `; rounds ${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`;
  return rowOf(what, (mine ?? 0) / (theirs ?? 1), { text, ...(budget === undefined ? {} : { budget }) });
}
