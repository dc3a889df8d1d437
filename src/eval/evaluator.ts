import type { Lookup, Shelves, Stored } from './lookup.ts';
import { isExpression, lookUp } from './lookup.ts';
import type { Fault, Problem } from './problem.ts';
import { faults, problemOf } from './problem.ts';
import { checkResult, partsOf, Stop, targetOf } from './stop.ts';
import { PlumbError } from '#domain/errors';
import type { Folder, Path } from '#domain/path';
import { placeOf, utf8Length } from '#domain/path';
import type { ExpressionPart } from '#domain/reference';

/** The world as one reader sees it, lent for one evaluation. All synchronous; none may change meanwhile. */
export interface Loaders<H extends Stored> extends Shelves<H> {
  /** Whether values at `path` may be used. `stored` is what was found for it, if anything. */
  mayRead(path: Path, stored: H | undefined): boolean;
  /** Whether the reader may know of `path`. */
  mayList(path: Path, stored: H | undefined): boolean;
  /** The value as text (base64 for `bytes`). A `PlumbError` thrown here becomes a problem; anything else is thrown on. */
  text(stored: H): string;
}

export interface Evaluated<H extends Stored> {
  readonly path: Path;
  /** Where it is stored: at another path than `path` if inherited. */
  readonly stored: H;
  readonly text: string;
  /** True if any part of it is secret. */
  readonly secret: boolean;
  /** What it was computed from, in the order of use, each once; itself first. */
  readonly origins: readonly H[];
  /** Of a secret that is none by itself: from its own path down to the first that is one. */
  readonly taint?: readonly Path[];
}

export type Evaluation<H extends Stored> =
  | { readonly ok: true; readonly value: Evaluated<H> }
  | { readonly ok: false; readonly problem: Problem };

/** What evaluations depended on: a change to anything else cannot alter them. */
export interface Touched {
  /** Entries looked up, absent ones included, and environments whose declaration was followed. */
  readonly paths: ReadonlySet<Path>;
  /** Folders whose direct entries were looked through. */
  readonly folders: ReadonlySet<Folder>;
}

/** `work`: bytes of all intermediate results of one evaluation together. */
export const evaluationLimits = { references: 1000, bytes: 1024 * 1024, work: 16 * 1024 * 1024 } as const;

/** What one path came to, with what the expressions that use it need to know. */
interface Done<H extends Stored> extends Omit<Evaluated<H>, 'origins' | 'taint'> {
  /** Of the text in UTF-8. */
  readonly bytes: number;
  /** What it refers to itself, in order. */
  readonly parts: readonly Done<H>[];
}

/** An expression that is being put together. */
interface Frame<H extends Stored> {
  readonly path: Path;
  readonly stored: H;
  readonly parts: readonly ExpressionPart[];
  next: number;
  text: string;
  bytes: number;
  secret: boolean;
  readonly used: Done<H>[];
}

const noParts: readonly never[] = [];

/** Evaluates paths for one reader; remembers what it has computed, so that several share the work. */
export class Evaluator<H extends Stored> {
  readonly #loaders: Loaders<H>;
  /** Only what succeeded: a failure depends on where the walk began. */
  readonly #done = new Map<Path, Done<H>>();
  readonly #paths = new Set<Path>();
  readonly #folders = new Set<Folder>();
  /** Expressions that are open, outermost first: the chain of an error. */
  #open: Frame<H>[] = [];
  readonly #openPaths = new Set<Path>();
  /** Since the path asked for: paths entered, and bytes of results. */
  #entered = 0;
  #work = 0;

  constructor(loaders: Loaders<H>) {
    this.#loaders = loaders;
  }

