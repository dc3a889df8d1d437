/** The configuration file of the agent as it was written. */
import type { OptionName } from './options.ts';
import type { Written } from '#domain/options';

/** What stands in the file; `roots` and `syncs` as they were written. */
export interface ConfigFile {
  readonly name: string;
  readonly text: string;
  readonly options: Written<OptionName>;
  readonly roots: unknown;
  readonly syncs: unknown;
}
