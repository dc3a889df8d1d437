/** Deliveries as the audit file of a server has them; it is read on as it grows. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

export interface DeliveryRecord {
  readonly sync: string;
  /** Paths of the entries. */
  readonly entries: ReadonlySet<string>;
}

interface Line {
  readonly action?: string;
  readonly paths?: readonly string[];
}

const prefix = 'sys/syncs/';

export class AuditFile {
  readonly #path: string;
  readonly #records: DeliveryRecord[] = [];
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Those that are there now. */
  read(): readonly DeliveryRecord[] {
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= this.#offset) return this.#records;
    const bytes = Buffer.alloc(size - this.#offset);
    const file = openSync(this.#path, 'r');
    readSync(file, bytes, 0, bytes.length, this.#offset);
    closeSync(file);
    // A line that is not whole yet may be cut off by the next server that starts.
    const lines = bytes.toString('latin1').split('\n').slice(0, -1);
    for (const line of lines) {
      this.#offset += line.length + 1;
      this.#note(line);
    }
    return this.#records;
  }

  #note(line: string): void {
    if (!line.includes('"sync"')) return;
    const { action, paths = [] } = JSON.parse(line.slice(line.indexOf('{'))) as Line;
    const [path = '', ...entries] = paths;
    if (action !== 'sync' || !path.startsWith(prefix)) return;
    this.#records.push({ sync: path.slice(prefix.length), entries: new Set(entries) });
  }
}
