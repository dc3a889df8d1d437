/** How syncs and their state are shown. */
import type { SyncStatus, SyncView } from '@plumbd/client';
import { count, padded, printable, timeText, width } from './style.ts';
import { wrapped } from './width.ts';

/** Whether the place is as it should be, as far as is known. */
export function isInAgreement({ status }: SyncView): boolean {
  return status?.conditions.some(({ type, status: is }) => type === 'InSync' && is === 'true') ?? false;
}

/** As `sync create --to` takes it: behind `/` stands a place of several objects. */
export function placeText({ target, at, options }: Pick<SyncView, 'target' | 'at' | 'options'>): string {
  return `${target}${'objects' in options ? '/' : ':'}${at}`;
}

/** One line: in agreement or not, why, and when it last was. */
export function stateText(sync: SyncView): string {
  const { status } = sync;
  if (status === undefined) return 'not looked at yet';
  const agreement = isInAgreement(sync) ? 'in agreement' : 'not in agreement';
  const applied =
    status.appliedAt === undefined
      ? 'never applied'
      : `revision ${status.appliedRevision} at ${timeText(status.appliedAt)}`;
  const counts = `${agreement}, ${status.agree} of ${count(status.total, 'name')}, ${applied}`;
  const parts = [counts, ...troublesOf(status), ...activationOf(status), status.note ?? ''];
  return shortened(sync, parts.filter((part) => part !== '').join('; '));
}

/** Conditions that a person should know about. */
function troublesOf({ conditions }: SyncStatus): readonly string[] {
  return conditions
    .filter(({ type, status }) => type !== 'InSync' && status === 'true')
    .map(({ type, message }) => (message === '' ? type : `${type}: ${message}`));
}

const activations = { done: '', pending: 'restarting', failed: 'restart failed' } as const;

/** What was written and does not run yet. */
function activationOf({ activation }: SyncStatus): readonly string[] {
  if (activation === undefined || activation.state === 'done') return [];
  return [`${activations[activation.state]}: ${activation.message}`];
}

/** Everything that stands under NOTES. */
function notesOf(sync: SyncView): string {
  const { status, heldBack } = sync;
  if (status === undefined) return 'not looked at yet';
  const back = heldBack === undefined ? [] : [`revision ${heldBack.to} was put back in place of ${heldBack.from}`];
  const notes = [...troublesOf(status), ...activationOf(status), ...back, status.note ?? ''];
  return shortened(sync, notes.filter((part) => part !== '').join('; '));
}

/** Names, objects and messages without the namespace, if the place is only one. */
export function shortened({ at }: Pick<SyncView, 'at'>, text: string): string {
  if (at === '*') return text;
  const before = `${at}/`;
  return text
    .split(before)
    .map((part, index) => (index === 0 || /^[A-Z][A-Za-z]+\//.test(part) ? part : before + part))
    .join('');
}

/** `yes (67/67)`. */
function agreementText(sync: SyncView): string {
  const { status } = sync;
  if (status === undefined) return 'unknown';
  const found = status.conditions.find(({ type }) => type === 'InSync');
  const word = found?.status === 'true' ? 'yes' : found?.status === 'false' ? 'no' : 'unknown';
  return `${word} (${status.agree}/${status.total})`;
}

const units = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const;

/** `3 s ago`. */
export function agoText(time: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - time) / 1000));
  const [size, unit] = units.find(([least]) => seconds >= least) ?? [1, 's'];
  return `${Math.floor(seconds / size)} ${unit} ago`;
}

export interface TableOptions {
  readonly now: number;
  /** Characters of a line of the terminal; absent: as long as it takes. */
  readonly columns?: number | undefined;
}

const heading = ['NAME', 'TARGET', 'IN AGREEMENT', 'REVISION', 'LAST CHANGE'] as const;
const gap = '   ';
/** The last column is never made narrower. */
const leastNotes = 24;

/** A row for each sync; notes that do not fit go on below. */
export function statusTable(syncs: readonly SyncView[], { now, columns }: TableOptions): string {
  const rows = syncs.map((sync) => ({
    cells: [
      sync.name,
      placeText(sync),
      agreementText(sync),
      String(sync.status?.appliedRevision ?? '-'),
      sync.status?.appliedAt === undefined ? 'never' : agoText(sync.status.appliedAt, now),
    ].map(printable),
    notes: printable(notesOf(sync)),
  }));
  const widths = heading.map((title, index) =>
    Math.max(width(title), ...rows.map(({ cells }) => width(cells[index] ?? ''))),
  );
  const before = widths.reduce((sum, each) => sum + each + gap.length, 0);
  const room = columns === undefined ? Number.POSITIVE_INFINITY : Math.max(leastNotes, columns - before);
  const line = (cells: readonly string[], notes: string): string =>
    `${[...cells.map((cell, index) => padded(cell, widths[index] ?? 0)), notes].join(gap).trimEnd()}\n`;
  const empty = heading.map(() => '');
  return [
    line(heading, 'NOTES'),
    ...rows.flatMap(({ cells, notes }) =>
      wrapped(notes, room).map((part, index) => line(index === 0 ? cells : empty, part)),
    ),
  ].join('');
}
