/**
 * `npm run build`: `dist/plumbd`, the package as users install it, and `client/dist`. What is in the package is said
 * here and nowhere else; its own package.json is made, since that of a clone brings what only a clone needs, and so are
 * its manual pages.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Metafile } from 'esbuild';
import { bundle, bundleStart, root } from './bundle.ts';
import { bundledPackages, licenses } from './bundled.ts';
import { manualPages } from './manual.ts';

/** The package, ready for `npm pack`. */
export const packageFolder = join(root, 'dist', 'plumbd');
/** Files of the program that are no code; a folder stands for all that is in it. */
export const resources = [
  'examples/changelog/project.yaml',
  'examples/changelog/environments',
  'examples/changelog/policies',
] as const;

/** What of our package.json is true of the package. */
export function manifest(): Readonly<Record<string, unknown>> {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  const { name, version, description, license, engines } = own;
  return { name, version, description, license, type: 'commonjs', engines, bin: { plumb: 'lib/plumb.cjs' } };
}

/** Writes the package to `folder`. Answers what esbuild says stands in it. */
export async function buildPackage(folder = packageFolder): Promise<readonly Metafile[]> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { metafiles } = await bundle({ output: join(folder, 'lib') });
  await bundleStart(join(folder, 'lib'));
  for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md', 'SECURITY.md', ...resources]) copy(name, folder);
  writeFileSync(join(folder, 'LICENSES-OF-DEPENDENCIES.txt'), licenses(bundledPackages(metafiles)));
  const man = await writeManual(join(folder, 'man'));
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ ...manifest(), man }, null, 2)}\n`);
  return metafiles;
}

/** Answers them as npm is to find them: it links them where `man` looks. */
async function writeManual(folder: string): Promise<readonly string[]> {
  const pages = await manualPages(String(manifest()['version']));
  mkdirSync(folder);
  for (const [file, text] of pages) writeFileSync(join(folder, file), text);
  return pages.map(([file]) => `man/${file}`);
}

function copy(name: string, folder: string): void {
  const to = join(folder, name);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join(root, name), to, { recursive: true });
}

if (import.meta.main) await buildPackage();
