/** What an agent takes of a core when nothing happens: a hundred files that are right, a server that is followed. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, rowOf } from './harness.ts';
import { type Server, startServer } from './server.ts';

const syncs = 100;
const names = 50;
const idleSeconds = 130;
const folder = 'bench/agent';
const main = join(import.meta.dirname, '../src/main.ts');

/** Nanoseconds that all threads of a process have run. */
async function spent(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = threads.map(async (thread) => {
    const text = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0');
    return Number(text.split(' ')[0]);
  });
  return (await Promise.all(times)).reduce((sum, time) => sum + time, 0);
}

async function configure(server: Server, place: string): Promise<string> {
  const { client } = server;
  const ops = Array.from(
    { length: names },
    (_, i) => ({ op: 'put', path: `${folder}/NAME_${i}`, value: `value ${i}` }) as const,
  );
  await client.changes.apply({ ops });
  await client.policies.put('agent', { text: `allow read on ${folder}/*` });
  await client.principals.put('workload/agent', { policies: ['agent'] });
  const { token } = await client.tokens.create({ principal: 'workload/agent' });
  await writeFile(join(place, 'token'), token, { mode: 0o600 });
  await mkdir(join(place, 'root'));
  const config = {
    server: `http://127.0.0.1:${server.port}`,
    tokenFile: join(place, 'token'),
    state: join(place, 'state'),
    roots: { main: join(place, 'root') },
    syncs: Array.from({ length: syncs }, (_, i) => ({ name: `s${i}`, source: folder, root: 'main', at: `${i}.env` })),
  };
  const file = join(place, 'agent.yaml');
  await writeFile(file, JSON.stringify(config));
  return file;
}

/** Milliseconds until every file says so. */
async function delivered(place: string, text: string): Promise<number> {
  const started = performance.now();
  for (let at = 0; at < syncs; at += 1) {
    const path = join(place, 'root', `${at}.env`);
    while (!(await readFile(path, 'utf8').catch(() => '')).includes(text)) await sleep(5);
  }
  return performance.now() - started;
}

export const bench: Bench = {
  about: `an agent with ${syncs} files of ${names} names`,
  async run(print) {
    const server = await startServer();
    const place = await mkdtemp(join(tmpdir(), 'plumb-bench-agent-'));
    const config = await configure(server, place);
    const child = spawn(
      process.execPath,
      ['--conditions=plumb-source', main, 'agent', '--config', config, '--log-level', 'error'],
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    try {
      await delivered(place, 'NAME_0=');
      await server.client.changes.apply({ ops: [{ op: 'put', path: `${folder}/NAME_0`, value: 'another' }] });
      const ms = await delivered(place, 'NAME_0=another');
      print(rowOf('milliseconds from a change to the last of the files', ms, {}));
      await sleep(10_000);
      const before = await spent(child.pid ?? 0);
      const started = performance.now();
      await sleep(idleSeconds * 1000);
      const share = ((await spent(child.pid ?? 0)) - before) / 1e6 / (performance.now() - started);
      print(rowOf(`share of a core for ${syncs} syncs at rest`, share, { budget: { atMost: 0.005 } }));
      // Every look reads and asks when changes cannot be followed: the server is away.
      await server.child.stop();
      await sleep(10_000);
      const away = await spent(child.pid ?? 0);
      const since = performance.now();
      await sleep(idleSeconds * 1000);
      const awayShare = ((await spent(child.pid ?? 0)) - away) / 1e6 / (performance.now() - since);
      print(rowOf(`the same without a server`, awayShare, { budget: { atMost: 0.02 } }));
    } finally {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('close', resolve));
      await server.stop().catch(() => undefined);
      await rm(place, { recursive: true, force: true });
    }
  },
};
