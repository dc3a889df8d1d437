/** What became of one object, for whoever has to find out why something is wrong. */
import type { Group, SeenVersion } from './history.ts';
import type { Write } from './traffic.ts';
import type { World } from './world.ts';
import { type KubeObject, valuesOf } from '#testing/kubernetes';

const versionsTold = 12;

/** The last versions of the objects that violations name, and what we have asked for. */
export function account({ history, traffic, violations }: World): readonly string[] {
  const named = history.groups.filter((group) => violations.some((violation) => isAbout(violation, group)));
  return named.flatMap((group) => {
    const versions = history.versions(group);
    const from = Math.max(0, versions.length - versionsTold);
    const last = versions.slice(from);
    const told = last.map((version, index) => describeVersion(version, versions[from + index - 1]?.object));
    const writes = traffic.writes.filter((write) => write.group === group).slice(-versionsTold);
    return [`versions of ${group}:`, ...told, 'writes of ours to it:', ...writes.map(describeWrite)];
  });
}

function isAbout(violation: string, group: Group): boolean {
  return [' ', ':', '/'].some((end) => `${violation} `.includes(`${group}${end}`));
}

function describeVersion({ resourceVersion, object }: SeenVersion, before: KubeObject | undefined): string {
  if (object === undefined) return `  ${resourceVersion} deleted`;
  const [is, was] = [valuesOf(object), before === undefined ? {} : valuesOf(before)];
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((key) => is[key] !== was[key]).sort();
  const changes = keys.map((key) => (is[key] === undefined ? `-${key}` : `${key}=${is[key]}`));
  const { labels = {}, managedFields = [] } = object.metadata;
  const holders = managedFields.map(({ manager, operation, fieldsV1 }) => {
    const held = Object.keys((fieldsV1?.['f:data'] ?? {}) as object).map((name) => name.replace(/^f:/, ''));
    return `${manager} ${operation} (${held.join(' ')})`;
  });
  const marks = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return `  ${resourceVersion} ${changes.join(' ')}; labels ${marks.join(' ')}; held by ${holders.join(', ')}`;
}

function describeWrite({ sync, method, body, status, answer }: Write): string {
  const against = body?.metadata?.resourceVersion ?? 'nothing';
  const keys = Object.entries(body?.data ?? {}).map(([key, value]) => ((value as unknown) === null ? `-${key}` : key));
  const came = status === undefined ? 'no answer' : `${status} ${answer?.metadata.resourceVersion ?? ''}`.trimEnd();
  return `  ${method} by ${sync} against ${against}: ${keys.join(' ')}: ${came}`;
}
