/** What the sample's environments hold, computed from its files alone: an independent check of what the server answers. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { load } from 'js-yaml';

const sample = resolve(import.meta.dirname, '../../examples/changelog/environments');

interface Written {
  readonly value?: string;
  readonly expression?: string;
  readonly generate?: object;
  readonly kind?: 'config' | 'secret';
}

/** Name → something that is equal where the values are equal. */
export async function environment(name: string): Promise<ReadonlyMap<string, string>> {
  const merged = new Map<string, string>();
  const written = new Map<string, Written>();
  for (const layer of ['base', name]) {
    for (const [entry, content] of Object.entries(await entriesOf(layer))) {
      written.set(entry, content);
      merged.set(entry, content.value ?? `generated for ${layer}/${entry}`);
    }
  }
  const expand = (entry: string): string => {
    const { expression } = written.get(entry) ?? {};
    if (expression === undefined) return merged.get(entry) ?? `missing ${entry}`;
    return expression.replaceAll(/\$\{(\w+)\}/g, (_, referred: string) => expand(referred));
  };
  return new Map([...written.keys()].map((entry) => [entry, expand(entry)]));
}

export async function expectedCounts(left: string, right: string) {
  const [a, b] = [await environment(left), await environment(right)];
  const shared = [...a.keys()].filter((name) => b.has(name));
  const same = shared.filter((name) => a.get(name) === b.get(name)).length;
  return { same, differs: shared.length - same, onlyLeft: a.size - shared.length, onlyRight: b.size - shared.length };
}

/** Names of an environment that are secrets: those that are declared so, and what is made of one. */
export async function secretsOf(name: string): Promise<ReadonlySet<string>> {
  const written = new Map<string, Written>();
  for (const layer of ['base', name]) {
    for (const [entry, content] of Object.entries(await entriesOf(layer))) written.set(entry, content);
  }
  const isSecret = (entry: string): boolean => {
    const { kind, expression = '' } = written.get(entry) ?? {};
    return (
      kind === 'secret' || [...expression.matchAll(/\$\{(\w+)\}/g)].some(([, referred = '']) => isSecret(referred))
    );
  };
  return new Set([...written.keys()].filter(isSecret));
}

async function entriesOf(layer: string): Promise<Readonly<Record<string, Written>>> {
  const text = await readFile(join(sample, `${layer}.yaml`), 'utf8');
  return (load(text) as { entries: Record<string, Written> }).entries;
}
