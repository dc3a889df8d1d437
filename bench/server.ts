/** A server with an administrator and entries, ready to be measured. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@plumbd/client';
import { type Child, startChild } from './child.ts';
import type { Counters, Started } from './serve.ts';
import { folder, nameOf, valueOf } from './values.ts';

export type Client = ReturnType<typeof createClient>;

export interface Server {
  readonly child: Child;
  readonly client: Client;
  readonly port: number;
  readonly token: string;
  /** Holds `store`, and `out`, the root of the target `local`. */
  readonly place: string;
  /** How long it took to open the store and listen. */
  readonly startSeconds: number;
  count(): Promise<Counters>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Default true. */
  readonly audit?: boolean;
  /** A folder that a server has used before; default a new one, removed at the end. */
  readonly place?: string;
  /** Of an administrator of that store; default: one is made. */
  readonly token?: string;
  /** Beside `local`, as the configuration of the server says it. */
  readonly targets?: Readonly<Record<string, unknown>>;
}

const limits = ['--requests-per-second', '10000000', '--streams-per-principal', '2000', '--log-level', 'error'];

/** Starts a server on a free port. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { audit = true, place: given, token, targets = {} } = options;
  const place = given ?? (await mkdtemp(join(tmpdir(), 'plumb-bench-')));
  const out = join(place, 'out');
  await mkdir(out, { recursive: true, mode: 0o700 });
  const config = join(place, 'server.yaml');
  await writeFile(config, JSON.stringify({ targets: { local: { type: 'file', root: out }, ...targets } }));
  const child = await startChild('serve.ts', audit ? [] : ['--without-audit']);
  const argv = ['--config', config, '--data', join(place, 'store'), '--listen', '127.0.0.1:0', ...limits];
  const { address, seconds } = await child.ask<Started>({ argv });
  const known = token ?? (await becomeAdministrator(address, join(place, 'store')));
  return {
    child,
    client: createClient({ address, token: known, retry: false }),
    port: Number(new URL(address).port),
    token: known,
    place,
    startSeconds: seconds,
    count: () => child.ask<Counters>('count'),
    stop: async () => {
      await child.stop();
      if (given === undefined) await rm(place, { recursive: true });
    },
  };
}

async function becomeAdministrator(address: string, store: string): Promise<string> {
  const once = await readFile(join(store, 'bootstrap-token'), 'utf8');
  const issued = await createClient({ address }).bootstrap({ token: once.trim(), name: 'bench' });
  return issued.token;
}

/** Puts `count` secrets, a thousand in a change. */
export async function fill(client: Client, count: number): Promise<void> {
  for (let start = 0; start < count; start += 1000) {
    const ops = Array.from({ length: Math.min(1000, count - start) }, (_, offset) => {
      const index = start + offset;
      return { op: 'put', path: `${folder}/${nameOf(index)}`, value: valueOf(index) } as const;
    });
    await client.changes.apply({ reason: 'entries of the benchmark', ops });
  }
}

/** A workload that may read everything, for syncs to run as. */
export async function registerReader(client: Client): Promise<string> {
  await client.policies.put('read-all', { text: 'allow list, read on **' });
  await client.principals.put('workload/reader', { policies: ['read-all'] });
  return 'workload/reader';
}
