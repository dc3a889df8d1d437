/** The bill of materials in the words of CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): what really stands in the artefacts. */
import type { BundledPackage } from './bundled.ts';
import { manifest } from './build.ts';

/** `node`: the version that the single file brings, if it is one of the artefacts. The same input gives the same text. */
export function billOfMaterials(packages: readonly BundledPackage[], node: string): string {
  const { name, version, description, license } = manifest() as Readonly<Record<string, string>>;
  const own = { type: 'application', 'bom-ref': purl(name ?? '', version ?? ''), name, version, description } as const;
  const components = packages.map(component);
  const runtime = {
    type: 'platform',
    'bom-ref': `pkg:generic/node@${node}`,
    name: 'node',
    version: node,
    description: 'in the single file and the image only',
    licenses: [{ license: { id: 'MIT' } }],
    purl: `pkg:generic/node@${node}`,
  };
  const content = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { ...own, licenses: [{ license: { id: license } }], purl: own['bom-ref'] } },
    components: [...components, runtime],
    dependencies: [
      { ref: own['bom-ref'], dependsOn: [...components, runtime].map((one) => one['bom-ref']).toSorted() },
    ],
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function component({ name, version, license, integrity }: BundledPackage) {
  const [group, plain = name] = name.startsWith('@') ? name.split('/') : [undefined, name];
  return {
    type: 'library',
    'bom-ref': purl(name, version),
    ...(group === undefined ? {} : { group }),
    name: plain,
    version,
    ...(integrity === undefined ? {} : { hashes: [hashOf(integrity)] }),
    licenses: [/^[A-Za-z0-9.-]+$/.test(license) ? { license: { id: license } } : { expression: license }],
    purl: purl(name, version),
  };
}

function hashOf(integrity: string) {
  const [algorithm = '', base64 = ''] = integrity.split('-');
  return {
    alg: algorithm.toUpperCase().replace('SHA', 'SHA-'),
    content: Buffer.from(base64, 'base64').toString('hex'),
  };
}

/** https://github.com/package-url/purl-spec */
function purl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}
