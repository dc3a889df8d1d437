/** Calls one after the other: one that was given up may still be at work, and the next one waits for it. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const call = (async () => {
      await before;
      return await work();
    })();
    this.#last = call.catch(() => undefined);
    return call;
  }

  async idle(): Promise<void> {
    await this.#last;
  }
}
