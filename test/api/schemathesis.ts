/** Runs schemathesis, which makes requests from `proto/openapi.json` and holds the answers against it. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pythonProgram } from '../../tools/python.ts';
import { startServer } from '#testing/server';

const root = resolve(import.meta.dirname, '../..');

export interface Run {
  /** False: as nobody. */
  readonly signedIn: boolean;
  /** Requests made up for each operation. */
  readonly examples: number;
  readonly seed: number;
  readonly phases?: readonly string[];
  /** Default `proto/openapi.json`. */
  readonly document?: string;
}

export interface Found {
  /** 0: nothing was found. */
  readonly code: number | null;
  readonly output: string;
  /** Lines of the server's log that tell a fault. */
  readonly faults: readonly string[];
}

const limits = ['--failures-per-minute', '1000000', '--requests-per-second', '1000000', '--streams', '100000'];

/** Against a new server with the sample project. */
export async function runSchemathesis({ signedIn, examples, seed, phases, document }: Run): Promise<Found> {
  await using server = await startServer({ dev: true, argv: limits });
  const place = await mkdtemp(join(tmpdir(), 'plumb-schemathesis-'));
  const { accessor } = await server.client.whoami();
  const config = ['--config-file', join(root, 'test/api/schemathesis.toml')];
  const token = signedIn ? ['--header', `Authorization: Bearer ${server.token}`] : [];
  const args = [
    ...config,
    'run',
    document ?? join(root, 'proto/openapi.json'),
    ...['--url', server.address, '--checks', 'all', '--max-examples', String(examples), '--seed', String(seed)],
    ...['--phases', (phases ?? ['examples', 'coverage', 'fuzzing', 'stateful']).join(',')],
    ...['--no-color', '--continue-on-failure', '--suppress-health-check', 'all', '--warnings', 'off'],
    ...token,
  ];
  const env = {
    ...process.env,
    SCHEMATHESIS_HOOKS: join(root, 'test/api/schemathesis_hooks.py'),
    PLUMB_ACCESSOR: accessor,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  try {
    const ran = await run(pythonProgram('schemathesis'), args, { cwd: place, env });
    return { ...ran, faults: server.lines.filter((line) => /request failed|fatal/.test(line)) };
  } finally {
    await rm(place, { recursive: true, force: true, maxRetries: 10 });
  }
}

function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((settle, fail) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.once('error', fail);
    child.once('close', (code) => settle({ code, output }));
  });
}
