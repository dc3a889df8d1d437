/**
 * What users install: the command line as one CommonJS bundle, which starts several times faster than loose modules,
 * and beside it what most commands never load: the server, the store's thread, large packages.
 */
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { BuildOptions, Metafile, Plugin } from 'esbuild';
import { build } from 'esbuild';

export const root = resolve(import.meta.dirname, '..');

/** A file of the program, and what of it is a file of its own. */
interface Part {
  readonly file: string;
  readonly entry: string;
  /** Never read by a plain command: how it is named where it is imported. */
  readonly importedAs?: RegExp;
  /** The only commands in it: the program takes it for those alone. */
  readonly commands?: readonly string[];
}

/** What programs and scripts call again and again: half of the code, a tenth of the time. */
const hotCommands = ['get', 'run'] as const;

/** Packages that few commands need, each a file that is loaded when one does; all parts share it. */
const largePackages = [
  '@kubernetes/client-node',
  'js-yaml',
  'jsonc-parser',
  'saxes',
  'smol-toml',
  'toml-eslint-parser',
  'yaml',
] as const;

/** `main.cjs` first: the others are loaded by it, or by one another. */
const parts: readonly Part[] = [
  { file: 'main.cjs', entry: 'src/main.ts' },
  { file: 'hot.cjs', entry: 'src/main.ts', commands: hotCommands },
  { file: 'server.cjs', entry: 'src/server/server.ts', importedAs: /^#server\/server$/ },
  { file: 'agent.cjs', entry: 'src/agent/run.ts', importedAs: /^#agent\/run$/ },
  { file: 'older-node.cjs', entry: 'src/older-node.ts' },
  { file: 'project-file.cjs', entry: 'src/cli/project-file.ts', importedAs: /^\.\/project-file\.ts$/ },
  { file: 'libsodium.cjs', entry: 'src/crypto/libsodium.ts', importedAs: /^\.\/libsodium\.ts$/ },
  ...largePackages.map((name) => ({
    file: `${name.replaceAll(/\W+/g, '-').replace(/^-/, '')}.cjs`,
    entry: name,
    importedAs: new RegExp(`^${name}$`),
  })),
];
const threadFile = 'store-worker.cjs';
const threadEntry = 'src/store/drivers/sqlite/worker.ts';

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  absWorkingDir: root,
  conditions: ['plumb-source'],
  // Parts find each other by `require`, in a single file too, and faster than modules would.
  supported: { 'dynamic-import': false },
  // The main file of some packages looks for its parts in a way that cannot be followed.
  mainFields: ['module', 'main'],
  // Identifiers stay: the messages about wrong arguments are chosen by the names of classes.
  minifyWhitespace: true,
  minifySyntax: true,
  // The licences stand in a file of their own, in full.
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};
const ownPlace: BuildOptions = {
  define: { 'import.meta.url': 'moduleUrl', 'import.meta.dirname': '__dirname' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

export interface BundleOptions {
  /** Folder that the files are written to. */
  readonly output: string;
  /** The store's thread is no file beside the others but a part of the server. Default false. */
  readonly single?: boolean;
}

/** Answers the names of the files, the first to be run first, and what esbuild says stands in them. */
export async function bundle({ output, single = false }: BundleOptions): Promise<{
  readonly files: readonly string[];
  readonly metafiles: readonly Metafile[];
}> {
  const thread = await bundleThread(output, single);
  const made = await Promise.all(
    parts.map(({ file, entry, commands }) =>
      build({
        ...shared,
        ...(entry === 'src/main.ts' ? { define: { 'import.meta.dirname': '__dirname' } } : ownPlace),
        entryPoints: [entry],
        outfile: join(output, file),
        plugins: [
          ...apartFrom(file),
          threadAt(thread.url),
          ...(commands === undefined ? [] : [onlyCommands(commands)]),
        ],
      }),
    ),
  );
  return {
    files: [...parts.map(({ file }) => file), ...(single ? [] : [threadFile])],
    metafiles: [...made, thread].map(({ metafile }) => metafile as Metafile),
  };
}

/** What is started, beside the parts: `plumb.cjs` in `folder`, which can be run as it is. */
export async function bundleStart(folder: string): Promise<void> {
  const outfile = join(folder, 'plumb.cjs');
  const digest = createHash('sha256')
    .update(readFileSync(join(folder, 'hot.cjs')))
    .digest('hex')
    .slice(0, 16);
  await build({
    ...shared,
    entryPoints: ['tools/start.ts'],
    outfile,
    define: { hotCommands: JSON.stringify(hotCommands), hotDigest: JSON.stringify(digest) },
    banner: { js: '#!/usr/bin/env node' },
  });
  chmodSync(outfile, 0o755);
}

/** The other parts are not taken into this one. */
function apartFrom(file: string): Plugin[] {
  const others = parts.flatMap((part) => (part.file === file || part.importedAs === undefined ? [] : [part]));
  return others.map(({ file: other, importedAs }) => ({
    name: other,
    setup({ onResolve }) {
      onResolve({ filter: importedAs as RegExp, namespace: 'file' }, () => ({ path: `./${other}`, external: true }));
    },
  }));
}

/** Every other command is left out, and help and completion; the program never comes here for them. */
function onlyCommands(commands: readonly string[]): Plugin {
  return {
    name: 'only commands',
    setup({ onLoad }) {
      onLoad({ filter: /src\/cli\/(?:commands\/[a-z-]+|help|completion)\.ts$/ }, ({ path }) => {
        if (commands.includes(basename(path, '.ts'))) return undefined;
        return {
          contents: `throw new Error(${JSON.stringify(`${basename(path)} is not in this part`)})`,
          loader: 'js',
        };
      });
    },
  };
}

/** A thread is started from a file beside the bundle, or from its own text: a URL either way. */
async function bundleThread(output: string, single: boolean) {
  const options: BuildOptions = { ...shared, entryPoints: [threadEntry] };
  if (!single) {
    const { metafile } = await build({ ...options, ...ownPlace, outfile: join(output, threadFile) });
    return { metafile, url: `'./${threadFile}'` };
  }
  const { metafile, outputFiles } = await build({ ...options, format: 'esm', write: false });
  const text = `${outputFiles?.[0]?.text ?? ''}\n//# sourceURL=store-worker.mjs`;
  return { metafile, url: `'data:text/javascript;base64,${Buffer.from(text).toString('base64')}'` };
}

function threadAt(url: string): Plugin {
  return {
    name: 'thread',
    setup({ onLoad }) {
      onLoad({ filter: /store\/drivers\/sqlite\/index\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        const contents = text.replace("'./worker.ts'", url);
        if (contents === text) throw new Error(`${path} no longer names ./worker.ts`);
        return { contents, loader: 'ts' };
      });
    },
  };
}
