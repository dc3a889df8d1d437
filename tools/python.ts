/**
 * Python packages that tests use, pinned in `test/components/python/requirements.txt`: a virtual environment in a
 * cache folder named after the list and the version of Python.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder } from './builds.ts';
import { locked } from './lock.ts';

const requirements = resolve(import.meta.dirname, '../test/components/python/requirements.txt');
/** Written last: a virtual environment has its own path in it, so it cannot be made elsewhere and moved. */
const marker = 'complete';

let known: string | undefined;

/** Of everything that decides what is installed. Throws if there is no Python. */
function folder(): string {
  if (known !== undefined) return known;
  const { status, stdout } = spawnSync('python3', ['-c', 'import sys; print(sys.version, sys.base_prefix)'], {
    encoding: 'utf8',
  });
  if (status !== 0) {
    throw new Error('python3 is missing; hint: install it, or leave its tests out with PLUMB_TEST_WITHOUT=python3');
  }
  const hash = createHash('sha256').update(readFileSync(requirements)).update(stdout);
  return (known = join(cacheFolder(), hash.digest('hex').slice(0, 16)));
}

/** Path of a program of the virtual environment: `python`, or what a package brings. Throws, and says how to make it, if it is not there. */
export function pythonProgram(name = 'python'): string {
  const file = join(folder(), 'bin', name);
  if (existsSync(join(folder(), marker)) && existsSync(file)) return file;
  throw new Error(`${name} is not installed, expected ${file}; hint: run 'node tools/components.ts python'`);
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((settle, fail) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.on('error', fail);
    child.on('close', (code) => {
      if (code === 0) settle();
      else
        fail(new Error(`${program} ${args[0]} ${args[1]} failed: ${output.trim().split('\n').slice(-20).join('\n')}`));
    });
  });
}

/** Makes the virtual environment if it is not there. Two processes do not make it twice. */
export async function buildPython(tell: (line: string) => void): Promise<void> {
  const target = folder();
  const done = (): boolean => existsSync(join(target, marker));
  if (done()) return;
  const make = async (): Promise<void> => {
    if (done()) return;
    const started = performance.now();
    tell('installing Python packages (once per change of test/components/python) …');
    rmSync(target, { recursive: true, force: true });
    mkdirSync(cacheFolder(), { recursive: true, mode: 0o700 });
    await run('python3', ['-m', 'venv', target]);
    const pip = [
      '-m',
      'pip',
      '--disable-pip-version-check',
      'install',
      '--quiet',
      '--no-deps',
      '--only-binary',
      ':all:',
    ];
    await run(join(target, 'bin/python'), [...pip, '--requirement', requirements]);
    await run(join(target, 'bin/python'), ['-m', 'pip', 'check']);
    writeFileSync(join(target, marker), '');
    tell(`installed Python packages in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  };
  await locked(join(cacheFolder(), 'lock'), make, () => tell('another process builds components; waiting …'));
}
