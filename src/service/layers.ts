import type { Kind } from '#domain/entry';
import type { Folder, Path } from '#domain/path';
import { placeOf } from '#domain/path';
import type { View } from '#state/view';

export function join(folder: string, relative: string): string {
  if (folder === '') return relative;
  return relative === '' ? folder : `${folder}/${relative}`;
}

/** The folder itself, then the same place in each environment that its own extends, nearest first. */
export function folderLayers(view: Pick<View, 'chain'>, folder: Folder): readonly Folder[] {
  const place = folder === '' ? undefined : placeOf(folder);
  if (place === undefined) return [folder];
  return view.chain(place.environment).map((name) => join(name, place.relative) as Path);
}

/** The path itself, then the paths it is looked for at, nearest first. */
export function pathLayers(view: Pick<View, 'chain'>, path: Path): readonly Path[] {
  const place = placeOf(path);
  if (place === undefined || place.relative === '') return [path];
  return view.chain(place.environment).map((name) => `${name}/${place.relative}` as Path);
}

/** The path itself, then the paths at which other environments may see it. */
export function heirPaths(view: Pick<View, 'heirs'>, path: Path): readonly Path[] {
  const place = placeOf(path);
  if (place === undefined || place.relative === '') return [path];
  return [path, ...view.heirs(place.environment).map((name) => `${name}/${place.relative}` as Path)];
}

/**
 * The kind that a put must not lower without `declassify`: that of what is present or hidden, and
 * `secret` if a deleted one before it was. `undefined`: there never was an entry.
 */
export function lastKind(view: Pick<View, 'chain' | 'head'>, path: Path): Kind | undefined {
  const own = view.head(path)?.current;
  if (own !== undefined && own.state !== 'deleted') return own.kind;
  let deleted: Kind | undefined;
  for (const layer of pathLayers(view, path)) {
    const current = view.head(layer)?.current;
    if (current === undefined) continue;
    if (current.state !== 'deleted') return deleted === 'secret' ? 'secret' : current.kind;
    if (deleted !== 'secret') deleted = current.kind;
  }
  return deleted;
}
