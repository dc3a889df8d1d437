import { at, listAt, textAt } from './fields.ts';

/** One thing that a pod reads of a Secret or ConfigMap. */
export interface Reference {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly object: string;
  /** Absent: all of the object, keys to come included. */
  readonly key?: string;
  readonly way: Way;
}

/**
 * How it reaches the pod, and so what a running one sees of a change:
 * - `env`: nothing. The environment of a process is made when its container starts.
 * - `subPath`: nothing. The kubelet binds the file that was there when the container started.
 * - `volume`: the file is replaced within about a minute.
 * - `pull`: nothing of it is in a container; the kubelet reads it anew for every image that it pulls.
 */
export type Way = 'env' | 'subPath' | 'volume' | 'pull';

/**
 * Whether what runs must be started anew to have a change. Every reader is: the file in a `volume` is new after a
 * minute, but few processes read a file twice, and whether this one does is not to be seen from outside. What is read
 * to pull images never concerns what runs.
 */
export function isStale(way: Way): boolean {
  return way !== 'pull';
}

/**
 * What the pods of a template read, each thing once. `optional` ones count: a key that comes is a change as well.
 * Not looked into: CSI volumes and other drivers, which know themselves what they mount.
 */
export function referencesOf(template: unknown): readonly Reference[] {
  const spec = at(template, 'spec');
  const volumes = new Map(listAt(spec, 'volumes').map((volume) => [textAt(volume, 'name'), partsOf(volume)]));
  const found = new Map<string, Reference>();
  for (const reference of allOf(spec, volumes)) {
    found.set(JSON.stringify([reference.kind, reference.object, reference.key, reference.way]), reference);
  }
  return [...found.values()];
}

type Volumes = ReadonlyMap<string | undefined, readonly Part[]>;

/** What a volume holds: one key as a file of that path, or, without both, every key as a file of its name. */
interface Part {
  readonly source: Source;
  readonly item?: { readonly key: string; readonly path: string };
}
type Source = Pick<Reference, 'kind' | 'object'>;

const containerLists = ['containers', 'initContainers', 'ephemeralContainers'] as const;

function* allOf(spec: unknown, volumes: Volumes): Iterable<Reference> {
  for (const list of containerLists) {
    for (const container of listAt(spec, list)) {
      yield* environmentOf(container);
      // A volume that no container mounts is read by none.
      for (const mount of listAt(container, 'volumeMounts')) yield* mountedBy(mount, volumes);
    }
  }
  for (const secret of listAt(spec, 'imagePullSecrets')) {
    const object = textAt(secret, 'name');
    if (object !== undefined) yield { kind: 'Secret', object, way: 'pull' };
  }
}

function* environmentOf(container: unknown): Iterable<Reference> {
  for (const variable of listAt(container, 'env')) {
    const from = at(variable, 'valueFrom');
    for (const { source, part } of sourcesOf(from, { Secret: 'secretKeyRef', ConfigMap: 'configMapKeyRef' })) {
      const key = textAt(part, 'key');
      if (key !== undefined) yield { ...source, key, way: 'env' };
    }
  }
  for (const from of listAt(container, 'envFrom')) {
    // Whatever the prefix: it changes the names of variables, not which keys are read.
    for (const { source } of sourcesOf(from, { Secret: 'secretRef', ConfigMap: 'configMapRef' })) {
      yield { ...source, way: 'env' };
    }
  }
}

/** With a `subPath` only what lies under it is seen; one with variables is only known to the kubelet. */
function* mountedBy(mount: unknown, volumes: Volumes): Iterable<Reference> {
  const parts = volumes.get(textAt(mount, 'name')) ?? [];
  const subPath = textAt(mount, 'subPath');
  const isBound = subPath !== undefined || textAt(mount, 'subPathExpr') !== undefined;
  const below = subPath?.split('/').filter((segment) => segment !== '' && segment !== '.') ?? [];
  for (const { source, item } of parts) {
    const key = item === undefined ? keyAt(below) : item.key;
    if (item !== undefined && !isUnder(item.path, below)) continue;
    yield { ...source, ...(key === undefined ? {} : { key }), way: isBound ? 'subPath' : 'volume' };
  }
}

/** In a volume of all keys each is a file at the top; what starts with `..` is the kubelet's own folder of all. */
function keyAt([first, ...deeper]: readonly string[]): string | undefined {
  return first === undefined || first.startsWith('..') || deeper.length > 0 ? undefined : first;
}

function isUnder(path: string, below: readonly string[]): boolean {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  return below[0]?.startsWith('..') === true || below.every((segment, index) => segments[index] === segment);
}

function partsOf(volume: unknown): readonly Part[] {
  return [volume, ...listAt(volume, 'projected', 'sources')].flatMap((holder) =>
    sourcesOf(holder, { Secret: 'secret', ConfigMap: 'configMap' }).flatMap(({ source, part }): readonly Part[] => {
      const items = listAt(part, 'items');
      return items.length === 0 ? [{ source }] : items.flatMap((item) => itemOf(source, item));
    }),
  );
}

function itemOf(source: Source, item: unknown): readonly Part[] {
  const key = textAt(item, 'key');
  const path = textAt(item, 'path');
  return key === undefined || path === undefined ? [] : [{ source, item: { key, path } }];
}

/** The objects that stand in these fields; a volume of a Secret says `secretName` where everything else says `name`. */
function sourcesOf(holder: unknown, fields: Record<Reference['kind'], string>): readonly Sourced[] {
  return (['Secret', 'ConfigMap'] as const).flatMap((kind) => {
    const part = at(holder, fields[kind]);
    const object = textAt(part, 'name') ?? textAt(part, 'secretName');
    return object === undefined ? [] : [{ source: { kind, object }, part }];
  });
}

interface Sourced {
  readonly source: Source;
  /** What stands beside the name. */
  readonly part: unknown;
}
