/** What has been counted since the loop was made: for metrics. Numbers only. */
export class Tally {
  #repairs = 0;
  readonly #restarts = { started: 0, done: 0, failed: 0 };

  /** Names that somebody else had changed were put right. */
  repaired(names: number): void {
    this.#repairs += names;
  }

  restarted(outcomes: Readonly<Record<'started' | 'done' | 'failed', number>>): void {
    this.#restarts.started += outcomes.started;
    this.#restarts.done += outcomes.done;
    this.#restarts.failed += outcomes.failed;
  }

  get repairs(): number {
    return this.#repairs;
  }

  get restarts(): Readonly<Record<'started' | 'done' | 'failed', number>> {
    return { ...this.#restarts };
  }
}
