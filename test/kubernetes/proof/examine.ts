/** What our writes did, one by one: each was needed, touched nothing of others, and is in the audit. */
import { isDeepStrictEqual } from 'node:util';
import type { Group } from './history.ts';
import { entryOf, groupsOf, isOurs } from './syncs.ts';
import type { KeptSync } from './syncs.ts';
import type { Write } from './traffic.ts';
import type { World } from './world.ts';
import { type KubeObject, valuesOf } from '#testing/kubernetes';

/** A write, and the object before and after it. */
interface Done {
  readonly write: Write;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

export class Examiner {
  readonly #world: World;
  #examined = 0;
  /** `<group>/<name>` → the delivery that its last write is known by. */
  readonly #covered = new Map<string, number>();
  /** `<group>/<name>` → the number in the value that we wrote last. */
  readonly #numbers = new Map<string, number>();
  /** Versions of each object that were looked at. */
  readonly #looked = new Map<Group, number>();
  /** Writes that changed something. */
  count = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Looks at what was done since the last time. */
  examine(): void {
    const { writes } = this.#world.traffic;
    for (; this.#examined < writes.length; this.#examined += 1) {
      const write = writes[this.#examined];
      const done = write === undefined ? undefined : this.#find(write);
      if (done !== undefined) this.#judge(done);
    }
    this.#secrecy();
  }

  /** What became of it; `undefined`: it was not done, as far as can be told. */
  #find(write: Write): Done | undefined {
    const { history } = this.#world;
    const { status = 0, answer, group, method } = write;
    if (status >= 300) return undefined;
    if (method === 'DELETE') return this.#findDeletion(write);
    // The server ended before it answered: it may have been done.
    const version = answer?.metadata.resourceVersion ?? this.#findUnanswered(write);
    if (version === undefined) return undefined;
    if (version === write.body?.metadata.resourceVersion) {
      this.#accuse(write, 'was needless: it changed nothing');
      return undefined;
    }
    const step = history.step(group, version);
    if (step === undefined) this.#accuse(write, `has made a version that nobody saw: ${version}`);
    return step === undefined ? undefined : { write, ...step };
  }

  #findDeletion(write: Write): Done | undefined {
    const { history } = this.#world;
    const { resourceVersion } = preconditionsOf(write.body);
    const versions = history.versions(write.group);
    const index = versions.findIndex((version) => version.resourceVersion === resourceVersion);
    const next = versions[index + 1];
    if (index === -1 || next === undefined || next.object !== undefined) return undefined;
    return { write, before: versions[index]?.object, after: undefined };
  }

