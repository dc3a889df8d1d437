/** What stands behind `run --watch`: one command at a time, started anew when its values have become others. */
import type { Client, EvaluatedEntry } from '@plumbd/client';
import type { Child, SpawnRequest } from './io.ts';
import { diagnosticText, isFailure } from './failures.ts';
import type { Session } from './session.ts';
import { firstSegment, moments, settled } from './watching.ts';

export interface RerunOptions {
  readonly client: Client;
  readonly folder: string;
  /** Throws where the values cannot be given to a command. */
  readonly prepare: (entries: readonly EvaluatedEntry[]) => Promise<Prepared>;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Sent on a change instead of starting anew. */
  readonly signal: NodeJS.Signals | undefined;
  /** Says why a command cannot be started; its exit code. */
  readonly notStarted: (error: unknown) => number;
}

export interface Prepared {
  readonly request: SpawnRequest;
  /** Writes what is held back of the output. */
  readonly end: () => void;
}

/** Values that a command was, or is to be, started with. */
interface Values {
  readonly entries: readonly EvaluatedEntry[];
  readonly byName: ReadonlyMap<string, string>;
}

const settleMs = 200;
const firstPauseMs = 1000;
const longestPauseMs = 30_000;
/** Who ran so long did not fail at the start. */
const steadyMs = 60_000;
/** What a command that was ended may have left behind may still write so long. */
const lastWordsMs = 500;

/** These end the command, and with it plumb. */
const ending: Readonly<Partial<Record<NodeJS.Signals, number>>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 };
const others: readonly NodeJS.Signals[] = ['SIGUSR1', 'SIGUSR2'];
/** A terminal sends these to the command as well as to us. */
const fromTerminal: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);

export class Rerun {
  readonly #session: Session;
  readonly #options: RerunOptions;
  readonly #over = new AbortController();
  #latest: Values | undefined;
  #news: (() => void) | undefined;
  #child: Child | undefined;
  #endedBy: NodeJS.Signals | undefined;
  #pauseMs = firstPauseMs;

