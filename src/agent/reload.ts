/**
 * The reload command of one sync as an activator: what was written is told to what runs with it. Written and activated are two
 * states; the second is tried until it holds.
 */
import type { ReloadOptions } from './reload-options.ts';
import type { Activator, Consumer, Progress } from '#reconcile/activator';
import type { Clock, Random, Timer } from '#util/clock';

/** Runs a program to its end; answers how it ended, if not well. */
export type RunCommand = (request: {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}) => Promise<string | undefined>;

export interface ReloadParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly run: RunCommand;
  /** What every command gets besides. */
  readonly env: Readonly<Record<string, string>>;
  /** Called after each try. */
  readonly tried?: (sync: string, problem: string | undefined, tries: number) => void;
}

export interface ReloadSubject extends ReloadOptions {
  readonly sync: string;
  /** Of the file. */
  readonly path: string;
}

/** The one consumer there is. */
const consumerId = 'reload';
/** After the first failure in a row wait `firstMs`, doubling up to `mostMs`, each ± 20 %. */
export const reloadBackoff = { firstMs: 1000, mostMs: 300_000 } as const;
/** How long a command that runs may go on when the agent stops. */
const graceMs = 10_000;
/** Names that changed are handed over up to so many characters; a variable holds no more than 128 KiB. */
const maxNames = 32 * 1024;

/** One content that is to be heard of. */
interface Job {
  readonly mark: string;
  state: 'running' | 'failed' | 'done';
  problem: string;
  tries: number;
  timer: Timer | undefined;
}

export class Reload implements Activator {
  readonly heedsNew = true;
  readonly tellsProgress = true;
  readonly #parts: ReloadParts;
  readonly #subject: ReloadSubject;
  readonly #abort = new AbortController();
  #job: Job | undefined;
  /** Names written since the last command that went well; `undefined`: not known, as after a start. */
  #changed: Set<string> | undefined;
  #running: Promise<void> | undefined;
  #told: (() => void) | undefined;

  constructor(parts: ReloadParts, subject: ReloadSubject) {
    this.#parts = parts;
    this.#subject = subject;
  }

  /** Calls `told` whenever a try has ended. */
  onTried(told: () => void): void {
    this.#told = told;
  }

  /** Those names are being written. */
  writing(names: readonly string[]): void {
    for (const name of names) this.#changed?.add(name);
  }

  async consumers(names: ReadonlySet<string>): Promise<readonly Consumer[]> {
    return await Promise.resolve([{ id: consumerId, names: [...names] }]);
  }

  async restart(_consumer: string, mark: string): Promise<boolean> {
    this.#begin(mark);
    return await Promise.resolve(true);
  }

  /** What an earlier process began, and did not see the end of, is begun anew. */
  async progress(_consumer: string, mark: string): Promise<Progress> {
    if (this.#job?.mark !== mark) this.#begin(mark);
    const job = this.#job;
    if (job?.state === 'done') return await Promise.resolve({ state: 'done' });
    if (job?.state === 'failed') return { state: 'failed', message: tellTries(job) };
    return { state: 'waiting', message: job?.tries === 0 ? 'the command runs' : 'the command runs again' };
  }

  /** Resolves when no command runs. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Nothing is tried any more. A command that runs may end, within a while. */
  async close(): Promise<void> {
    this.#job?.timer?.cancel();
    this.#told = undefined;
    const job = this.#job;
    this.#job = undefined;
    if (job?.state !== 'running') return;
    const grace = this.#parts.clock.timer(graceMs, () => this.#abort.abort());
    await this.settled();
    grace.cancel();
  }

  #begin(mark: string): void {
    this.#job?.timer?.cancel();
    this.#job = { mark, state: 'running', problem: '', tries: 0, timer: undefined };
    this.#start();
  }

  /** One command at a time: for newer contents it runs again when it has ended. */
  #start(): void {
    this.#running ??= this.#runAll().finally(() => {
      this.#running = undefined;
    });
  }

  async #runAll(): Promise<void> {
    for (let job = this.#job; job?.state === 'running'; job = this.#job) {
      const passed = this.#changed;
      this.#changed = new Set();
      const problem = await this.#runOnce(passed);
      if (problem !== undefined) this.#changed = passed === undefined ? undefined : passed.union(this.#changed);
      if (job === this.#job) this.#end(job, problem);
    }
  }

  async #runOnce(changed: ReadonlySet<string> | undefined): Promise<string | undefined> {
    const { command, timeoutMs, env, sync, path } = this.#subject;
    const names = [...(changed ?? [])].sort().join(' ');
    const own = {
      PLUMB_SYNC: sync,
      PLUMB_FILE: path,
      ...(names === '' || names.length > maxNames ? {} : { PLUMB_CHANGED: names }),
    };
    const all = { ...this.#parts.env, ...env, ...own };
    return await this.#parts.run({ command, env: all, timeoutMs, signal: this.#abort.signal });
  }

  #end(job: Job, problem: string | undefined): void {
    job.tries += 1;
    this.#parts.tried?.(this.#subject.sync, problem, job.tries);
    job.state = problem === undefined ? 'done' : 'failed';
    if (problem !== undefined) {
      job.problem = problem;
      const { clock, random } = this.#parts;
      const ms = Math.min(reloadBackoff.mostMs, reloadBackoff.firstMs * 2 ** (job.tries - 1));
      job.timer = clock.timer(ms * (0.8 + 0.4 * random.next()), () => this.#again(job));
    }
    this.#told?.();
  }

  #again(job: Job): void {
    if (job !== this.#job) return;
    job.state = 'running';
    this.#start();
  }
}

function tellTries({ problem, tries }: Job): string {
  return `the command ${problem}${tries === 1 ? '' : `, ${tries} times`}; it is tried again`;
}
