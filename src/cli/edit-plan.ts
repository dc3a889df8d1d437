/** From an edited text to one change: what is put, what ends, and what cannot be. */
import type { ChangeRequestOp } from '@plumbd/client';
import type { Diagnostic } from '#domain/errors';
import type { PlacedEntry } from '#format/tagged';
import type { EditableFolder, Own } from './edit-folder.ts';
import type { Session } from './session.ts';
import { mask, padded, printable, quoted, width } from './style.ts';

/** What happens to one name. */
export interface EditRow {
  readonly name: string;
  readonly effect: 'create' | 'change' | 'delete';
  readonly op: ChangeRequestOp;
  /** For people; a mask where it is a secret. */
  readonly shown: string;
}

export interface EditPlan {
  readonly rows: readonly EditRow[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Every change expects the version that was edited, so that nothing made meanwhile is overwritten. */
export function planEdit({ folder, own }: EditableFolder, typed: readonly PlacedEntry[]): EditPlan {
  const rows: EditRow[] = [];
  const diagnostics: Diagnostic[] = [];
  const before = new Map(own.map((entry) => [entry.name, entry]));
  const pathOf = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  for (const entry of typed) {
    const found = planOne(entry, before.get(entry.name), pathOf(entry.name));
    if (typeof found === 'string') diagnostics.push({ line: entry.line, column: entry.column, message: found });
    else if (found !== undefined) rows.push(found);
  }
  const kept = new Set(typed.map(({ name }) => name));
  for (const { name, version } of own) {
    if (kept.has(name)) continue;
    rows.push({ name, effect: 'delete', shown: '', op: { op: 'delete', path: pathOf(name), expect: version } });
  }
  return { rows, diagnostics };
}

/** A text: why it cannot be. */
function planOne(entry: PlacedEntry, now: Own | undefined, path: string): EditRow | string | undefined {
  const { name, kind, type, form, value } = entry;
  if (value === undefined) {
    if (now === undefined) return `${name} has no value of its own that could stay unchanged`;
    const isSame = kind === now.kind && type === now.type && form === now.form;
    return isSame
      ? undefined
      : 'its value is not known here, so its tags cannot be changed: --reveal shows it, or write it anew';
  }
  if (now !== undefined && value === now.value && kind === now.kind && type === now.type && form === now.form)
    return undefined;
  const op = { op: 'put', path, value, kind, type, form, expect: now?.version ?? 0 } as const;
  return { name, effect: now === undefined ? 'create' : 'change', op, shown: shownChange(entry, now) };
}

function shownChange({ kind, type, form, value = '' }: PlacedEntry, now: Own | undefined): string {
  const marks = (of: { readonly kind: string; readonly type: string; readonly form: string }): string =>
    [of.kind, ...(of.form === 'expression' ? ['expression'] : []), ...(of.type === 'string' ? [] : [of.type])].join(
      ' ',
    );
  const after = marks({ kind, type, form });
  const before = now === undefined ? after : marks(now);
  const shape = before === after ? '' : `  ${before}  →  ${after}`;
  const isOpen = kind === 'config' && (now === undefined || (now.kind === 'config' && now.value !== undefined));
  if (!isOpen) return `${mask}${shape}`;
  if (now === undefined || now.value === value) return `${quoted(value)}${shape}`;
  return `${quoted(now.value ?? '')}  →  ${quoted(value)}${shape}`;
}

const marks = { create: '+', change: '~', delete: '-' } as const;

/** Name by name, and how many of each. */
export function printEdit(session: Session, rows: readonly EditRow[], end: string): void {
  const wide = Math.max(0, ...rows.map(({ name }) => width(printable(name))));
  for (const { name, effect, shown } of rows) {
    session.print(`${marks[effect]} ${padded(printable(name), wide)}  ${shown}`.trimEnd().concat('\n'));
  }
  const number = (effect: EditRow['effect']): number => rows.filter((row) => row.effect === effect).length;
  session.print(`${number('create')} created, ${number('change')} changed, ${number('delete')} deleted; ${end}\n`);
}
