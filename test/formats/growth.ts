/** How the time of a format grows with what it is given: texts to read and to edit, values and names to print. */
import type { Edit, Format } from '#format/format';
import { PlumbError } from '#domain/errors';
import { every, numbered, particular, type Shape } from './shapes.ts';

/** What takes time, for something of this size: made before the clock runs. */
type Work = (size: number) => () => void;

interface Subject {
  readonly what: string;
  readonly work: Work;
  /** The smallest size, and the largest that is measured at first. */
  readonly from: number;
  readonly to: number;
  /** Of all: a limit of the format is beyond it. */
  readonly most: number;
}

/** At most so much time for twice the size: what grows with the square takes four times as much. */
const most = 2.5;
/** So much more than twice is still that, and not worth another look. */
const clear = 2.2;
/** Measured are a size and one this many times as large, so that three doublings speak, not the noise of one. */
const apart = 8;

/** CPU time in microseconds: of the process, since that of a thread comes in ticks. */
function cost(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

interface Measured {
  /** What twice the size costs; 0 where even the largest takes no time. */
  readonly found: number;
  /** At which it was measured: one where the clock means something. */
  readonly size: number;
}

function growth({ work, from, to }: Subject, rounds: number): Measured {
  let size = Math.min(from, to / apart);
  while (2 * size * apart <= to && cost(work(size)) < 1000) size *= 2;
  const [small, large] = [work(size), work(size * apart)];
  // As much work in both, in turns, so that what goes on beside it is in both: of each the least.
  const smalls = (): void => {
    for (let again = 0; again < apart; again += 1) small();
  };
  let [one, many] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < rounds; round += 1) {
    many = Math.min(many, cost(large));
    one = Math.min(one, cost(smalls) / apart);
  }
  return { found: many < 5000 ? 0 : Math.cbrt(many / one), size };
}

/**
 * What a busy machine does to a figure, and a step where memory is collected once more, are gone when it is measured
 * again at a larger size. What grows faster than its input does so the more, the larger it is; so the last one counts.
 */
function steadyGrowth(subject: Subject): number {
  let { found, size } = growth(subject, 2);
  for (const to of [2, 4, 8].map((times) => Math.min(times * subject.to, subject.most))) {
    if (found <= clear) return found;
    ({ found, size } = growth({ ...subject, from: 2 * size, to }, 5));
  }
  return found;
}

function repeated({ start = '', again, end = '' }: Shape, length: number): string {
  return start + again.repeat(Math.ceil(length / again.length)) + end;
}

function counted(of: (index: number) => string, length: number): string {
  const pieces: string[] = [];
  for (let index = 0, size = 0; size < length; index += 1) {
    const piece = of(index);
    pieces.push(piece);
    size += piece.length;
  }
  return pieces.join('');
}

function refusing(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
  }
}

/** Reading a text, and three edits of it. */
function ofText(format: Format, what: string, textOf: (length: number) => string): readonly Subject[] {
  const sizes = { from: 4 * 1024, to: 1024 * 1024, most: 8 * 1024 * 1024 };
  const parse: Work = (length) => {
    const text = textOf(length);
    return () => void format.parse(text, 'f');
  };
  const edit: Work = (length) => {
    const text = textOf(length);
    const { entries } = format.parse(text, 'f');
    const present = entries.slice(0, 2).map(({ name }, index): Edit => [name, index === 0 ? 'other' : null]);
    return () => refusing(() => format.edit(text, [...present, ['NEW', 'x']], 'f'));
  };
  return [
    { what: `parse ${what}`, work: parse, ...sizes },
    { what: `edit ${what}`, work: edit, ...sizes },
  ];
}

