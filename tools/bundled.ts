/** Which packages stand in a bundle, by what esbuild says it read; for their licences and the bill of materials. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { root } from './bundle.ts';

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** An expression of SPDX, as the package says it. */
  readonly license: string;
  /** As in the lock file, `sha512-…`; absent for our own workspaces. */
  readonly integrity?: string;
  /** Of the clone, e.g. `node_modules/yaml`. */
  readonly folder: string;
}

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
}

/** By name, each version once. */
export function bundledPackages(metafiles: readonly Metafile[]): readonly BundledPackage[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const folders = new Set(
    metafiles.flatMap(({ inputs }) => Object.keys(inputs).flatMap((path) => packageFolderOf(path) ?? [])),
  );
  return [...folders].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
      readonly name: string;
      readonly version: string;
      readonly license?: string;
    };
    const locked = lock.packages[folder];
    if (locked?.version !== version) throw new Error(`${folder} is ${version}, the lock file says ${locked?.version}`);
    const { integrity } = locked;
    return {
      name,
      version,
      license: license ?? 'NOASSERTION',
      folder,
      ...(integrity === undefined ? {} : { integrity }),
    };
  });
}

/** `a/node_modules/@b/c/d.js` → `a/node_modules/@b/c`; `undefined` for what is ours. */
function packageFolderOf(path: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

/** The licence of every package, in full, as most of them ask for. Throws for one without. */
export function licenses(packages: readonly BundledPackage[]): string {
  return packages
    .map(({ name, version, license, folder }) => {
      const text = textOf(join(root, folder));
      if (text === undefined && license === 'NOASSERTION') throw new Error(`${name} says nothing of its licence`);
      return `${name} ${version} (${license})\n\n${(text ?? '').trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function textOf(folder: string): string | undefined {
  const file = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying)/i.test(name))
    .toSorted()[0];
  return file !== undefined && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : undefined;
}