  /** The next version, if it is as the write says, and no other write is known to have made it. */
  #findUnanswered({ group, body, sync }: Write): string | undefined {
    const versions = this.#world.history.versions(group);
    const index = versions.findIndex(({ resourceVersion }) => resourceVersion === body?.metadata.resourceVersion);
    const next = versions[index + 1];
    const values = next?.object === undefined ? {} : (next.object.data ?? {});
    const isIt = Object.entries(body?.data ?? {}).every(([key, value]) => values[key] === value);
    const isOwn = next?.object?.metadata.managedFields?.some(({ manager }) => manager === `plumb/${sync}`) === true;
    const isAnswered = this.#world.traffic.writes.some(
      ({ answer }) => answer?.metadata.resourceVersion === next?.resourceVersion,
    );
    return index !== -1 && isIt && isOwn && !isAnswered ? next.resourceVersion : undefined;
  }

  #judge(done: Done): void {
    const { write, before, after } = done;
    this.count += 1;
    const keys = changedIn(before === undefined ? {} : valuesOf(before), after === undefined ? {} : valuesOf(after));
    const labels = changedIn(before?.metadata.labels, after?.metadata.labels);
    const annotations = changedIn(before?.metadata.annotations, after?.metadata.annotations);
    if (keys.length + labels.length + annotations.length === 0 && before !== undefined && after !== undefined)
      this.#accuse(write, 'was needless: it changed nothing but who wrote it');
    const foreign = [
      ...keys.filter((key) => !isOurs(key)),
      ...labels.filter((label) => label.startsWith('example.com/')),
      ...annotations,
    ];
    if (foreign.length > 0) this.#accuse(write, `touched what is of others: ${foreign.join(', ')}`);
    for (const key of keys) this.#value(write, key, after === undefined ? undefined : valuesOf(after)[key]);
    this.#audit(write, keys);
    this.#managers(done, keys);
  }

  /** What is written is a value of the source, never older than what was written before. */
  #value(write: Write, key: string, value: string | undefined): void {
    const sync = this.#syncOf(write, key);
    if (value === undefined || sync === undefined || key.endsWith('EXPR')) return;
    const path = entryOf(sync, key);
    if (!this.#world.ledger.mayBe(path, value))
      this.#accuse(write, `wrote ${value} to ${key}, which ${path} has not been lately`);
    // What comes from the base may be older than what was in its place.
    if (sync.from === 'p/one') return;
    const number = Number(value.slice(value.lastIndexOf('-') + 1));
    const name = `${write.group}/${key}`;
    if (number < (this.#numbers.get(name) ?? 0))
      this.#accuse(write, `wrote ${value} to ${key}, which is older than what it wrote before`);
    this.#numbers.set(name, number);
  }

  /** Each change of a name has a delivery of its own that names its entry, recorded before. */
  #audit(write: Write, keys: readonly string[]): void {
    const records = this.#world.ours.audit.read();
    for (const key of keys) {
      const sync = this.#syncOf(write, key);
      if (sync === undefined) continue;
      const entry = entryOf(sync, key);
      const index = records.findLastIndex(
        (record, at) => at < write.audited && record.sync === sync.name && record.entries.has(entry),
      );
      const name = `${write.group}/${key}`;
      if (index <= (this.#covered.get(name) ?? -1))
        this.#accuse(write, `changed ${key} without a delivery that names ${entry}`);
      this.#covered.set(name, index);
    }
  }

  /** What others hold they still hold, since when they did, but for what we took back. */
  #managers({ write, before, after }: Done, keys: readonly string[]): void {
    if (after === undefined) return;
    const taken = new Set(keys.map((key) => `f:${key}`));
    for (const entry of before?.metadata.managedFields ?? []) {
      if (entry.manager.startsWith('plumb/') && entry.manager === `plumb/${write.sync}`) continue;
      const same = after.metadata.managedFields?.find(
        ({ manager, operation, subresource }) =>
          manager === entry.manager && operation === entry.operation && subresource === entry.subresource,
      );
      const had = leaves(entry.fieldsV1);
      const has = leaves(same?.fieldsV1);
      const lost = had.filter((leaf) => !has.includes(leaf));
      const isOurOwn = (leaf: string): boolean =>
        taken.has(leaf.slice(leaf.lastIndexOf('/') + 1)) || /f:labels\/f:(?:team|plumb\.dev\/managed)$/.test(leaf);
      const wrong = lost.filter((leaf) => !isOurOwn(leaf));
      if (wrong.length > 0) this.#accuse(write, `took ${wrong.join(', ')} from ${entry.manager}`);
      if (isDeepStrictEqual(entry.fieldsV1, same?.fieldsV1) && same?.time !== entry.time)
        this.#accuse(write, `changed the time of ${entry.manager}`);
    }
  }

  #secrecy(): void {
    const { history, violations, lands } = this.#world;
    const own = [lands.one, lands.two, ...lands.many];
    for (const group of history.groups) {
      if (!group.includes('/ConfigMap/') || !own.some((namespace) => group.startsWith(`${namespace}/`))) continue;
      const versions = history.versions(group);
      const isLeaked = versions
        .slice(this.#looked.get(group) ?? 0)
        .some(({ object }) => JSON.stringify(object ?? {}).includes('S3CRET'));
      if (isLeaked) violations.push(`a secret stood in ${group}`);
      this.#looked.set(group, versions.length);
    }
  }

  #syncOf({ sync, group }: Write, key: string): KeptSync | undefined {
    const { syncs, lands } = this.#world;
    if (sync !== '') return syncs.find(({ name }) => name === sync);
    const keepers = syncs.filter((each) => groupsOf(each, lands).includes(group));
    return keepers.length === 1 ? keepers[0] : keepers.find(({ prefix }) => key.startsWith(prefix));
  }

  #accuse({ method, group, sync }: Write, what: string): void {
    this.#world.violations.push(`${method} ${group} by ${sync}: ${what}`);
  }
}

function preconditionsOf(body: KubeObject | undefined): { readonly resourceVersion?: string } {
  return (body?.['preconditions'] ?? {}) as { readonly resourceVersion?: string };
}

function changedIn(
  before: Readonly<Record<string, string>> = {},
  after: Readonly<Record<string, string>> = {},
): readonly string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => !isDeepStrictEqual(before[key], after[key])).sort();
}

const containers = new Set(['f:data', 'f:binaryData', 'f:metadata', 'f:metadata/f:labels', 'f:metadata/f:annotations']);

/** `f:data/f:A`, … */
function leaves(fields: unknown, path = ''): readonly string[] {
  if (typeof fields !== 'object' || fields === null) return [];
  return Object.entries(fields).flatMap(([name, below]) => {
    if (name === '.') return [];
    const at = path === '' ? name : `${path}/${name}`;
    const deeper = leaves(below, at);
    // An empty map is nobody's.
    return deeper.length === 0 ? (containers.has(at) ? [] : [at]) : deeper;
  });
}
