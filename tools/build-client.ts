/** What users of the API install: the client and its cache, without dependencies, and their types. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');

/** The error class is one, whichever module a program loads; and every file takes time to load. */
const errorsOfTheClient: Plugin = {
  name: 'errors',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/errors\.ts$/ }, () => ({ path: './index.js', external: true }));
  },
};

/** Writes the modules and their types into a folder that it empties. Default: `client/dist`. Throws if the types have errors. */
export async function buildClient(output: string = join(root, 'client', 'dist')): Promise<void> {
  rmSync(output, { recursive: true, force: true });
  const shared: BuildOptions = {
    absWorkingDir: root,
    outdir: output,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
  };
  await build({ ...shared, entryPoints: ['client/src/index.ts'] });
  await build({ ...shared, entryPoints: ['client/src/cache.ts'], plugins: [errorsOfTheClient] });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const flags = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly'];
  const folders = ['--rootDir', 'client/src', '--outDir', output];
  const args = [tsc, '-p', 'tools/tsconfig.client.json', ...flags, ...folders];
  const types = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (types.status !== 0) throw new Error(`the types of the client cannot be written: ${types.stdout}${types.stderr}`);
}

if (import.meta.main) await buildClient();
