/** The syncs of a world: what each is to keep where, by its spec and what its folder evaluates to. */
import type { Client, EvaluatedEntry } from '@plumbd/client';
import type { Group } from './history.ts';

type Kind = 'Secret' | 'ConfigMap';

export interface KeptSync {
  readonly name: string;
  readonly from: string;
  readonly target: 'k' | 'w';
  /** `*`: everywhere where the label of the world is. */
  readonly at: string;
  readonly objects: readonly { readonly kind: Kind; readonly name: string }[];
  readonly adopt: boolean;
  /** Of names of entries. */
  readonly only?: string;
  /** Changes with the spec. */
  prefix: string;
  /** As the first object is to carry them; changes with the spec. */
  labels: Readonly<Record<string, string>>;
}

/** Where everything happens. */
export interface Lands {
  /** Its value of the label `world`. */
  readonly world: string;
  readonly one: string;
  readonly two: string;
  /** Come and go. */
  readonly many: readonly string[];
  /** Those of them that are there, and not about to go. */
  readonly alive: Set<string>;
}

export const secretEntries = ['S0', 'S1', 'S2', 'S3'] as const;
export const configEntries = ['C0', 'C1', 'C2'] as const;
/** Its values are computed, from a secret as a rule. */
export const expression = 'EXPR';
export const folders = ['p/one', 'p/two', 'p/three'] as const;

export function syncsOf({ one, two }: Lands): readonly KeptSync[] {
  const shared = { target: 'k', adopt: false, prefix: '', labels: {} } as const;
  const secret = (name: string) => [{ kind: 'Secret', name }] as const;
  return [
    {
      ...shared,
      name: 'both-kinds',
      from: 'p/one',
      at: one,
      objects: [...secret('app'), { kind: 'ConfigMap', name: 'app' }],
    },
    { ...shared, name: 'many', from: 'p/two', at: '*', objects: secret('shared') },
    { ...shared, name: 'prefixed', from: 'p/three', target: 'w', at: two, objects: secret('prefixed'), prefix: 'APP_' },
    { ...shared, name: 'left', from: 'p/one', at: two, objects: secret('halves'), only: 'S*', prefix: 'L_' },
    { ...shared, name: 'right', from: 'p/two', target: 'w', at: two, objects: secret('halves'), prefix: 'R_' },
    { ...shared, name: 'taker', from: 'p/three', at: one, objects: secret('taken'), adopt: true },
  ];
}

export async function putSync(client: Client, sync: KeptSync, { world }: Lands): Promise<void> {
  const { name, from, target, at, adopt, only, prefix, labels } = sync;
  const [first, ...rest] = sync.objects;
  const names = { ...(only === undefined ? {} : { only: [only] }), ...(prefix === '' ? {} : { prefix }) };
  const options = {
    objects: [{ ...first, labels }, ...rest],
    adopt,
    deleteMany: true,
    names,
    restart: false,
    ...(at === '*' ? { namespaces: `world=${world}` } : {}),
  };
  await client.syncs.put(name, { from, to: `${target}:${at}`, runAs: 'workload/keeper', options });
}

/** Of one name that is to be there. */
export interface Expected {
  readonly sync: string;
  readonly entry: string;
  readonly value: string;
}

/** What is to stand where, by what its folder evaluates to. */
export function expected(
  sync: KeptSync,
  entries: readonly EvaluatedEntry[],
  namespaces: readonly string[],
): ReadonlyMap<Group, ReadonlyMap<string, Expected>> {
  const objects = sync.objects.map(({ kind, name }) => ({ kind, name, names: new Map<string, Expected>() }));
  const of = (kind: Kind) => objects.find((object) => object.kind === kind);
  for (const { path, secret, value } of entries) {
    const entry = path.slice(sync.from.length + 1);
    if (sync.only !== undefined && !entry.startsWith(sync.only.replace('*', ''))) continue;
    const object = secret ? of('Secret') : (of('ConfigMap') ?? of('Secret'));
    object?.names.set(`${sync.prefix}${entry}`, { sync: sync.name, entry: path, value });
  }
  const where = sync.at === '*' ? namespaces : [sync.at];
  return new Map(
    where.flatMap((namespace) =>
      objects.map(({ kind, name, names }) => [`${namespace}/${kind}/${name}`, names] as const),
    ),
  );
}

/** The objects that syncs write to, in all namespaces that there may be. */
export function groupsOf(sync: KeptSync, { many, one }: Lands): readonly Group[] {
  const where = sync.at === '*' ? [one, ...many] : [sync.at];
  return where.flatMap((namespace) => sync.objects.map(({ kind, name }) => `${namespace}/${kind}/${name}`));
}

/** The path of the entry that a name stands for, whatever prefix the sync has had. */
export function entryOf(sync: KeptSync, key: string): string {
  return `${sync.from}/${key.replace(/^(?:APP_|NEW_|L_|R_)/, '')}`;
}

/** Names of ours, as they are made here; everything else belongs to others. */
export function isOurs(key: string): boolean {
  return /^(?:APP_|NEW_|L_|R_)?(?:S\d|C\d|EXPR)$/.test(key);
}
