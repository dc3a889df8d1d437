/** The configuration file of the agent as it was written. */
import type { OptionName } from './options.ts';

/** Options as text, with where they stand. */
export type Written = Map<OptionName, { readonly text: string; readonly where: string }>;

/** What stands in the file; `roots` and `syncs` as they were written. */
export interface ConfigFile {
  readonly name: string;
  readonly text: string;
  readonly options: Written;
  readonly roots: unknown;
  readonly syncs: unknown;
}

/** Of the first line that looks like it. */
export function lineOf(text: string, pattern: RegExp): { readonly line?: number } {
  const line = text.split('\n').findIndex((each) => pattern.test(each)) + 1;
  return line === 0 ? {} : { line };
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
