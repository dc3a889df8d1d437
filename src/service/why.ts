import { mayList } from './loaders.ts';
import { factsOf, notFound } from './rights.ts';
import type { Rights } from './rights.ts';
import type { Caller, Why } from './services.ts';
import { auditPaths, originOf, summaryOf } from './summary.ts';
import { presentLoaders } from './world.ts';
import type { World } from './world.ts';
import type { Head } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import { placeOf } from '#domain/path';
import type { Path } from '#domain/path';
import { evaluate } from '#eval/evaluate';
import type { Evaluation } from '#eval/evaluate';
import { lookUp } from '#eval/lookup';
import type { Lookup } from '#eval/lookup';
import type { View } from '#state/view';

/** Where values have been delivered; answered by what hosts the syncs. */
export interface Deliveries {
  /** Syncs whose last evaluation touched the path. */
  touching(path: string): Iterable<string>;
  delivery(sync: string): Why['deliveries'][number] | undefined;
}

/** Everything that is known about one path. Shows nothing of what the caller may not list. */
export async function explain(world: World, deliveries: Deliveries, caller: Caller, path: Path): Promise<Why> {
  return world.gate.read(caller, { action: 'read', path }, (rights) => {
    const { state } = world;
    const loaders = presentLoaders(world, rights);
    const lookup = lookUp(path, loaders);
    const { found } = lookup;
    if (found === undefined) throw absent(rights, path, lookup);
    if (!mayList(rights, path, found)) throw notFoundRefused(rights, path, found);
    const evaluation = evaluate(path, loaders);
    const result: Why = {
      entry: summaryOf(path, found),
      ...(loaders.mayRead(path, found) && isExpression(found) ? { expression: loaders.text(found) } : {}),
      ...valuePart(evaluation, found),
      lookup: stepsOf(rights, lookup),
      origin: (evaluation.ok ? evaluation.value.origins : [found]).map(describedOrigin),
      referrers: referrersOf(state, rights, path),
      inheritedBy: inheritedBy(state, rights, path, found),
      deliveries: deliveriesOf(rights, deliveries, path),
    };
    if (evaluation.ok) return { result, paths: auditPaths(evaluation.value) };
    return { result, action: 'list' };
  });
}

function isExpression({ current }: Head): boolean {
  return current.form === 'expression' && current.value !== undefined;
}

function absent(rights: Rights, path: Path, lookup: Lookup<Head>): PlumbError {
  if (!rights.mayKnow(path)) return rights.refuse('list', path);
  const hidden = lookup.steps.find(({ stored }) => stored?.current.state === 'unset');
  if (hidden === undefined || !rights.mayKnow(hidden.path)) return notFound(path);
  return new PlumbError('not-found', `nothing is at ${path}: it is unset at ${hidden.path}`, { details: { path } });
}

function notFoundRefused(rights: Rights, path: Path, found: Head): PlumbError {
  rights.refuse('list', path, factsOf(found));
  return notFound(path);
}

function valuePart(evaluation: Evaluation<Head>, found: Head): Pick<Why, 'value' | 'secret' | 'problem'> {
  if (evaluation.ok) return { value: evaluation.value.text, secret: evaluation.value.secret };
  return { secret: found.current.kind === 'secret', problem: evaluation.problem.message };
}

function stepsOf(rights: Rights, lookup: Lookup<Head>): Why['lookup'] {
  return lookup.steps
    .filter(({ path, stored }) => rights.mayKnow(path, stored === undefined ? undefined : factsOf(stored)))
    .map(({ path, stored }) => ({
      path,
      found: stored?.current.state === 'present',
      hidden: stored?.current.state === 'unset',
    }));
}

function describedOrigin(stored: Head): Why['origin'][number] {
  const { kind, reason, author, time } = stored.current;
  const { owner } = stored.metadata;
  const origin = { ...originOf(stored), secret: kind === 'secret', reason, author, time };
  return owner === undefined ? origin : { ...origin, owner };
}

function referrersOf(state: View, rights: Rights, path: Path): readonly string[] {
  const visible = state.referrers(path).filter(({ path: at, stored }) => {
    const head = state.head(stored);
    return head !== undefined && mayList(rights, at, head);
  });
  return visible.map((referrer) => referrer.path);
}

function inheritedBy(state: View, rights: Rights, path: Path, found: Head): readonly string[] {
  const place = placeOf(path);
  if (place === undefined || place.relative === '') return [];
  return state.heirs(place.environment).filter((heir) => {
    const at = `${heir}/${place.relative}` as Path;
    return lookUp(at, state).found?.path === found.path && mayList(rights, at, found);
  });
}

function deliveriesOf(rights: Rights, deliveries: Deliveries, path: Path): Why['deliveries'] {
  const visible = [...deliveries.touching(path)].filter((sync) => rights.may('list', `sys/syncs/${sync}`)).sort();
  return visible.flatMap((sync) => deliveries.delivery(sync) ?? []);
}
