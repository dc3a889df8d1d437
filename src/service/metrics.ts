/** Metrics in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/). Pure. */
import type { Figures } from './reconciling.ts';
import type { HttpSeries, ProcessUsage } from './parts.ts';
import { conditionTypes } from '#domain/records';
import type { ConditionType, SyncStatus } from '#domain/records';

/** What is to be said, as it is at this moment. */
export interface Sample {
  readonly figures: Figures | undefined;
  /** Of every sync; `undefined`: it was not looked at yet. */
  readonly statuses: Iterable<SyncStatus | undefined>;
  /** By target: requests so far, by `<verb> <resource>`. */
  readonly requests: Iterable<readonly [target: string, requests: ReadonlyMap<string, number>]>;
  readonly usage: ProcessUsage | undefined;
  /** Requests answered since the process began. Default none. */
  readonly http?: readonly HttpSeries[];
  readonly revision: number;
  readonly version: string;
}

/** Upper bounds of the buckets of a request's duration, in seconds. */
export const requestBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** `suffix`: of the name, where a family has several series. */
  readonly samples: readonly (readonly [labels: Labels, value: number, suffix?: string])[];
}

/** Every family of metrics; never a value, a path or a name of an entry in a label. */
export function metricsText(sample: Sample): string {
  const families = [
    ...syncFamilies(sample),
    ...targetFamilies(sample),
    ...httpFamilies(sample),
    ...processFamilies(sample),
  ];
  return families.flatMap(lines).join('');
}

function syncFamilies({ figures, statuses }: Sample): readonly Family[] {
  const counts = new Map<ConditionType | 'Unseen', number>(
    [...conditionTypes, 'Unseen' as const].map((type) => [type, 0]),
  );
  let total = 0;
  let failed = 0;
  for (const status of statuses) {
    total += 1;
    if (status?.activation?.state === 'failed') failed += 1;
    for (const type of trueOf(status)) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  const loop = figures === undefined ? [] : loopFamilies(figures);
  return [
    ...loop,
    gauge(
      'plumb_syncs',
      'Syncs for which a condition holds; one may be counted several times',
      [...counts].map(([condition, count]) => [{ condition }, count]),
    ),
    gauge('plumb_syncs_declared', 'Syncs that there are', total),
    gauge('plumb_sync_conflicts', 'Syncs that wait because somebody else writes there', counts.get('Conflict') ?? 0),
    gauge('plumb_syncs_not_activated', 'Syncs of which what was written does not run: a restart failed', failed),
  ];
}

function loopFamilies({ oldestUnservedMs, repairs, restarts }: Figures): readonly Family[] {
  return [
    gauge(
      'plumb_sync_oldest_unserved_seconds',
      'Age of the oldest reason to look at a sync that no run has answered yet',
      oldestUnservedMs / 1000,
    ),
    counter(
      'plumb_sync_repairs_total',
      'Names that somebody else had changed in a target and that were put right',
      repairs,
    ),
    counter(
      'plumb_sync_restarts_total',
      'Restarts of what reads changed names',
      Object.entries(restarts).map(([outcome, count]) => [{ outcome }, count]),
    ),
  ];
}

function targetFamilies({ requests }: Sample): readonly Family[] {
  const samples: [Labels, number][] = [];
  for (const [target, counts] of requests) {
    for (const [key, count] of counts) {
      const [verb = '', resource = ''] = key.split(' ');
      samples.push([{ target, verb, resource }, count]);
    }
  }
  return samples.length === 0
    ? []
    : [counter('plumb_target_requests_total', 'Requests sent to a target since it was opened', samples)];
}

function httpFamilies({ http = [] }: Sample): readonly Family[] {
  const samples = http.flatMap(({ route, method, status, counts, sum }) => {
    const labels = { route, method, status };
    let total = 0;
    const buckets = counts.map((count, index) => {
      const le = String(requestBuckets[index] ?? '+Inf');
      return [{ ...labels, le }, (total += count), '_bucket'] as const;
    });
    return [...buckets, [labels, sum, '_sum'] as const, [labels, total, '_count'] as const];
  });
  const help = 'Time from the head of a request to its answer, without streams';
  return samples.length === 0
    ? []
    : [{ name: 'plumb_http_request_duration_seconds', type: 'histogram', help, samples }];
}

function processFamilies({ usage, revision, version }: Sample): readonly Family[] {
  const own = [
    gauge('plumb_revision', 'Revision of the store', revision),
    gauge('plumb_info', 'The program', [[{ version }, 1]]),
  ];
  if (usage === undefined) return own;
  return [
    ...own,
    counter('process_cpu_seconds_total', 'CPU time of the process, user and system', usage.cpuSeconds),
    gauge('process_resident_memory_bytes', 'Memory of the process that is not swapped out', usage.residentBytes),
    gauge('process_start_time_seconds', 'When the process started, since the epoch', usage.startedAt),
    gauge('nodejs_heap_size_used_bytes', 'Heap of JavaScript in use', usage.heapBytes),
  ];
}

function trueOf(status: SyncStatus | undefined): readonly (ConditionType | 'Unseen')[] {
  if (status === undefined) return ['Unseen'];
  return status.conditions.filter((condition) => condition.status === 'true').map(({ type }) => type);
}

function gauge(name: string, help: string, value: number | Family['samples']): Family {
  return { name, type: 'gauge', help, samples: typeof value === 'number' ? [[{}, value]] : value };
}

function counter(name: string, help: string, value: number | Family['samples']): Family {
  return { ...gauge(name, help, value), type: 'counter' };
}

function lines({ name, type, help, samples }: Family): readonly string[] {
  return [
    `# HELP ${name} ${help}\n`,
    `# TYPE ${name} ${type}\n`,
    ...samples.map(([labels, value, suffix = '']) => `${name}${suffix}${labelText(labels)} ${value}\n`),
  ];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replace(/["\\]/g, '\\$&').replaceAll('\n', String.raw`\n`);
}
