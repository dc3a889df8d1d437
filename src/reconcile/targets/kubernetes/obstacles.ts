/** What is in the way of one object, by what is wanted there and what stands there. Pure. */
import { kubernetesLimits } from './names.ts';
import type { Assigned } from './objects.ts';
import type { ObjectOptions } from './options.ts';
import type { SeenObject } from './sightings.ts';
import { bytesOf, textOf } from './spelling.ts';
import type { Fingerprint } from '#domain/records';
import { isMapping } from '#util/mapping';

export interface ObjectCase {
  /** Absent: the object is kept no longer. */
  readonly options: ObjectOptions | undefined;
  readonly wanted: readonly Assigned[];
  /** Keys of ours in it. */
  readonly ours: ReadonlySet<string>;
  /** `null`: it does not exist. */
  readonly seen: SeenObject | null;
  readonly fingerprint: (key: string, value: string) => Fingerprint;
}

export function obstaclesTo(one: ObjectCase): readonly string[] {
  const { seen, wanted, ours } = one;
  const isTouched = wanted.length > 0 || [...ours].some((key) => seen?.names.has(key) === true);
  if (!isTouched) return [];
  return [
    ...(seen === null ? [] : standing(one, seen)),
    ...(wanted.length === 0 ? [] : [...typeProblems(one), ...sizeProblems(one)]),
  ];
}

function standing(one: ObjectCase, seen: SeenObject): readonly string[] {
  const { options, wanted, ours } = one;
  const problems: string[] = [];
  if (seen.deleting !== undefined) {
    problems.push(`is being deleted since ${seen.deleting}, and something (a finalizer) keeps it from going`);
  }
  if (options?.type !== undefined && seen.type !== options.type) {
    const hint = 'the type of a Secret cannot be changed; delete it, or name another object';
    problems.push(`is of type ${seen.type ?? 'Opaque'}, expected ${options.type}: ${hint}`);
  }
  if (seen.immutable && isChanged(one, seen)) {
    problems.push('is immutable and its values differ; name another object, or delete it, and it is made anew');
  }
  for (const { key, binary } of wanted) {
    const present = seen.names.get(key);
    if (present === undefined || ours.has(key) || options?.kind !== 'ConfigMap') continue;
    if (binary !== (present.binary === true)) {
      const [there, here] = binary ? ['data', 'binaryData'] : ['binaryData', 'data'];
      problems.push(`has ${key} in ${there} already and it is not ours, expected nothing of that name beside ${here}`);
    }
  }
  return problems;
}

/** Whether its values would be others. One that has nothing but ours in it goes as a whole. */
function isChanged({ wanted, ours, fingerprint }: ObjectCase, { names, sole }: SeenObject): boolean {
  const isWholeOurs = sole && [...names.keys()].every((key) => ours.has(key));
  if (wanted.length === 0 && isWholeOurs) return false;
  const keys = new Set(wanted.map(({ key }) => key));
  const isLeft = [...ours].some((key) => !keys.has(key) && names.has(key));
  return isLeft || wanted.some(({ key, value }) => names.get(key)?.fingerprint !== fingerprint(key, value));
}

/** Keys that Kubernetes demands of a type, and how their values have to be. */
function typeProblems({ options, wanted, ours, seen }: ObjectCase): readonly string[] {
  const type = options?.type ?? seen?.type;
  const keys = new Set(wanted.map(({ key }) => key));
  const has = (key: string): boolean => keys.has(key) || (seen?.names.has(key) === true && !ours.has(key));
  const lacks = (...names: readonly string[]): readonly string[] =>
    names.filter((name) => !has(name)).map((name) => `is of type ${type} and would have no ${name}`);
  switch (type) {
    case 'kubernetes.io/tls':
      return lacks('tls.crt', 'tls.key');
    case 'kubernetes.io/ssh-auth':
      return [...lacks('ssh-privatekey'), ...shaped(wanted, 'ssh-privatekey', (value) => value !== '', 'not empty')];
    case 'kubernetes.io/basic-auth':
      return has('username') || has('password') ? [] : [`is of type ${type} and would have no username or password`];
    case 'kubernetes.io/dockerconfigjson':
      return [...lacks('.dockerconfigjson'), ...shaped(wanted, '.dockerconfigjson', isJsonObject, 'a JSON object')];
    case 'kubernetes.io/dockercfg':
      return [...lacks('.dockercfg'), ...shaped(wanted, '.dockercfg', isJsonObject, 'a JSON object')];
    default:
      return [];
  }
}

function shaped(
  wanted: readonly Assigned[],
  key: string,
  fits: (value: string) => boolean,
  expected: string,
): readonly string[] {
  const item = wanted.find((one) => one.key === key);
  if (item === undefined || fits(textOf(bytesOf(item.value)) ?? '')) return [];
  return [`would have a ${key} that Kubernetes refuses, expected ${expected}`];
}

function isJsonObject(text: string): boolean {
  try {
    return isMapping(JSON.parse(text));
  } catch {
    return false;
  }
}

function sizeProblems({ wanted, ours, seen }: ObjectCase): readonly string[] {
  const keys = new Set(wanted.map(({ key }) => key));
  let bytes = wanted.reduce((sum, item) => sum + item.bytes, 0);
  for (const [key, name] of seen?.names ?? []) if (!keys.has(key) && !ours.has(key)) bytes += name.bytes;
  if (bytes <= kubernetesLimits.bytes) return [];
  return [`would have ${bytes} bytes of values, expected at most ${kubernetesLimits.bytes}`];
}
