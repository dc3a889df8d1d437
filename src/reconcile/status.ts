import { conditionTypes } from '#domain/records';
import type { Activation, Condition, ConditionType, SyncStatus } from '#domain/records';

/** What is true of one condition; those not given are false. */
export interface Stated {
  readonly status: Condition['status'];
  /** One CamelCase word for programs. */
  readonly reason: string;
  /** For people; stable from one check to the next, never a value. */
  readonly message: string;
}

/** What a look at a sync found. */
export interface Finding {
  readonly generation: number;
  readonly conditions: Partial<Readonly<Record<ConditionType, Stated>>> | 'as before';
  /** Default: as before. */
  readonly agree?: number;
  readonly total?: number;
  /** The target is in agreement with this revision. */
  readonly applied?: number;
  /** What was done to the target. Default: as before. */
  readonly note?: string;
  /** Default: as before. */
  readonly activation?: Omit<Activation, 'since'>;
}

/** Answers `previous` itself when nothing has changed, so that nothing need be saved. */
export function nextStatus(previous: SyncStatus | undefined, finding: Finding, now: number): SyncStatus {
  const conditions = nextConditions(previous, finding, now);
  const note = finding.note ?? previous?.note;
  const next: SyncStatus = {
    generation: finding.generation,
    conditions,
    ...nextApplied(previous, finding, now),
    agree: finding.agree ?? previous?.agree ?? 0,
    total: finding.total ?? previous?.total ?? 0,
    ...(note === undefined ? {} : { note }),
    ...nextActivation(previous?.activation, finding.activation, now),
  };
  return previous !== undefined && finding.note === undefined && sameStatus(previous, next) ? previous : next;
}

/** Whether a condition is true. */
export function holds(status: SyncStatus | undefined, type: ConditionType, reason?: string): boolean {
  const condition = status?.conditions.find((one) => one.type === type);
  return condition?.status === 'true' && (reason === undefined || condition.reason === reason);
}

function nextConditions(
  previous: SyncStatus | undefined,
  { conditions: found }: Finding,
  now: number,
): readonly Condition[] {
  if (found === 'as before') return previous?.conditions ?? [];
  return conditionTypes.map((type) => {
    const { status, reason, message } = found[type] ?? { status: 'false', reason: 'AsExpected', message: '' };
    const before = previous?.conditions.find((one) => one.type === type);
    return { type, status, reason, message, since: before?.status === status ? before.since : now };
  });
}

function nextApplied(
  previous: SyncStatus | undefined,
  { applied, generation, note }: Finding,
  now: number,
): Pick<SyncStatus, 'appliedRevision' | 'appliedAt' | 'appliedGeneration'> {
  const { appliedRevision, appliedAt, appliedGeneration } = previous ?? {};
  const news = note !== undefined || appliedGeneration !== generation || (applied ?? 0) > (appliedRevision ?? -1);
  if (applied !== undefined && news) {
    const revision = Math.max(applied, appliedRevision ?? 0);
    return { appliedRevision: revision, appliedAt: now, appliedGeneration: generation };
  }
  return {
    ...(appliedRevision === undefined ? {} : { appliedRevision }),
    ...(appliedAt === undefined ? {} : { appliedAt }),
    ...(appliedGeneration === undefined ? {} : { appliedGeneration }),
  };
}

function nextActivation(
  before: Activation | undefined,
  found: Finding['activation'],
  now: number,
): Pick<SyncStatus, 'activation'> {
  if (found === undefined) return before === undefined ? {} : { activation: before };
  return { activation: { ...found, since: before?.state === found.state ? before.since : now } };
}

function sameStatus(a: SyncStatus, b: SyncStatus): boolean {
  return (
    a.generation === b.generation &&
    a.agree === b.agree &&
    a.total === b.total &&
    a.appliedRevision === b.appliedRevision &&
    a.appliedGeneration === b.appliedGeneration &&
    a.activation?.state === b.activation?.state &&
    a.activation?.message === b.activation?.message &&
    a.conditions.length === b.conditions.length &&
    a.conditions.every((condition, index) => sameCondition(condition, b.conditions[index]))
  );
}

function sameCondition(a: Condition, b: Condition | undefined): boolean {
  return a.type === b?.type && a.status === b.status && a.reason === b.reason && a.message === b.message;
}
