/** How long a command takes from start to end, beside the same Node doing nothing: that of this clone, and the oldest one. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildPackage, packageFolder } from '../tools/build.ts';
import { runtimePath } from '../tools/runtimes.ts';
import { type Bench, compare, median, type Sample } from './harness.ts';
import { fill, type Server, startServer } from './server.ts';
import { folder, nameOf, valueOf } from './values.ts';

const root = resolve(import.meta.dirname, '..');
const startsInRound = 15;

/** The median time of some starts, in ms. */
function timeOf(command: readonly string[], env: NodeJS.ProcessEnv, expected: string): Sample {
  const [program = '', ...args] = command;
  const times = Array.from({ length: startsInRound }, () => {
    const started = performance.now();
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, env, encoding: 'utf8' });
    const time = performance.now() - started;
    if (status !== 0 || stdout.trim() !== expected) throw new Error(`${command.join(' ')} failed: ${stderr}${stdout}`);
    return time;
  });
  return { value: median(times) };
}

async function environmentFor(server: Server, home: string): Promise<NodeJS.ProcessEnv> {
  const path = `${folder}/${nameOf(0)}`;
  await server.client.changes.apply({ reason: 'shown below', ops: [{ op: 'put', path, value: valueOf(0) }] });
  const { PATH } = process.env;
  return {
    PATH,
    HOME: home,
    PLUMB_ADDR: `unix:${join(server.place, 'store', 'plumb.sock')}`,
    PLUMB_TOKEN: server.token,
  };
}

const get = ['get', `${folder}/${nameOf(0)}`, '--reveal'];
const run = ['run', '-e', folder, '--', 'true'];

/** Of the package, under that Node. */
function packedCases(node: string) {
  const packed = [node, '--disable-sigusr1', join(packageFolder, 'lib', 'plumb.cjs')];
  const under = node === process.execPath ? '' : ', under Node 24';
  return [
    { node, what: `packed: get${under}`, command: [...packed, ...get], atMost: 1.7, prints: true },
    { node, what: `packed: run -- true${under}`, command: [...packed, ...run], atMost: 1.8, prints: false },
  ];
}

export const bench: Bench = {
  about: 'a command from start to end, beside node -e 0',
  async run(print) {
    const home = await mkdtemp(join(tmpdir(), 'plumb-bench-'));
    const server = await startServer();
    try {
      await buildPackage();
      await fill(server.client, 100);
      const env = await environmentFor(server, home);
      const cases = [process.execPath, runtimePath('node24')].flatMap((node) => packedCases(node));
      const clone = { node: process.execPath, what: './plumb get', command: [join(root, 'plumb'), ...get], atMost: 2 };
      for (const { node, what, command, atMost, prints } of [...cases, { ...clone, prints: true }]) {
        const expected = prints ? valueOf(0) : '';
        timeOf(command, env, expected);
        print(
          await compare({
            what,
            unit: 'ms',
            budget: { atMost },
            yardstick: async () => timeOf([node, '-e', '0'], env, ''),
            ours: async () => timeOf(command, env, expected),
          }),
        );
      }
    } finally {
      await server.stop();
      await rm(home, { recursive: true });
    }
  },
};