  constructor(session: Session, options: RerunOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** The exit code of the command. Throws what keeps it from being started the first time. */
  async run(): Promise<number> {
    const { io } = this.#session;
    const release = io.onSignals([...(Object.keys(ending) as NodeJS.Signals[]), ...others], (name) => this.#take(name));
    const first = Promise.withResolvers<void>();
    const following = this.#follow(() => first.resolve()).then(first.resolve, (error: unknown) => {
      first.reject(error);
      // Later: the command goes on with what it has.
      if (this.#latest !== undefined) this.#warn('changes are no longer followed', error);
    });
    try {
      await first.promise;
      return await this.#loop();
    } finally {
      this.#over.abort();
      release();
      await following;
    }
  }

  async #loop(): Promise<number> {
    for (;;) {
      const values = this.#latest;
      if (values === undefined || this.#endedBy !== undefined) return this.#signalCode();
      const { request, end } = await this.#options.prepare(values.entries);
      const startedAt = this.#session.io.now();
      let child: Child;
      try {
        this.#child = child = await this.#session.io.spawn(request);
      } catch (error) {
        return this.#options.notStarted(error);
      }
      if (this.#endedBy !== undefined) child.kill(this.#endedBy);
      const isChanged = await this.#untilChange(child, values);
      const isStopped = isChanged && this.#endedBy === undefined;
      if (isStopped) await this.#stop(child);
      const code = await this.#ended(child, isStopped ? lastWordsMs : undefined);
      end();
      this.#child = undefined;
      if (this.#endedBy !== undefined || (!isChanged && code === 0)) return code;
      if (isChanged) this.#pauseMs = firstPauseMs;
      else await this.#pause(code, this.#session.io.now() - startedAt, values);
    }
  }

  /** True once there are other values than these; false when the command has ended by itself. */
  async #untilChange(child: Child, started: Values): Promise<boolean> {
    let known = started;
    const exited = child.exited.then(() => 'exited' as const);
    for (;;) {
      const changed = this.#changed(known).then(() => 'changed' as const);
      if ((await Promise.race([exited, changed])) === 'exited') return false;
      const { signal } = this.#options;
      const names = differing(known.byName, this.#latest?.byName ?? new Map<string, string>());
      this.#session.note('note', `${names} changed: ${signal === undefined ? 'starting anew' : `sending ${signal}`}`);
      if (signal === undefined) return true;
      child.kill(signal);
      known = this.#latest ?? known;
    }
  }

  /** Resolves when there are other values than `known`. */
  async #changed(known: Values): Promise<void> {
    while (this.#latest === known) await new Promise<void>((resolve) => (this.#news = resolve));
  }

  async #stop(child: Child): Promise<void> {
    const { io } = this.#session;
    const soon = new AbortController();
    child.kill('SIGTERM');
    const late = io.wait(this.#options.graceMs, soon.signal).then(() => 'late' as const);
    if ((await Promise.race([child.exited, late])) === 'late') {
      this.#session.note('warning', 'the command did not end in time and is killed');
      child.kill('SIGKILL');
    }
    soon.abort();
    await child.exited;
  }

  /** The exit code, once its output is read; of one that left others behind, after `patienceMs` at the latest. */
  async #ended(child: Child, patienceMs?: number): Promise<number> {
    const soon = new AbortController();
    const patience =
      patienceMs === undefined ? [] : [this.#session.io.wait(patienceMs, soon.signal).then(() => ({ code: 0 }))];
    const ended = await Promise.race([child.ended, ...patience]);
    soon.abort();
    return 'code' in ended ? ended.code : 128 + ended.signal;
  }

  /** After a failure; a change or a signal ends it. */
  async #pause(code: number, ranMs: number, values: Values): Promise<void> {
    if (ranMs >= steadyMs) this.#pauseMs = firstPauseMs;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    this.#session.note(
      'warning',
      `the command ended with ${code}; it is started again in ${pauseMs / 1000} s, or on a change`,
    );
    const soon = new AbortController();
    await Promise.race([this.#session.io.wait(pauseMs, soon.signal), this.#changed(values), this.#interrupted()]);
    soon.abort();
  }

  #interrupted(): Promise<void> {
    return new Promise((resolve) => this.#over.signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  #take(name: NodeJS.Signals): void {
    if (ending[name] !== undefined) {
      this.#endedBy = name;
      this.#over.abort();
    }
    if (this.#session.io.stdin.isTerminal && fromTerminal.has(name)) return;
    this.#child?.kill(name);
  }

  #signalCode(): number {
    return 128 + (ending[this.#endedBy ?? 'SIGTERM'] ?? 0);
  }

  /** Keeps the latest values, the first of which are told; throws what refuses them, and whatever the first look throws. */
  async #follow(isReady: () => void): Promise<void> {
    const { client, folder } = this.#options;
    const { signal } = this.#over;
    const { io } = this.#session;
    let projects: ReadonlySet<string> | undefined;
    let told: string | undefined;
    const matters = (path: string): boolean => projects === undefined || projects.has(firstSegment(path));
    for await (const _ of moments({ client, io, signal, matters, settleMs })) {
      const isFirst = this.#latest === undefined;
      const look = () => client.entries.evaluate({ folder });
      const found = await settled(this.#session, { client, isFirst, signal, look });
      if (found === undefined) return;
      projects = 'value' in found ? projectsOf(folder, found.value.entries) : undefined;
      const problem = 'value' in found ? await this.#adopt(found.value.entries, isFirst) : found.problem;
      if (problem !== undefined && problem !== told)
        this.#session.note('warning', `the command keeps what it has: ${problem}`);
      told = problem;
      if (isFirst) isReady();
    }
  }

  /** What keeps the values from being given to a command; `undefined`: nothing does. */
  async #adopt(entries: readonly EvaluatedEntry[], isFirst: boolean): Promise<string | undefined> {
    const { folder, prepare } = this.#options;
    const byName = new Map(entries.map(({ path, value }) => [path.slice(folder.length + 1), value]));
    if (this.#latest !== undefined && differing(this.#latest.byName, byName) === '') return undefined;
    try {
      await prepare(entries);
      this.#latest = { entries, byName };
    } catch (error) {
      if (isFirst || !isFailure(error)) throw error;
      return [...error.diagnostics.map(diagnosticText), error.message].join('; ');
    }
    if (entries.length === 0) this.#session.note('warning', `nothing is in ${folder}`);
    this.#news?.();
    return undefined;
  }

  #warn(what: string, error: unknown): void {
    this.#session.note('warning', `${what}: ${isFailure(error) ? error.message : 'a fault of plumb itself'}`);
  }
}

function projectsOf(folder: string, entries: readonly EvaluatedEntry[]): ReadonlySet<string> {
  return new Set([folder, ...entries.flatMap(({ origin }) => origin.map(({ path }) => path))].map(firstSegment));
}

/** Names whose values differ, or that only one of them has; the first few. */
function differing(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string {
  const names = [...new Set([...before.keys(), ...after.keys()])].filter(
    (name) => before.get(name) !== after.get(name),
  );
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
