import type { Diff, DiffRow, Side } from '@plumbd/client';
import type { ConnectionFlags } from '../command.ts';
import { argument, connectionFlags, defineCommand, switchFlag } from '../command.ts';
import { exitCodes } from '../failures.ts';
import type { Session } from '../session.ts';
import { mask, padded, printable, quoted, width } from '../style.ts';

interface Flags extends ConnectionFlags {
  readonly exitCode?: boolean;
}

export const command = defineCommand<Flags, [left: string, right: string]>({
  parameters: {
    flags: { ...connectionFlags, exitCode: switchFlag('Exit with 3 if anything differs or cannot be compared') },
    positional: {
      kind: 'tuple',
      parameters: [
        argument('LEFT', 'A folder, or FOLDER@REVISION for what it was'),
        argument('RIGHT', 'A folder, or FOLDER@REVISION for what it was'),
      ],
    },
  },
  description:
    'Compares evaluated values, inherited ones included. Secrets are compared by the server and never shown; plain values are shown to who may read them.',
  examples: [
    { input: 'diff changelog/development changelog/production', brief: '' },
    { input: 'diff changelog/production@41 changelog/production', brief: 'what changed since revision 41' },
  ],
  see: ['why', 'history', 'sync diff'],
  paged: true,
  async run(session, flags, ...[left, right]) {
    const client = await session.connect(flags);
    const diff = await client.entries.diff({ left: parseSide(left), right: parseSide(right) });
    if (flags.json) session.printJson(diff);
    else printDiff(session, diff);
    const { differs, onlyLeft, onlyRight, unknown } = diff.counts;
    if (flags.exitCode && differs + onlyLeft + onlyRight + unknown > 0) session.exitWith(exitCodes.differs.code);
  },
});

function parseSide(text: string): Side {
  const found = /^(.+)@(\d{1,15})$/.exec(text);
  const folder = (found?.[1] ?? text).replace(/(?<=.)\/$/, '');
  return found === null ? { folder } : { folder, revision: Number(found[2]) };
}

const order: readonly DiffRow['status'][] = ['differs', 'unknown', 'only-right', 'only-left'];

function printDiff(session: Session, diff: Diff): void {
  const rows = diff.rows
    .filter(({ status }) => status !== 'same')
    .toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  const nameWidth = Math.max(0, ...rows.map(({ name }) => width(printable(name))));
  const both = rows.filter(({ status }) => status === 'differs');
  const leftWidth = Math.min(40, Math.max(0, ...both.map((row) => width(side(row, 'left')))));
  for (const row of rows) session.print(`${rowText(session, row, nameWidth, leftWidth).trimEnd()}\n`);
  session.print(`${countsText(diff)}\n`);
}

function rowText({ style }: Session, row: DiffRow, nameWidth: number, leftWidth: number): string {
  const name = padded(printable(row.name), nameWidth);
  const left = padded(side(row, 'left'), leftWidth);
  if (row.status === 'only-right') return style.green(`+ ${name}  ${padded('', leftWidth)}     ${side(row, 'right')}`);
  if (row.status === 'only-left') return style.red(`- ${name}  ${side(row, 'left')}`);
  if (row.status === 'unknown') return style.yellow(`? ${name}  ${printable(row.problem ?? 'cannot be compared')}`);
  const shown = row.left !== undefined && row.right !== undefined;
  return `  ${name}  ${left}  →  ${side(row, 'right')}${shown ? '' : '   differs'}`;
}

function side(row: DiffRow, which: 'left' | 'right'): string {
  const absent = row.status === 'unknown' || row.status === (which === 'left' ? 'only-right' : 'only-left');
  if (absent) return '';
  const value = row[which];
  return value === undefined ? mask : quoted(value);
}

/** Folders by their last segment where that tells them apart. */
function countsText({ left, right, counts }: Diff): string {
  const [leftName, rightName] = namesOf(left, right);
  const unknown = counts.unknown === 0 ? '' : `, ${counts.unknown} cannot be compared`;
  return `${counts.differs} differ, ${counts.onlyRight} only in ${rightName}, ${counts.onlyLeft} only in ${leftName}, ${counts.same} same${unknown}`;
}

function namesOf(left: Side, right: Side): readonly [string, string] {
  const full = ({ folder, revision }: Side): string =>
    printable(revision === undefined ? folder : `${folder}@${revision}`);
  const short = (given: Side): string =>
    full({ ...given, folder: given.folder.slice(given.folder.lastIndexOf('/') + 1) });
  return short(left) === short(right) ? [full(left), full(right)] : [short(left), short(right)];
}
