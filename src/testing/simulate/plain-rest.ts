/** What holds at rest in places that are one object. */
import { kept } from './actors.ts';
import type { Scene } from './actors.ts';
import { crowd } from './cluster.ts';
import type { Up } from './server.ts';

/** Every promise that is broken, one line each. */
export async function plainViolations({ target, foreign, root }: Scene, up: Up): Promise<readonly string[]> {
  const violations: string[] = [];
  for (const [at, folder] of [...Object.entries(kept), ...crowd.syncs.map((name) => [name, crowd.from] as const)]) {
    const evaluated = await up.services.entries.evaluate(root(), { folder });
    const wanted = evaluated.entries.map(({ path, value }): [string, string] => [path.slice(folder.length + 1), value]);
    const expected = new Map([...wanted, ...(foreign.get(at) ?? [])]);
    const difference = differences(expected, target.peek(at)?.names ?? new Map());
    if (difference !== '') {
      violations.push(`the target is not equal at rest: ${at}: ${difference}; ${conditionsOf(up, at)}`);
    }
    const items = Object.values(up.parts.workState.view.record('inventory', at)?.names ?? {});
    if (items.some((item) => 'intent' in item)) violations.push(`an intent is left at rest: ${at}`);
  }
  return violations;
}

function differences(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string {
  const names = new Set([...expected.keys(), ...found.keys()]);
  return [...names]
    .filter((name) => expected.get(name) !== found.get(name))
    .map((name) => `${name} is ${found.get(name) ?? 'absent'}, expected ${expected.get(name) ?? 'absent'}`)
    .join('; ');
}

/** What the sync says of itself. */
function conditionsOf({ parts }: Up, sync: string): string {
  const conditions = parts.workState.view.record('sync-status', sync)?.conditions ?? [];
  const held = conditions.filter(({ status }) => status === 'true');
  return held.map(({ type, reason, message }) => `${type} ${reason}: ${message}`).join('; ');
}
