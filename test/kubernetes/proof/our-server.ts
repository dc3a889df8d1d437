import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@plumbd/client';
import { AuditFile } from './audit.ts';
import { type ChildServer, spawnServer } from '#testing/server';

/** A server of ours as a process, over one folder: it may die, and is started again. */
export class OurServer implements AsyncDisposable {
  readonly audit: AuditFile;
  readonly #folder: string;
  readonly #node: readonly string[];
  #server: ChildServer | undefined;
  /** Of those that have ended. */
  #output = '';

  /** `plumb.yaml` in the folder is its configuration; `node`: options of Node. */
  constructor(folder: string, node: readonly string[]) {
    this.#folder = folder;
    this.#node = node;
    this.audit = new AuditFile(join(folder, '.plumb/server/audit.log'));
  }

  get client(): Client {
    if (this.#server === undefined) throw new Error('the server is down');
    return this.#server.client;
  }

  /** Everything that was printed. */
  get output(): string {
    return this.#output + (this.#server?.output() ?? '');
  }

  /** Unless it runs. */
  async start(): Promise<void> {
    const argv = ['--config', join(this.#folder, 'plumb.yaml')];
    this.#server ??= await spawnServer({ folder: this.#folder, argv, node: this.#node });
  }

  /** `kill -9`, at whatever it is doing. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.kill('SIGKILL');
    await server?.exited;
    this.#output += server?.output() ?? '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