  get touched(): Touched {
    return { paths: this.#paths, folders: this.#folders };
  }

  touch(path: Path): void {
    this.#paths.add(path);
  }

  touchFolder(folder: Folder): void {
    this.#folders.add(folder);
  }

  evaluate(path: Path): Evaluation<H> {
    this.#open = [];
    this.#openPaths.clear();
    this.#entered = 0;
    this.#work = 0;
    try {
      return { ok: true, value: this.#run(path) };
    } catch (stop) {
      if (!(stop instanceof Stop)) throw stop;
      return { ok: false, problem: problemOf([...this.#open.map((frame) => frame.path), ...stop.tail], stop.fault) };
    }
  }

  /** No recursion: a chain of references may be longer than the stack is deep. */
  #run(path: Path): Evaluated<H> {
    let done = this.#done.get(path) ?? this.#enter(path);
    for (let frame = this.#open.at(-1); frame !== undefined; frame = this.#open.at(-1)) done = this.#advance(frame);
    if (done === undefined) throw new Error('an evaluation ended without a result');
    const { stored, text, secret } = done;
    const taint = taintOf(done);
    return { path, stored, text, secret, origins: originsOf(done), ...(taint === undefined ? {} : { taint }) };
  }

  /** The value of what is stored at a path, or `undefined` when an expression was opened for it. */
  #enter(path: Path): Done<H> | undefined {
    if (this.#openPaths.has(path)) throw new Stop(faults.cycle, [path]);
    this.#entered += 1;
    if (this.#entered - 1 > evaluationLimits.references) throw new Stop(tooManyReferences, [path]);
    const stored = this.#readable(path);
    const text = this.#textOf(path, stored);
    const secret = stored.current.kind === 'secret';
    if (!isExpression(stored)) {
      const done = { path, stored, text, secret, bytes: utf8Length(text), parts: noParts };
      this.#done.set(path, done);
      return done;
    }
    this.#open.push({ path, stored, parts: partsOf(path, text), next: 0, text: '', bytes: 0, secret, used: [] });
    this.#openPaths.add(path);
    return undefined;
  }

  /** Takes the next parts as far as they are known; closes the expression after the last. */
  #advance(frame: Frame<H>): Done<H> | undefined {
    for (let part = frame.parts[frame.next]; part !== undefined; part = frame.parts[frame.next]) {
      if (typeof part === 'string') {
        append(frame, part, utf8Length(part));
      } else {
        const target = targetOf(part.reference, frame.path);
        const value = this.#done.get(target) ?? this.#enter(target);
        if (value === undefined) return undefined;
        append(frame, value.text, value.bytes);
        frame.secret ||= value.secret;
        frame.used.push(value);
      }
      frame.next += 1;
    }
    return this.#close(frame);
  }

  #close(frame: Frame<H>): Done<H> {
    const { path, stored, text, bytes, secret, used } = frame;
    this.#work += bytes;
    if (this.#work > evaluationLimits.work) throw new Stop(tooMuchWork);
    checkResult(stored, text);
    const done = { path, stored, text, secret, bytes, parts: used };
    this.#done.set(path, done);
    this.#open.pop();
    this.#openPaths.delete(path);
    return done;
  }

  /** What a path stands for, if the reader may use it. */
  #readable(path: Path): H {
    const { found, steps } = lookUp(path, this.#loaders);
    this.#touchSteps(path, steps);
    const isReferred = this.#open.length > 0;
    if (found === undefined) {
      const mayKnow = this.#loaders.mayList(path, undefined) || this.#loaders.mayRead(path, undefined);
      if (!isReferred) throw new Stop(faults.absent, [path]);
      throw mayKnow ? new Stop(faults.missing, [path]) : new Stop(faults.unreadable, [undefined]);
    }
    const mayReadHere = this.#loaders.mayRead(path, found);
    if (mayReadHere && (found.path === path || this.#loaders.mayRead(found.path, found))) return found;
    const mayKnow = mayReadHere || this.#loaders.mayList(path, found);
    if (!isReferred) throw new Stop(mayKnow ? faults.forbidden : faults.absent, [path]);
    throw new Stop(faults.unreadable, [mayKnow ? path : undefined]);
  }

  #touchSteps(path: Path, steps: Lookup<H>['steps']): void {
    for (const step of steps) this.#paths.add(step.path);
    const own = steps[0]?.stored;
    const place = placeOf(path);
    if (place === undefined || (own !== undefined && own.current.state !== 'deleted')) return;
    for (const environment of this.#loaders.chain(place.environment)) this.#paths.add(environment as Path);
  }

  #textOf(path: Path, stored: H): string {
    if (stored.current.value === undefined) throw new Stop(faults.destroyed, [path]);
    try {
      return this.#loaders.text(stored);
    } catch (cause) {
      if (!(cause instanceof PlumbError)) throw cause;
      throw new Stop({ code: cause.code, what: cause.message, cause }, [path]);
    }
  }
}

const tooManyReferences: Fault = { code: 'too-large', what: `more than ${evaluationLimits.references} references` };
const tooMuchText: Fault = { code: 'too-large', what: `the result has more than ${evaluationLimits.bytes} bytes` };
const tooMuchWork: Fault = {
  code: 'too-large',
  what: `the results on the way have more than ${evaluationLimits.work} bytes together`,
};

function append<H extends Stored>(frame: Frame<H>, text: string, bytes: number): void {
  frame.bytes += bytes;
  if (frame.bytes > evaluationLimits.bytes) throw new Stop(tooMuchText);
  frame.text += text;
}

/** From an expression that is no secret by itself to what makes it one. */
function taintOf<H extends Stored>(done: Done<H>): readonly Path[] | undefined {
  if (!done.secret || done.stored.current.kind === 'secret') return undefined;
  const chain = [done.path];
  let next: Done<H> | undefined = done;
  while (next !== undefined && next.stored.current.kind !== 'secret') {
    next = next.parts.find(({ secret }) => secret);
    if (next !== undefined) chain.push(next.path);
  }
  return chain;
}

/** In the order of use, each once. Here the limit counts what an earlier evaluation had computed already, too. */
function originsOf<H extends Stored>(done: Done<H>): readonly H[] {
  if (done.parts.length === 0) return [done.stored];
  const origins = new Set<H>();
  const seen = new Set<Done<H>>();
  const waiting = [done];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (seen.size - 1 > evaluationLimits.references) throw new Stop(tooManyReferences, [done.path]);
    origins.add(next.stored);
    for (let index = next.parts.length - 1; index >= 0; index -= 1) {
      const part = next.parts[index];
      if (part !== undefined && !seen.has(part)) waiting.push(part);
    }
  }
  return [...origins];
}
