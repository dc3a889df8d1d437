/** One etcd without any promise of durability, below an API server of a test. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { programPath } from '../../../tools/builds.ts';
import { freePort, type Program, startProgram, untilReady } from '../programs.ts';

export interface Etcd {
  /** `http://127.0.0.1:<port>`. */
  readonly address: string;
  readonly program: Program;
  /** Forgets everything but what is there now. */
  compact(): Promise<void>;
}

async function ask(address: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${address}${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`etcd answered ${response.status} to ${path}: ${await response.text()}`);
  return response.json();
}

/** The name of a member that nobody else has proves that it is ours that answers, not one that has had the port already. */
async function isOurs(address: string, name: string): Promise<boolean> {
  const { members } = (await ask(address, '/v3/cluster/member/list', {})) as { members: { name?: string }[] };
  return members.some((member) => member.name === name);
}

/**
 * Up to a revision of its own. A watch from right before the compacted revision would still begin, and the API server
 * would answer the first event with a 500, for want of the object as it was before: hence two.
 */
async function compact(address: string): Promise<void> {
  const entry = { key: btoa('/compacted'), value: '' };
  await ask(address, '/v3/kv/put', entry);
  const { header } = (await ask(address, '/v3/kv/put', entry)) as { header: { revision: string } };
  await ask(address, '/v3/kv/compaction', { revision: header.revision, physical: true });
}

export async function startEtcd(folder: string): Promise<Etcd> {
  const name = `t${randomBytes(8).toString('hex')}`;
  const address = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const argv = [
    `--name=${name}`,
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${address}`,
    `--advertise-client-urls=${address}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=${name}=${peer}`,
    // Alone it need not wait for others to elect it.
    '--heartbeat-interval=10',
    '--election-timeout=100',
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
  const program = await startProgram({ name: 'etcd', file: programPath('etcd'), argv, folder });
  try {
    await untilReady(program, () => isOurs(address, name));
  } catch (error) {
    await program.kill();
    throw error;
  }
  return { address, program, compact: () => compact(address) };
}
