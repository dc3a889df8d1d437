/** How long a command takes from start to end, beside the same Node doing nothing. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildPackage, packageFolder } from '../tools/build.ts';
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

export const bench: Bench = {
  about: 'a command from start to end, beside node -e 0',
  async run(print) {
    const home = await mkdtemp(join(tmpdir(), 'plumb-bench-'));
    const server = await startServer();
    try {
      await buildPackage();
      await fill(server.client, 100);
      const env = await environmentFor(server, home);
      const packed = [process.execPath, '--disable-sigusr1', join(packageFolder, 'lib', 'plumb.cjs')];
      const get = ['get', `${folder}/${nameOf(0)}`, '--reveal'];
      const cases = [
        { what: 'packed: get', command: [...packed, ...get], expected: valueOf(0), atMost: 1.7 },
        {
          what: 'packed: run -- true',
          command: [...packed, 'run', '-e', folder, '--', 'true'],
          expected: '',
          atMost: 1.8,
        },
        { what: './plumb get', command: [join(root, 'plumb'), ...get], expected: valueOf(0), atMost: 2 },
      ];
      for (const { what, command, expected, atMost } of cases) {
        timeOf(command, env, expected);
        print(
          await compare({
            what,
            unit: 'ms',
            budget: { atMost },
            yardstick: async () => timeOf([process.execPath, '-e', '0'], env, ''),
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
