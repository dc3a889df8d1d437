import type { StoredEntry } from './loaders.ts';
import type { EntrySummary, EvaluatedEntry, Origin, VersionSummary } from './services.ts';
import { sha256 } from '#crypto/digest';
import type { PastVersion } from '#domain/entry';
import type { Path } from '#domain/path';
import type { Evaluated } from '#eval/evaluate';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Everything but the value of what is stored for `path`, at `path` itself or inherited. */
export function summaryOf(path: Path, stored: StoredEntry): Writable<EntrySummary> {
  const { current, metadata } = stored;
  const summary: Writable<EntrySummary> = {
    path,
    kind: current.kind,
    type: current.type,
    form: current.form,
    version: current.version,
    incarnation: current.incarnation,
    revision: current.revision,
    time: current.time,
    author: current.author,
    reason: current.reason,
  };
  if (stored.path !== path) summary.inheritedFrom = stored.path;
  if (metadata.owner !== undefined) summary.owner = metadata.owner;
  if (metadata.description !== undefined) summary.description = metadata.description;
  if (metadata.tags !== undefined) summary.tags = metadata.tags;
  if (metadata.expires !== undefined) summary.expires = metadata.expires;
  return summary;
}

export function evaluatedOf(evaluated: Evaluated<StoredEntry>): EvaluatedEntry {
  const { path, stored, text, secret, origins } = evaluated;
  const result = summaryOf(path, stored) as Writable<EvaluatedEntry>;
  result.value = text;
  result.secret = secret;
  result.origin = origins.map(originOf);
  result.etag = etagOf(path, stored, origins);
  return result;
}

export function originOf(stored: StoredEntry): Origin {
  return { path: stored.path, version: stored.current.version, revision: stored.current.revision };
}

/** For the audit record: `path@version` of each origin, after the path asked for if it is stored elsewhere. */
export function auditPaths({ path, stored, origins }: Evaluated<StoredEntry>): string[] {
  const paths = stored.path === path ? [] : [path as string];
  for (const origin of origins) paths.push(`${origin.path}@${origin.current.version}`);
  return paths;
}

/** `<incarnation>.<version>` of what a later write may expect; `0.0`: the path has none of its own. */
export function ownEtag(own: Pick<PastVersion, 'state' | 'incarnation' | 'version'> | undefined): string {
  return own === undefined || own.state === 'deleted' ? '0.0' : `${own.incarnation}.${own.version}`;
}

/** The own version says it all where nothing else has a part in the value. */
function etagOf(path: Path, stored: StoredEntry, origins: readonly StoredEntry[]): string {
  if (stored.path !== path) return `0.0-${originMark(origins)}`;
  return origins.length === 1 ? ownEtag(stored.current) : `${ownEtag(stored.current)}-${originMark(origins)}`;
}

/** 12 characters over the versions of all origins; derives from no value. */
function originMark(origins: readonly StoredEntry[]): string {
  let text = '';
  for (const { path, current } of origins) text += `${path}@${current.incarnation}.${current.version}\n`;
  return sha256(text).slice(0, 12);
}

export function versionSummaryOf(version: PastVersion): VersionSummary {
  const { state, kind, type, form, reason, author, time, revision, incarnation } = version;
  const destroyed = version.destroyed === true;
  return { version: version.version, incarnation, state, kind, type, form, reason, author, time, revision, destroyed };
}
