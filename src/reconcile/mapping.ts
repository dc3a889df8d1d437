import type { Desired, DesiredItem, Obstacle } from './target.ts';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import { glob } from '#util/glob';

/** Which entries are delivered, and under what names. */
export interface Mapping {
  /** Patterns of entry names, `*` for any characters; absent: all. */
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly case?: 'upper' | 'lower';
  /** The name with `{name}` in it, e.g. `APP_{name}`; applied after `case`. */
  readonly template?: string;
}

export interface Mapped {
  readonly desired: Desired;
  readonly obstacles: readonly Obstacle[];
}

const patternLimit = 100;
const textLimit = 256;

/** The option `names`: `{ only, except, case, prefix, template }`. Throws `invalid` with every diagnostic. */
export function parseMapping(option: unknown): Mapping {
  if (option === undefined) return {};
  if (typeof option !== 'object' || option === null || Array.isArray(option)) {
    throw new PlumbError('invalid', 'option names must be a mapping of only, except, case, prefix, template');
  }
  const { only, except, case: letters, prefix, template, ...unknown } = option as Record<string, unknown>;
  const diagnostics: Diagnostic[] = Object.keys(unknown).map((name) => ({
    message: `unknown option names.${name}, expected only, except, case, prefix or template`,
    subject: 'options',
  }));
  const expect = (holds: boolean, message: string): void => {
    if (!holds) diagnostics.push({ message, subject: 'options' });
  };
  const isText = (value: unknown): value is string =>
    typeof value === 'string' && value !== '' && value.length <= textLimit;
  const arePatterns = (value: unknown): boolean =>
    Array.isArray(value) && value.length > 0 && value.length <= patternLimit && value.every(isText);
  for (const [name, value] of Object.entries({ only, except })) {
    expect(
      value === undefined || arePatterns(value),
      `names.${name} must be 1 to ${patternLimit} patterns of entry names`,
    );
  }
  expect([undefined, 'upper', 'lower'].includes(letters as undefined), 'names.case must be upper or lower');
  expect(prefix === undefined || isText(prefix), `names.prefix must be text of 1 to ${textLimit} characters`);
  expect(
    template === undefined || (isText(template) && template.split('{name}').length === 2),
    'names.template must be text with {name} in it once',
  );
  expect(prefix === undefined || template === undefined, 'names.prefix and names.template exclude each other');
  if (diagnostics.length > 0) throw new PlumbError('invalid', 'the mapping of names does not fit', { diagnostics });
  const pattern = isText(prefix) ? `${prefix}{name}` : template;
  return {
    ...(only === undefined ? {} : { only: only as readonly string[] }),
    ...(except === undefined ? {} : { except: except as readonly string[] }),
    ...(letters === undefined ? {} : { case: letters as 'upper' | 'lower' }),
    ...(typeof pattern === 'string' ? { template: pattern } : {}),
  };
}

/** Pure. Two entries that come out under one name are an obstacle to the whole place. */
export function mapNames(mapping: Mapping, desired: Desired): Mapped {
  if (Object.keys(mapping).length === 0) return { desired, obstacles: [] };
  const takes = matcher(mapping);
  const mapped = new Map<string, DesiredItem>();
  const obstacles: Obstacle[] = [];
  for (const [entry, item] of desired) {
    if (!takes(entry)) continue;
    const name = rename(mapping, entry);
    const other = mapped.get(name);
    if (other !== undefined) {
      obstacles.push({ group: '', message: `${entry} and ${other.entry ?? name} would both be called ${name}` });
    } else mapped.set(name, { ...item, entry });
  }
  return { desired: mapped, obstacles };
}

function rename({ case: letters, template }: Mapping, entry: string): string {
  const cased = letters === 'upper' ? entry.toUpperCase() : letters === 'lower' ? entry.toLowerCase() : entry;
  return template === undefined ? cased : template.replace('{name}', () => cased);
}

function matcher({ only, except }: Mapping): (entry: string) => boolean {
  const wanted = only?.map(glob);
  const unwanted = except?.map(glob) ?? [];
  return (entry) =>
    (wanted === undefined || wanted.some((matches) => matches(entry))) && !unwanted.some((matches) => matches(entry));
}
