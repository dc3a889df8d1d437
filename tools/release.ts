/**
 * `npm run release [part …]`: everything that is published, into `dist/release`: the two packages, the program as a
 * single file, the image for containers (both for this platform), the bill of materials and the checksums. With parts
 * (`packages`, `single`, `image`), those alone.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackage, manifest, packageFolder } from './build.ts';
import { bundledPackages } from './bundled.ts';
import { root } from './bundle.ts';
import { buildImage } from './image.ts';
import { billOfMaterials } from './sbom.ts';
import { buildSingle, platform } from './single.ts';

const folder = join(root, 'dist', 'release');
const version = String(manifest()['version']);
const single = join(folder, `plumb-${version}-${platform}`);
const checksums = 'SHA256SUMS';

const parts = {
  packages: async () => {
    const metafiles = await buildPackage();
    await import('./build-client.ts');
    pack(packageFolder);
    pack(join(root, 'client'));
    const bill = billOfMaterials(bundledPackages(metafiles), process.versions.node);
    writeFileSync(join(folder, `plumb-${version}.cdx.json`), bill);
  },
  single: () => buildSingle(single),
  image: () => Promise.resolve(buildImage(single, join(folder, `plumb-${version}-${platform}.oci.tar`))),
} as const;

function pack(from: string): void {
  const npm = spawnSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: from, encoding: 'utf8' });
  if (npm.status !== 0) throw new Error(`npm pack in ${from} failed: ${npm.stderr}`);
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`error: there is no part ${unknown.join(', ')}; expected ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
if (asked.length === 0) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, make] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await make();
const artefacts = readdirSync(folder).filter((name) => name !== checksums);
const sums = artefacts.toSorted().map((name) => {
  const sum = createHash('sha256').update(readFileSync(join(folder, name)));
  return `${sum.digest('hex')}  ${name}\n`;
});
writeFileSync(join(folder, checksums), sums.join(''));
process.stdout.write(sums.join(''));
