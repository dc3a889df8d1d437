/** The ConfigMaps and Secrets of a text of manifests, with the places of their values. */
import type { Item, Reading } from './reading.ts';
import { shown } from './reading.ts';
import type { TreeLeaf, TreeMap, TreeMember } from './tree.ts';
import { noValue, readYamlTrees } from './yaml-read.ts';

/** How values stand in a section: as text, or in base64. */
export type Spelling = 'text' | 'base64';

export interface ManifestObject {
  readonly kind: 'ConfigMap' | 'Secret';
  /** `metadata.name`, if it has one. */
  readonly title?: string;
  readonly root: TreeMap;
}

/** A value under a key of one section of an object. */
export interface ManifestItem extends Item {
  readonly secret: boolean;
  readonly leaf: TreeLeaf;
  readonly member: TreeMember;
  readonly parent: TreeMap;
  readonly spelling: Spelling;
}

export const sections: Readonly<Record<ManifestObject['kind'], Readonly<Record<string, Spelling>>>> = {
  ConfigMap: { data: 'text', binaryData: 'base64' },
  Secret: { data: 'base64', stringData: 'text' },
};

/** Adds the values to `reading`, in the order of the text. */
export function objectsOf(
  text: string,
  reading: Reading<ManifestItem>,
): { readonly objects: readonly ManifestObject[]; readonly damaged: boolean } {
  const yaml = readYamlTrees(text, (at, message) => reading.report(at, message));
  let { damaged } = yaml;
  const refuse = (at: number, message: string): void => {
    reading.report(at, message);
    damaged = true;
  };
  const objects: ManifestObject[] = [];
  for (const { root } of yaml.documents) {
    if (root === undefined) continue;
    for (const { start, label } of repeatedIn(root)) refuse(start, `the key ${shown(label)} is set twice`);
    const kind = textOf(root, 'kind');
    if (kind === 'List') reading.report(root.start, 'a List is not read: write its items as documents of their own');
    if ((kind !== 'ConfigMap' && kind !== 'Secret') || textOf(root, 'apiVersion') !== 'v1') continue;
    const metadata = memberOf(root, 'metadata')?.value;
    const title = metadata?.kind === 'map' ? textOf(metadata, 'name') : undefined;
    objects.push({ kind, root, ...(title === undefined ? {} : { title }) });
    for (const { label, value } of root.members) {
      const spelling = sections[kind][label];
      if (spelling === undefined) continue;
      if (value.kind === 'map') addSection(value, { spelling, secret: kind === 'Secret' }, reading);
      else if (value.problem !== noValue) refuse(value.start, 'expected a map of names to values');
    }
  }
  return { objects, damaged };
}

/** The API server takes the last one, or refuses it. */
function repeatedIn({ members }: TreeMap): readonly TreeMember[] {
  const known = new Set<string>();
  return members.filter(({ label }) => known.size === known.add(label).size);
}

export function memberOf(map: TreeMap, key: string): TreeMember | undefined {
  return map.members.find((member) => member.label === key);
}

function textOf(map: TreeMap, key: string): string | undefined {
  const value = memberOf(map, key)?.value;
  return value?.kind === 'leaf' ? (value.text ?? undefined) : undefined;
}

function addSection(
  parent: TreeMap,
  of: { readonly spelling: Spelling; readonly secret: boolean },
  reading: Reading<ManifestItem>,
): void {
  for (const member of parent.members) {
    if (member.problem !== undefined)
      reading.report(member.start, `the key ${JSON.stringify(member.label)} ${member.problem}`);
    const leaf = leafOf(member.value, of.spelling);
    if (leaf.problem !== undefined) reading.report(leaf.start, leaf.problem);
    const { start, end } = leaf;
    const own = { leaf, member, parent, lineStart: member.start, lineEnd: member.end, ...of };
    reading.add({ name: member.label, value: leaf.text, start, end, nameAt: member.start, ...own });
  }
}

/** With the value that it stands for. The API server takes strings only. */
function leafOf(value: TreeMap | TreeLeaf, spelling: Spelling): TreeLeaf {
  const { start, end } = value;
  const wrong = (problem: string): TreeLeaf => ({ kind: 'leaf', start, end, text: null, problem, style: 'other' });
  if (value.kind === 'map') return wrong('expected a string, found a map');
  if (value.style === 'number' || value.style === 'boolean')
    return wrong('the value must be a string: put it in quotes');
  if (value.text === null || spelling === 'text') return value;
  const bytes = decode(value.text);
  if (bytes === undefined) return wrong('expected base64');
  try {
    return { ...value, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return wrong('the value is bytes that are not UTF-8 text');
  }
}

function decode(text: string): Uint8Array | undefined {
  const packed = text.replaceAll(/[\r\n \t]/g, '');
  const bytes = Buffer.from(packed, 'base64');
  return bytes.toString('base64') === packed ? bytes : undefined;
}
