import { parseFreezes } from './freeze.ts';
import { parseMapping } from './mapping.ts';
import type { Mapping } from './mapping.ts';
import { PlumbError } from '#domain/errors';

/** What the options of a sync say whatever its target is. */
export interface Rules {
  /** Take over names that are there with other values. */
  readonly adopt: boolean;
  /** Do not wait for a person when many names vanish. */
  readonly deleteMany: boolean;
  readonly names: Mapping;
  /** Why the loop writes nothing at this time, or `undefined`. */
  readonly frozen: (now: number) => string | undefined;
  /** What to do when a restart fails: say so, or put the old values back and hold. */
  readonly onFailedRestart: 'report' | 'hold';
}

/** Takes the rules out of the options. Throws `invalid`; what is left is the target's to check. */
export function parseRules(options: Readonly<Record<string, unknown>>): {
  readonly rules: Rules;
  readonly rest: Readonly<Record<string, unknown>>;
} {
  const { adopt, deleteMany, names, freeze, onFailedRestart = 'report', ...rest } = options;
  if (onFailedRestart !== 'report' && onFailedRestart !== 'hold') {
    throw new PlumbError('invalid', 'option onFailedRestart must be report or hold');
  }
  const freezes = parseFreezes(freeze);
  const rules: Rules = {
    adopt: flag('adopt', adopt),
    deleteMany: flag('deleteMany', deleteMany),
    names: parseMapping(names),
    frozen: (now) => {
      const held = freezes.find(({ holds }) => holds(now));
      return held === undefined ? undefined : `nothing is written in the freeze ${held.text}; apply goes on`;
    },
    onFailedRestart,
  };
  return { rules, rest };
}

function flag(name: string, value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  throw new PlumbError('invalid', `option ${name} must be true or false`);
}
