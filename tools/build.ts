/**
 * What `npm run build` does: what users install. CommonJS, since it starts far faster than modules do. A small first
 * file turns the compile cache on, and loads the command line or the server, so that what is large comes out of the cache.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = resolve(import.meta.dirname, '..');

/** The parts that `main.ts` loads, each made of the modules it asks for. */
const parts: Readonly<Record<string, readonly string[]>> = {
  cli: ['./src/main-io.ts', './src/cli/cli.ts'],
  server: ['./src/server/server.ts', './src/crypto/random.ts', './src/util/clock.ts'],
};

const moduleName = (path: string) => path.replace(/^(\.\/(src\/)?|#)/, '').replace(/\.ts$/, '');

/** A module that `main.ts` loads later stays outside, in its part. */
const loadParts: Plugin = {
  name: 'parts',
  setup({ onResolve }) {
    onResolve({ filter: /^[#.]/ }, ({ kind, path }) => {
      if (kind !== 'dynamic-import') return undefined;
      const part = Object.entries(parts).find(([, paths]) => paths.map(moduleName).includes(moduleName(path)));
      if (part === undefined) throw new Error(`no part holds ${path}`);
      return { path: `./${part[0]}.cjs`, external: true };
    });
  },
};

/** The store's thread is a program of its own. */
const nameWorker: Plugin = {
  name: 'worker',
  setup({ onLoad }) {
    onLoad({ filter: /drivers[\\/]sqlite[\\/]index\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text.replace(
        "new URL('./worker.ts', import.meta.url)",
        "new URL('./worker.cjs', import.meta.url)",
      );
      if (contents === text) throw new Error(`${path} does not name its worker any more`);
      return { contents, loader: 'ts' };
    });
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  conditions: ['plumb-source'],
  // As a function that is called, not as a module that is loaded.
  supported: { 'dynamic-import': false },
  define: { 'import.meta.dirname': '__dirname', 'import.meta.url': 'importMetaUrl' },
  legalComments: 'linked',
  logLevel: 'warning',
} as const satisfies BuildOptions;

const urlBanner = "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;";

/** Writes `plumb.cjs` and its parts into `folder`. */
export async function buildProgram(folder: string): Promise<void> {
  const banner = { js: '#!/usr/bin/env -S node --disable-sigusr1' };
  const main = { entryPoints: ['src/main.ts'], outfile: join(folder, 'plumb.cjs'), plugins: [loadParts], banner };
  await build({ ...shared, ...main });
  for (const [name, paths] of Object.entries(parts)) {
    const contents = paths.map((path) => `export * from '${path}';`).join('\n');
    const stdin = { contents, resolveDir: root, sourcefile: `${name}.ts` };
    const withUrl = name === 'server' ? { banner: { js: urlBanner } } : {};
    await build({ ...shared, ...withUrl, stdin, outfile: join(folder, `${name}.cjs`), plugins: [nameWorker] });
  }
  const worker = { entryPoints: ['src/store/drivers/sqlite/worker.ts'], outfile: join(folder, 'worker.cjs') };
  await build({ ...shared, ...worker });
}

/** The client for browsers and Node alike: one module, and its types. */
async function buildClient(folder: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ['client/src/index.ts'],
    outfile: join(folder, 'index.js'),
    bundle: true,
    format: 'esm',
    target: 'es2023',
    logLevel: 'warning',
  });
  const flags = [
    '--noEmit',
    'false',
    '--declaration',
    '--emitDeclarationOnly',
    '--rootDir',
    'client/src',
    '--outDir',
    folder,
  ];
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const result = spawnSync(process.execPath, [tsc, '-p', 'tools/tsconfig.client.json', ...flags], {
    cwd: root,
    stdio: 'inherit',
  });
  if (result.status !== 0) throw new Error('the types of the client cannot be made');
}

if (import.meta.main) {
  const dist = join(root, 'dist');
  const client = join(root, 'client', 'dist');
  for (const folder of [dist, client]) rmSync(folder, { recursive: true, force: true });
  await buildProgram(dist);
  await buildClient(client);
}
