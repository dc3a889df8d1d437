import type { WishOrigin } from './wishes.ts';
import type { Reachability } from './upstream.ts';
import type { SyncMode, SyncStatus } from '#domain/records';

/** What `plumb agent status` is told. Times are milliseconds since the epoch. */
export interface AgentStatus {
  readonly version: string;
  readonly pid: number;
  readonly started: number;
  readonly server: Reachability & {
    readonly address: string;
    /** Whether changes are heard of as they come; else the server is asked every minute. */
    readonly followed: boolean;
  };
  /** All syncs that are not paused are, and what runs with them has been told. */
  readonly inAgreement: boolean;
  readonly syncs: readonly SyncReport[];
}

export interface SyncReport {
  readonly name: string;
  readonly from: string;
  /** Absolute. */
  readonly file: string;
  readonly mode: SyncMode;
  readonly generation: number;
  /** Absent: not looked at yet. */
  readonly status?: SyncStatus;
  /** Where its values came from last. */
  readonly values?: WishOrigin;
}

/** For people. */
export function statusText({ server, syncs, version, pid }: AgentStatus): string {
  const followed = server.followed ? ', changes are followed' : '';
  const lines = [
    `agent ${version}, process ${pid}`,
    `server ${server.address}: ${server.state} since ${timeText(server.since)}${followed}`,
  ];
  const wide = Math.max(0, ...syncs.map(({ name }) => name.length));
  for (const sync of syncs) {
    lines.push(`${sync.name.padEnd(wide)}  ${sync.from} → ${sync.file}`);
    for (const line of syncLines(sync)) lines.push(`${' '.repeat(wide)}  ${line}`);
  }
  return `${lines.join('\n')}\n`;
}

function syncLines({ status, values, mode }: SyncReport): readonly string[] {
  if (status === undefined) return [mode === 'paused' ? 'paused' : 'not looked at yet'];
  const { conditions, agree, total, appliedRevision, appliedAt, note, activation } = status;
  const held = conditions.filter((one) => one.status === 'true');
  const others = held.filter(({ type }) => type !== 'InSync' && type !== 'Drifted');
  const isInSync = held.some(({ type }) => type === 'InSync');
  const parts = [
    isInSync ? 'in agreement' : 'not in agreement',
    `${agree} of ${total} names`,
    ...(appliedRevision === undefined || appliedAt === undefined
      ? []
      : [`revision ${appliedRevision} at ${timeText(appliedAt)}`]),
  ];
  return [
    `${parts.join(', ')}${note === undefined ? '' : `; ${note}`}`,
    ...others.map(({ type, reason, message }) => `${type}: ${message === '' ? reason : message}`),
    ...(values?.from === 'cache' ? [`from what was kept at ${timeText(values.asOf)}: the server is away`] : []),
    ...(activation === undefined ? [] : [reloadText(activation)]),
  ];
}

/** The one consumer of the engine's activations is the command. */
function reloadText({ state, message }: NonNullable<SyncStatus['activation']>): string {
  if (state === 'done') return 'reloaded';
  return `reload ${state}: ${message.replace(/^(to be restarted: )?reload(: )?/, '') || 'to be run'}`;
}

function timeText(time: number): string {
  return new Date(time).toISOString().replace('T', ' ').slice(0, 16);
}
