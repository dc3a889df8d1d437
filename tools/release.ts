/**
 * `npm run release [part …]`: everything that is published, into `dist/release`: the package, the client, the program
 * as a single file, the image for containers (both for this platform), the bill of materials and the checksums. With
 * parts, those alone.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildClient } from './build-client.ts';
import { buildPackage, manifest } from './build.ts';
import { bundledPackages } from './bundled.ts';
import { root } from './bundle.ts';
import { buildImage } from './image.ts';
import { billOfMaterials } from './sbom.ts';
import { buildSingle, platform } from './single.ts';

const version = String(manifest()['version']);
/** Names in the folder of a release. */
export const artefacts = {
  package: `plumbd-${version}.tgz`,
  client: `plumbd-client-${version}.tgz`,
  bill: `plumb-${version}.cdx.json`,
  single: `plumb-${version}-${platform}`,
  image: `plumb-${version}-${platform}.oci.tar`,
  checksums: 'SHA256SUMS',
} as const;

export type Part = 'package' | 'client' | 'single' | 'image';

/** How each is made; the image is made of the single file. */
const makers: Readonly<Record<Part, (folder: string) => Promise<void>>> = {
  async package(folder) {
    const unpacked = join(folder, 'plumbd');
    const metafiles = await buildPackage(unpacked);
    pack(unpacked, folder);
    rmSync(unpacked, { recursive: true });
    writeFileSync(join(folder, artefacts.bill), billOfMaterials(bundledPackages(metafiles), process.versions.node));
  },
  async client(folder) {
    await buildClient();
    pack(join(root, 'client'), folder);
  },
  single: (folder) => buildSingle(join(folder, artefacts.single)),
  async image(folder) {
    buildImage(join(folder, artefacts.single), join(folder, artefacts.image));
    await Promise.resolve();
  },
};
const allParts = Object.keys(makers) as Part[];

/** Makes those parts, and the checksums of all that is in the folder then. Answers the checksums, as they stand in the file. */
export async function release(folder: string, parts: readonly Part[] = allParts): Promise<string> {
  mkdirSync(folder, { recursive: true });
  for (const part of allParts) if (parts.includes(part)) await makers[part](folder);
  const names = readdirSync(folder).filter((name) => name !== artefacts.checksums);
  const sums = names.toSorted().map((name) => {
    const hash = createHash('sha256').update(readFileSync(join(folder, name)));
    return `${hash.digest('hex')}  ${name}\n`;
  });
  writeFileSync(join(folder, artefacts.checksums), sums.join(''));
  return sums.join('');
}

function pack(from: string, folder: string): void {
  const npm = spawnSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: from, encoding: 'utf8' });
  if (npm.status !== 0) throw new Error(`npm pack in ${from} failed: ${npm.stderr}`);
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const parts = allParts.filter((part) => asked.length === 0 || asked.includes(part));
  const unknown = asked.filter((name) => !allParts.some((part) => part === name));
  if (unknown.length > 0) {
    console.error(`error: there is no part ${unknown.join(', ')}; expected ${allParts.join(', ')}`);
    process.exit(2);
  }
  const folder = join(root, 'dist', 'release');
  if (asked.length === 0) rmSync(folder, { recursive: true, force: true });
  process.stdout.write(await release(folder, parts));
}
