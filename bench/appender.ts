/** The least that a durable append can cost: one file, one write and one sync for whatever is waiting. */
import { type FileHandle, open } from 'node:fs/promises';

/** Resolves each append once its bytes are synced; appends that wait share the next write and sync. */
export class Appender {
  readonly #file: FileHandle;
  #waiting: { readonly bytes: Uint8Array; readonly done: () => void }[] = [];
  #writing = false;
  syncs = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<Appender> {
    return new Appender(await open(path, 'a', 0o600));
  }

  append(bytes: Uint8Array): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ bytes, done });
      if (!this.#writing) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#file.write(Buffer.concat(batch.map(({ bytes }) => bytes)));
      await this.#file.datasync();
      this.syncs += 1;
      for (const { done } of batch) done();
    }
    this.#writing = false;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