/** Long values, printed and put in the place of others. */
function ofValue(format: Format, what: string, valueOf: (length: number) => string): readonly Subject[] {
  const sizes = { from: 1024, to: 256 * 1024, most: 256 * 1024 };
  const text = format.print([{ name: 'A', value: 'x' }]);
  const print: Work = (length) => {
    const value = valueOf(length);
    return () => refusing(() => format.print([{ name: 'A', value }]));
  };
  const edit: Work = (length) => {
    const value = valueOf(length);
    return () => refusing(() => format.edit(text, [['A', value]], 'f'));
  };
  return [
    { what: `print the value ${what}`, work: print, ...sizes },
    { what: `edit to the value ${what}`, work: edit, ...sizes },
  ];
}

/** Many names, printed and edited all at once. */
function ofNames(format: Format, what: string, nameOf: (index: number) => string): readonly Subject[] {
  const sizes = { from: 100, to: 8000, most: 8000 };
  const entriesOf = (count: number, value: string) =>
    Array.from({ length: count }, (_, index) => ({ name: nameOf(index), value }));
  const editsOf = (count: number, value: string | null) =>
    Array.from({ length: count }, (_, index): Edit => [nameOf(index), value]);
  const print: Work = (count) => {
    const entries = entriesOf(count, 'x');
    return () => refusing(() => format.print(entries));
  };
  const editing =
    (present: 'present' | 'absent', value: string | null): Work =>
    (count) => {
      const text = format.print(present === 'present' ? entriesOf(count, 'x') : []);
      const edits = editsOf(count, value);
      return () => refusing(() => format.edit(text, edits, 'f'));
    };
  return [
    { what: `print ${what}`, work: print, ...sizes },
    { what: `change ${what}`, work: editing('present', 'y'), ...sizes },
    { what: `remove ${what}`, work: editing('present', null), ...sizes },
    { what: `add ${what}`, work: editing('absent', 'y'), ...sizes },
  ];
}

/** What is written with escapes, or not at all, or has to be looked for. */
const values = [
  'x',
  ' ',
  '\n',
  '\r',
  "'",
  '"',
  '\\',
  '$',
  '${',
  '%{',
  '&',
  ']]>',
  '#',
  ';',
  'é',
  '🌍',
  '\u0001',
  '\u2028',
  'EOT\n',
  'x: y\n',
];
const names: Readonly<Record<string, (index: number) => string>> = {
  N0: (index) => `N${index}`,
  'a.b0': (index) => `a.b${index}`,
  'a0.b': (index) => `a${index}.b`,
  'a.b.c0.d': (index) => `a.b.c${index}.d`,
  a__b0: (index) => `a__b${index}`,
};

function canPrint(format: Format, name: string): boolean {
  return format.problem(name, 'x') === undefined;
}

function* subjectsOf(format: Format): Iterable<Subject> {
  for (const shape of [...every, ...particular]) {
    yield* ofText(format, JSON.stringify(shape), (length) => repeated(shape, length));
  }
  for (const of of numbered)
    yield* ofText(format, `${JSON.stringify(of(1))}, numbered`, (length) => counted(of, length));
  for (const again of values) yield* ofValue(format, JSON.stringify(again), (length) => repeated({ again }, length));
  for (const [what, nameOf] of Object.entries(names)) {
    if (canPrint(format, nameOf(0))) yield* ofNames(format, `${what}, numbered`, nameOf);
  }
}

export interface Growth {
  /** How many were measured. */
  readonly count: number;
  /** What takes more than two and a half times the time for twice the size, with how much. */
  readonly steep: readonly Steep[];
  /** Of those that do not. */
  readonly worst: string;
}

export interface Steep {
  readonly what: string;
  readonly found: number;
}

/** `only`: what is measured; all if it is not given. */
export function measureGrowth(format: Format, only?: ReadonlySet<string>): Growth {
  const steep: Steep[] = [];
  let worst: Steep = { found: 0, what: '' };
  let count = 0;
  for (const subject of subjectsOf(format)) {
    const { what } = subject;
    if (only?.has(what) === false) continue;
    const found = steadyGrowth(subject);
    count += 1;
    if (found > most) steep.push({ what, found });
    else if (found > worst.found) worst = { what, found };
  }
  return { count, steep, worst: `${worst.what}: ${worst.found.toFixed(2)}` };
}
