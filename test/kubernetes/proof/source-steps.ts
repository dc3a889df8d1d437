/** What people do to the source of truth, over REST. */
import type { Client } from '@plumbd/client';
import { PlumbApiError } from '@plumbd/client';
import type { Step } from './steps.ts';
import { configEntries, expression, folders, groupsOf, putSync, secretEntries } from './syncs.ts';
import type { World } from './world.ts';

type Op = Parameters<Client['changes']['apply']>[0]['ops'][number];

export const sourceSteps: readonly Step[] = [
  { weight: 14, act: put },
  { weight: 4, act: remove },
  { weight: 3, act: inherit },
  { weight: 3, act: classify },
  { weight: 3, act: express },
  { weight: 3, act: respecify },
  { weight: 1, act: pause },
];

async function change(world: World, ops: readonly Op[]): Promise<string> {
  const text = ops.map((op) => `${op.op} ${op.path}`).join(', ');
  try {
    await world.client.changes.apply({ ops, reason: 'because' });
    return text;
  } catch (error) {
    if (error instanceof PlumbApiError && error.code !== 'internal') return `${text}: ${error.code}`;
    throw error;
  }
}

/** A new value of an entry. */
function valueOf(world: World, path: string, kind: 'secret' | 'config'): Op {
  const value = world.ledger.fresh(kind === 'secret' ? 'S3CRET' : 'plain');
  world.ledger.tried(path, value);
  return { op: 'put', path, kind, value, form: 'literal' };
}

/** One to three entries of one folder at once. */
function put(world: World): Promise<string> {
  const folder = world.pick(folders) ?? '';
  const names = new Set(
    Array.from({ length: 1 + world.random.below(3) }, () => world.pick([...secretEntries, 'C1', 'C2'])),
  );
  return change(
    world,
    [...names].map((name = '') => valueOf(world, `${folder}/${name}`, name.startsWith('S') ? 'secret' : 'config')),
  );
}

function remove(world: World): Promise<string> {
  const folder = world.pick(folders) ?? '';
  const entry = world.pick([...secretEntries, ...configEntries, expression]) ?? '';
  forget(world, `${folder}/${entry}`);
  return change(world, [{ op: 'delete', path: `${folder}/${entry}` }]);
}

/** What one folder has from the base, where it has none of its own. */
function inherit(world: World): Promise<string> {
  const entry = world.pick(['C1', 'S3']) ?? '';
  const path = `p/base/${entry}`;
  if (world.random.next() < 0.3) {
    forget(world, `p/one/${entry}`);
    return change(world, [{ op: 'delete', path }]);
  }
  const op = valueOf(world, path, entry === 'S3' ? 'secret' : 'config');
  if (op.op === 'put') world.ledger.tried(`p/one/${entry}`, op.value);
  return change(world, [op]);
}

/** The name moves between the Secret and the ConfigMap. */
function classify(world: World): Promise<string> {
  const path = `${world.pick(folders) ?? ''}/C0`;
  forget(world, path);
  return change(world, [valueOf(world, path, world.random.next() < 0.5 ? 'secret' : 'config')]);
}

/** A value that is secret or not by what it is made of. */
function express(world: World): Promise<string> {
  const path = `${world.pick(folders) ?? ''}/${expression}`;
  forget(world, path);
  const value = `made of \${${world.pick(['S0', 'C0', 'S1']) ?? ''}} and \${C0}`;
  return change(world, [{ op: 'put', path, kind: 'config', form: 'expression', value }]);
}

/** Other labels, or other names. */
async function respecify(world: World): Promise<string> {
  const sync = world.pick(world.syncs.filter(({ name }) => ['both-kinds', 'many', 'prefixed'].includes(name)));
  if (sync === undefined) return 'nothing';
  const { prefix, labels } = sync;
  if (sync.name === 'prefixed') {
    sync.prefix = sync.prefix === 'APP_' ? 'NEW_' : 'APP_';
    for (const group of groupsOf(sync, world.lands)) world.ledger.unsure((name) => name.startsWith(`${group}/`));
  } else sync.labels = world.random.next() < 0.3 ? {} : { team: world.ledger.fresh('plain') };
  try {
    await putSync(world.client, sync, world.lands);
    return `spec of ${sync.name}`;
  } catch (error) {
    if (!(error instanceof PlumbApiError)) throw error;
    // Its folder cannot be evaluated at this moment: an expression names what is not there.
    Object.assign(sync, { prefix, labels });
    return `spec of ${sync.name} refused: ${error.code}`;
  }
}

/** Until the next rest. */
async function pause(world: World): Promise<string> {
  const { name = '' } = world.pick(world.syncs) ?? {};
  await world.client.syncs.pause(name, { reason: 'somebody works there' });
  return `pause ${name}`;
}

/** Its names are gone for a while, or stand somewhere else: what somebody puts there meanwhile is theirs. */
function forget(world: World, path: string): void {
  const [, folder = '', entry = ''] = path.split('/');
  const syncs = world.syncs.filter(({ from }) => from === `p/${folder}`);
  for (const sync of syncs) {
    for (const group of groupsOf(sync, world.lands)) {
      for (const each of [entry, expression]) {
        world.ledger.unsure((name) => name === `${group}/${sync.prefix}${each}`);
      }
    }
  }
}
