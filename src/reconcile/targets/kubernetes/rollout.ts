import { at, countAt, listAt, textAt } from './fields.ts';
import type { ApiObject } from './cluster.ts';
import type { Progress } from '../../activator.ts';

/** What keeps its pods as its template says, by kind. */
export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet';
export const workloadKinds: readonly WorkloadKind[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** How many pods there should be, and how many of them are of the newest template and can be used. */
interface Counts {
  readonly wanted: number;
  readonly updated: number;
  readonly available: number;
  /** All that run, old ones included. */
  readonly running: number;
}

/**
 * Whether the pods are those of the newest template, from nothing but the object itself. Only a Deployment ever
 * says that it gave up; the other kinds wait for as long as it takes. `oldNews`: what `gaveUpAt` said of the template before,
 * which a Deployment goes on saying of the next one until it gets on with it.
 */
export function rolloutOf(kind: WorkloadKind, object: ApiObject, oldNews?: string): Progress {
  if (object.metadata.deletionTimestamp !== undefined) return { state: 'gone' };
  if (countAt(object, 'status', 'observedGeneration') < (object.metadata.generation ?? 0)) {
    return waiting('its controller has not seen the change yet');
  }
  const counts = countsOf(kind, object);
  const left = whatIsLeft(counts);
  if (left === undefined) return { state: 'done' };
  const reason = counts.updated < counts.wanted ? whyNot(kind, object, counts) : undefined;
  if (reason !== undefined) return waiting(reason);
  if (kind !== 'Deployment') return waiting(left);
  const why = `${left}${whyNoPods(object)}`;
  const gaveUp = gaveUpAt(object);
  if (gaveUp === undefined || gaveUp === oldNews) return waiting(why);
  const unavailable = countAt(object, 'status', 'unavailableReplicas');
  const message = `its rollout gave up (ProgressDeadlineExceeded): ${why}, ${unavailable} not available`;
  return { state: 'failed', message };
}

/** When a Deployment gave up, in its own words. */
export function gaveUpAt(object: ApiObject): string | undefined {
  const progressing = conditionOf(object, 'Progressing');
  if (textAt(progressing, 'reason') !== 'ProgressDeadlineExceeded') return undefined;
  return textAt(progressing, 'lastUpdateTime') ?? '';
}

function waiting(message: string): Progress {
  return { state: 'waiting', message };
}

function countsOf(kind: WorkloadKind, object: ApiObject): Counts {
  const { status } = object;
  if (kind === 'DaemonSet') {
    const wanted = countAt(status, 'desiredNumberScheduled');
    const available = countAt(status, 'numberAvailable');
    return { wanted, updated: countAt(status, 'updatedNumberScheduled'), available, running: wanted };
  }
  const replicas = at(object, 'spec', 'replicas');
  const wanted = typeof replicas === 'number' ? replicas : 1;
  const updated = countAt(status, 'updatedReplicas');
  const running = countAt(status, 'replicas');
  return { wanted, updated, available: countAt(status, 'availableReplicas'), running };
}

function whatIsLeft({ wanted, updated, available, running }: Counts): string | undefined {
  if (updated < wanted) return `${updated} of ${wanted} pods are new`;
  if (running > updated) return `${running - updated} old ${running - updated === 1 ? 'pod' : 'pods'} still to end`;
  if (available < wanted) return `${available} of ${wanted} new pods are available`;
  return undefined;
}

/** What has to be done by somebody else before new pods come. */
function whyNot(kind: WorkloadKind, object: ApiObject, counts: Counts): string | undefined {
  const { spec } = object;
  const done = `${counts.updated} of ${counts.wanted} pods are new`;
  if (kind === 'Deployment') {
    return at(spec, 'paused') === true
      ? `its rollout is paused: ${done}, the others follow when it is resumed`
      : undefined;
  }
  if (textAt(spec, 'updateStrategy', 'type') === 'OnDelete') {
    return `its update strategy is OnDelete: ${done}, the others when they are deleted by hand`;
  }
  const partition = kind === 'StatefulSet' ? countAt(spec, 'updateStrategy', 'rollingUpdate', 'partition') : 0;
  if (partition === 0 || counts.updated < counts.wanted - partition) return undefined;
  return `its update strategy keeps ${Math.min(partition, counts.wanted)} of ${counts.wanted} pods as they are (partition ${partition})`;
}

/** By the reason only: a message may quote anything. */
function whyNoPods(object: ApiObject): string {
  const failure = conditionOf(object, 'ReplicaFailure');
  if (textAt(failure, 'status') !== 'True') return '';
  return `, and pods cannot be created (${textAt(failure, 'reason') ?? 'no reason given'})`;
}

function conditionOf({ status }: ApiObject, type: string): unknown {
  return listAt(status, 'conditions').find((condition) => textAt(condition, 'type') === type);
}
