/**
 * What users install: the command line as one CommonJS bundle, which starts several times faster than loose modules,
 * the server as another that only `plumb server` loads, and the store's thread. `dist/plumb.cjs` is the program.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const output = join(root, 'dist');

/**
 * The program itself: it turns the compile cache on before anything large is loaded. The start script of a clone names
 * a folder of its own; an installed program keeps compiled code in the user's.
 */
const program = `#!/usr/bin/env node
'use strict';
if (process.env.NODE_COMPILE_CACHE === undefined) {
  const home = process.env.XDG_CACHE_HOME || (process.env.HOME || '/nonexistent') + '/.cache';
  require('node:module').enableCompileCache(home + '/plumb/compile');
}
require('./main.cjs');
`;

/** What most commands do not need stays in files of its own, so that it is not even read. */
const apart: Plugin = {
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /^#server\/server$/ }, () => ({ path: './server.cjs', external: true }));
    onResolve({ filter: /^\.\/project-file\.ts$/ }, () => ({ path: './project-file.cjs', external: true }));
  },
};

/** A large package that few servers need is a file that is loaded when one does. */
const clientOfKubernetes: Plugin = {
  name: 'client of Kubernetes',
  setup({ onResolve }) {
    onResolve({ filter: /^@kubernetes\/client-node$/, namespace: 'file' }, () => ({
      path: './kubernetes-client.cjs',
      external: true,
    }));
  },
};

/** The thread is a file beside the bundle, not beside the source that starts it. */
const bundledWorker: Plugin = {
  name: 'bundled worker',
  setup({ onLoad }) {
    onLoad({ filter: /store\/drivers\/sqlite\/index\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const contents = text.replace("'./worker.ts'", "'./store-worker.cjs'");
      if (contents === text) throw new Error(`${path} no longer names ./worker.ts`);
      return { contents, loader: 'ts' };
    });
  },
};

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  absWorkingDir: root,
  conditions: ['plumb-source'],
  // Identifiers stay: the messages about wrong arguments are chosen by the names of classes.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'linked',
  define: { 'import.meta.url': 'moduleUrl', 'import.meta.dirname': '__dirname' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
};

rmSync(output, { recursive: true, force: true });
mkdirSync(output);
await Promise.all([
  build({ ...shared, entryPoints: ['src/main.ts'], outfile: 'dist/main.cjs', plugins: [apart], banner: {} }),
  build({ ...shared, entryPoints: ['src/cli/project-file.ts'], outfile: 'dist/project-file.cjs', banner: {} }),
  build({
    ...shared,
    entryPoints: ['src/server/server.ts'],
    outfile: 'dist/server.cjs',
    plugins: [bundledWorker, clientOfKubernetes],
  }),
  build({ ...shared, entryPoints: ['@kubernetes/client-node'], outfile: 'dist/kubernetes-client.cjs' }),
  build({ ...shared, entryPoints: ['src/store/drivers/sqlite/worker.ts'], outfile: 'dist/store-worker.cjs' }),
]);
writeFileSync(join(output, 'plumb.cjs'), program);
chmodSync(join(output, 'plumb.cjs'), 0o755);
