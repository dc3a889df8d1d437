/**
 * Where else the client must run: older Nodes, Deno and Bun, as npm packages pinned in `test/components/runtimes`, in a
 * cache folder named after the lock file. They are no dependencies of ours.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder } from './builds.ts';
import { locked } from './lock.ts';

const manifest = resolve(import.meta.dirname, '../test/components/runtimes');

/** Programs below `node_modules`. */
const programs = {
  node20: 'node20/bin/node',
  node24: 'node24/bin/node',
  deno: 'deno/deno',
  bun: 'bun/bin/bun',
} as const;
export type RuntimeName = keyof typeof programs;

function folder(): string {
  const hash = createHash('sha256').update(readFileSync(join(manifest, 'package-lock.json')));
  return join(cacheFolder(), hash.digest('hex').slice(0, 16));
}

/** Path of the program. Throws, and says how to install it, if it is not there. */
export function runtimePath(name: RuntimeName): string {
  const file = join(folder(), 'node_modules', programs[name]);
  if (existsSync(file)) return file;
  throw new Error(`${name} is not installed, expected ${file}; hint: run 'node tools/components.ts runtimes'`);
}

function npm(cwd: string): Promise<void> {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
  return new Promise((settle, fail) => {
    const child = spawn('npm', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.on('error', fail);
    child.on('close', (code) => (code === 0 ? settle() : fail(new Error(`npm ci failed: ${output.trim()}`))));
  });
}

/** Installs them if they are not there. Two processes do not do it twice. */
export async function buildRuntimes(tell: (line: string) => void): Promise<void> {
  const target = folder();
  if (existsSync(target)) return;
  const install = async (): Promise<void> => {
    if (existsSync(target)) return;
    tell('installing Node 20 and 24, Deno and Bun');
    const work = `${target}.work`;
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(manifest, name), join(work, name));
    await npm(work);
    for (const program of Object.values(programs)) chmodSync(join(work, 'node_modules', program), 0o755);
    renameSync(work, target);
  };
  await locked(`${target}.lock`, install, () => tell('waiting for another process that installs runtimes'));
}
