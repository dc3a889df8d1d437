/** One format against mutated texts: what is new to it is mutated further, what it does wrong is made small. */
import type { Edit, Format } from '#format/format';
import { formatLimits } from '#format/format';
import { mutated, type Numbers, numbers } from './mutations.ts';
import { secret, type Trial, tryText } from './trial.ts';

export interface FuzzOptions {
  /** To begin with. */
  readonly texts: readonly string[];
  readonly seed: number;
  /** Called before each text; `false` ends it. */
  readonly next: (text: string) => boolean;
  /** A text that costs much more than others of its length is a finding too. */
  readonly timed: boolean;
}

export interface Finding extends Trial {
  readonly stack: string;
}

const values: readonly (string | null)[] = [
  null,
  null,
  '',
  'x',
  '0',
  'true',
  secret,
  'it\'s "$x"\n\\',
  ' é 🌍 ',
  '#',
  '\r\n',
];
/** How many texts are kept besides those to begin with. */
const kept = 1000;

export function fuzz(format: Format, { texts, seed, next: goOn, timed }: FuzzOptions): Finding | undefined {
  const pool = [...texts, ''];
  const known = new Set<string>();
  const next = numbers(seed);
  const clock = new Clock();
  const faultOf = (trial: Trial): string | undefined => {
    const { fault, cost } = run(format, trial);
    if (fault !== undefined || !timed || clock.isUsual(trial, cost)) return fault;
    return slowness(format, trial);
  };
  for (;;) {
    const text = mutated(pool, next);
    if (!goOn(text)) return undefined;
    const unread = unreadable(format, text);
    if (unread !== undefined) return shrunk({ text, edits: [] }, unread, (one) => unreadable(format, one.text));
    const trial = { text, edits: someEdits(format, { text, pool, next }) };
    const fault = faultOf(trial);
    if (fault !== undefined) return shrunk(trial, fault, faultOf);
    const what = signature(format, text);
    if (known.has(what)) continue;
    known.add(what);
    if (pool.length < texts.length + kept) pool.push(text);
    else pool[texts.length + next(kept)] = text;
  }
}

/**
 * What costs much may be much: it is wrong when twice as much of it costs far more than twice. So may a single doubling, at
 * which memory is collected once more: what grows with the square does it at each.
 */
export function slowness(format: Format, trial: Trial): string | undefined {
  const least = (of: Trial): number => Math.min(...[1, 2, 3, 4].map(() => run(format, of).cost));
  let [one, cost] = [trial, least(trial)];
  let found: string | undefined;
  for (let look = 0; look < 3; look += 1) {
    const two = { ...trial, text: doubled(one.text) };
    if (two.text.length > formatLimits.file) break;
    const more = least(two);
    if (more / cost < (1.5 * two.text.length) / one.text.length) return undefined;
    found = `Error: time: ${cost} µs for ${one.text.length} characters, ${more} for ${two.text.length}`;
    [one, cost] = [two, more];
  }
  return found;
}

/** The pieces that repeat in it, twice as often; where none do, the whole text. */
function doubled(text: string): string {
  const longer = text.replaceAll(/([^]{1,100}?)\1{7,}/g, '$&$&');
  return longer.length > 1.5 * text.length ? longer : text + text;
}

/** One to three: of names that are there, that begin like them, or that are new. */
function someEdits(
  format: Format,
  { text, pool, next }: { readonly text: string; readonly pool: readonly string[]; readonly next: Numbers },
): readonly Edit[] {
  const names = format.parse(text, 'file').entries.map(({ name }) => name);
  return Array.from({ length: 1 + next(3) }, (): Edit => {
    const present = names[next(names.length + 1)] ?? 'A';
    const name = [present, present, `N${next(9)}`, `${present}.a`, present.slice(0, next(present.length + 1))][next(5)];
    const value = next(8) === 0 ? mutated(pool, next).slice(0, 300) : (values[next(values.length)] ?? null);
    return next(4) === 0 ? [name ?? 'A', value, next(2) === 0] : [name ?? 'A', value];
  });
}

/** What reading alone does wrong: there is nothing to edit then. */
function unreadable(format: Format, text: string): string | undefined {
  try {
    format.parse(text, 'file');
    return undefined;
  } catch (error) {
    return stackOf(error);
  }
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What is wrong, and the CPU time in microseconds: of the process, since that of a thread comes in ticks. */
function run(format: Format, trial: Trial): { readonly fault: string | undefined; readonly cost: number } {
  const before = process.cpuUsage();
  let fault: string | undefined;
  try {
    tryText(format, trial);
  } catch (error) {
    fault = stackOf(error);
  }
  const { user, system } = process.cpuUsage(before);
  return { fault, cost: user + system };
}

/** What a parser has to say of a text, without names, numbers and places: a text with something new is worth keeping. */
function signature(format: Format, text: string): string {
  const { entries, diagnostics } = format.parse(text, 'file');
  const said = new Set(
    diagnostics.map(({ message }) => message.replaceAll(/"(?:[^"\\]|\\.)*"|[\w./:…-]*\d[\w./:…-]*/g, '')),
  );
  return JSON.stringify([Math.min(entries.length, 4), entries.some(({ value }) => value === null), [...said].sort()]);
}

/** Of two faults, whether they are the same one. */
function kind(stack: string): string {
  const [message = '', where = ''] = stack.split('\n', 2);
  return message.replace(/^(\w+: [^:]*).*$/, '$1') + (message.startsWith('Error: ') ? '' : where);
}

/** Pieces are left out, ever smaller ones, as long as the same is wrong. */
function shrunk(found: Trial, stack: string, faultOf: (trial: Trial) => string | undefined): Finding {
  const wanted = kind(stack);
  let best: Finding = { ...found, stack };
  let tries = wanted === 'Error: time' ? 50 : 5000;
  const keep = (trial: Trial): boolean => {
    tries -= 1;
    const fault = tries < 0 ? undefined : faultOf(trial);
    if (fault === undefined || kind(fault) !== wanted) return false;
    best = { ...trial, stack: fault };
    return true;
  };
  for (let index = best.edits.length - 1; index >= 0; index -= 1)
    keep({ ...best, edits: best.edits.toSpliced(index, 1) });
  for (let size = best.text.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.text.length; ) {
      const text = best.text.slice(0, at) + best.text.slice(at + size);
      if (!keep({ ...best, text })) at += size;
    }
  }
  for (const [index, [name, value, ...rest]] of best.edits.entries()) {
    for (const simple of [null, '', 'x']) {
      if (value !== simple && keep({ ...best, edits: best.edits.with(index, [name, simple, ...rest]) })) break;
    }
  }
  return best;
}

/**
 * CPU time for a text against what others of its length take: the yardstick is the format itself, so that a slow or
 * busy machine does not accuse. What grows with the square of a text of this size is beyond it by far.
 */
class Clock {
  readonly #recent: number[] = [];
  /** The median of what a character takes. */
  #usual = Number.POSITIVE_INFINITY;

  isUsual({ text }: Trial, cost: number): boolean {
    const length = text.length + 1000;
    this.#recent.push(cost / length);
    if (this.#recent.length === 2000) {
      this.#usual = this.#recent.sort((a, b) => a - b)[1000] ?? 0;
      this.#recent.length = 0;
    }
    return cost <= Math.max(this.#usual * 60 * length, 30_000);
  }
}
