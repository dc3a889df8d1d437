/** In which form a command prints what the API answers: for people, or as JSON or YAML for programs. */
import { UsageError } from './failures.ts';
import type { Session } from './session.ts';

export const outputFormats = ['json', 'yaml', 'table'] as const;

/** What the command line may say about it; the flags of the command itself stand beside. */
export interface OutputFlags {
  readonly json?: boolean;
  readonly format?: (typeof outputFormats)[number];
}

/** The flags with `json` for anything that is not for people; how documents look is told to the session. */
export async function chooseOutput<Flags extends OutputFlags>(
  session: Session,
  flags: Flags,
): Promise<Omit<Flags, 'format'>> {
  const { format, ...rest } = flags;
  if (format === undefined) return rest;
  if (rest.json === true && format !== 'json') throw new UsageError(`--json and --format ${format} exclude each other`);
  if (format === 'yaml') session.documents((await import('./yaml-text.ts')).yamlDocuments);
  return { ...rest, json: format !== 'table' };
}
