import { afterEach, describe, expect, test } from 'vitest';
import { metricsText } from './metrics.ts';
import type { Sample } from './metrics.ts';
import type { ConditionType, SyncStatus } from '#domain/records';
import { Host } from '#reconcile/host';
import { SeededRandom } from '#testing/clock';
import { fixedTargets } from '#testing/keeping';
import { allow } from '#testing/plumb';
import { MemoryTarget } from '#testing/simulate/target';
import { refusal, usePlumb } from '#testing/use-plumb';

const status = (...types: readonly ConditionType[]): SyncStatus => ({
  generation: 1,
  agree: 0,
  total: 0,
  conditions: types.map((type) => ({ type, status: 'true', reason: 'R', message: 'not to be told', since: 1 })),
});
const sample: Sample = {
  figures: undefined,
  statuses: [],
  requests: [],
  usage: undefined,
  revision: 7,
  version: '1.2.3',
};
const valuesOf = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('the text', () => {
  test('says of each family what it is, once, before its samples', () => {
    const text = metricsText({
      ...sample,
      figures: { oldestUnservedMs: 1500, repairs: 2, restarts: { started: 3, done: 2, failed: 1 } },
    });
    const names = [...text.matchAll(/^# TYPE (\S+) (?:counter|gauge)$/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(valuesOf(text)).toEqual(
      expect.arrayContaining([
        'plumb_sync_oldest_unserved_seconds 1.5',
        'plumb_sync_repairs_total 2',
        'plumb_sync_restarts_total{outcome="failed"} 1',
        'plumb_revision 7',
        'plumb_info{version="1.2.3"} 1',
      ]),
    );
    for (const line of valuesOf(text))
      expect(line).toMatch(/^[a-z_]+(?:\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? \d+(?:\.\d+)?$/);
  });

  test('counts syncs by the conditions that hold', () => {
    const failed: SyncStatus = {
      ...status('InSync'),
      activation: { state: 'failed', message: 'secret text', since: 1 },
    };
    const text = metricsText({
      ...sample,
      statuses: [status('InSync'), status('Conflict', 'Drifted'), failed, undefined],
    });
    expect(valuesOf(text)).toEqual(
      expect.arrayContaining([
        'plumb_syncs{condition="InSync"} 2',
        'plumb_syncs{condition="Conflict"} 1',
        'plumb_syncs{condition="Held"} 0',
        'plumb_syncs{condition="Unseen"} 1',
        'plumb_syncs_declared 4',
        'plumb_sync_conflicts 1',
        'plumb_syncs_not_activated 1',
      ]),
    );
    expect(text).not.toMatch(/not to be told|secret text/);
  });

  test('has requests by target, verb and resource, with labels escaped', () => {
    const requests = [['eu"\\\n', new Map([['patch secrets', 4]])]] as const;
    expect(valuesOf(metricsText({ ...sample, requests }))).toContain(
      String.raw`plumb_target_requests_total{target="eu\"\\\n",verb="patch",resource="secrets"} 4`,
    );
  });

  test('has the process, where it is known', () => {
    const usage = { startedAt: 5, cpuSeconds: 1.25, residentBytes: 10, heapBytes: 3 };
    expect(valuesOf(metricsText({ ...sample, usage }))).toEqual(
      expect.arrayContaining(['process_cpu_seconds_total 1.25', 'process_start_time_seconds 5']),
    );
    expect(metricsText(sample)).not.toContain('process_');
  });
});

describe('of a server', () => {
  const target = Object.assign(new MemoryTarget(), { requests: new Map([['get secrets', 1]]) });
  let host: Host | undefined;
  const plumb = usePlumb(() => ({
    reconciling: (syncs, clock) =>
      (host = new Host({ syncs, targets: fixedTargets({ memory: target }), clock, random: new SeededRandom(1) })),
  }));
  afterEach(async () => host?.stop());

  test('take audit or admin on them, and the question is recorded', async () => {
    const { system } = plumb().services;
    for (const action of ['audit', 'admin']) {
      const caller = await plumb().callerFor(allow(action, 'sys/metrics'));
      expect(await system.metrics(caller)).toContain('plumb_revision');
    }
    plumb().audit.take();
    const none = await plumb().callerFor(allow('list, read, audit', 'app/**'));
    expect(await refusal(system.metrics(none))).toMatch(/^forbidden: .* may not audit sys\/metrics/);
    expect(plumb().audit.take().at(-1)).toBe('refused audit sys/metrics');
  });

  test('count what was repaired', async () => {
    const { services, root } = plumb();
    const { principals, policies, changes, syncs, system } = services;
    host?.start();
    await policies.put(root, 'deliver', { text: allow('read', 'app/**') }, {});
    await principals.put(root, 'workload/w', { policies: ['deliver'] }, {});
    await changes.apply(root, { ops: [{ op: 'put', path: 'app/x/A', value: 'hunter2' }] });
    await syncs.put(root, 's', { from: 'app/x', to: 'memory:repaired', runAs: 'workload/w' }, {});
    await plumb().clock.advance(100);
    target.edit('repaired', 'A', 'by hand');
    await plumb().clock.advance(2000);
    const text = await system.metrics(root);
    expect(valuesOf(text)).toEqual(
      expect.arrayContaining(['plumb_sync_repairs_total 1', 'plumb_syncs{condition="InSync"} 1']),
    );
    expect(text).not.toMatch(/hunter2|app\/x/);
  });
});
