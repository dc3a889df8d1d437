/** How it is shown what the other side of a target says of itself and of us. */
import type { TargetReport } from '@plumbd/client';
import type { Session } from './session.ts';
import { columns, printable } from './style.ts';

/** Version and identity, then for each namespace what may be done there and what may not. */
export function printReport(session: Session, { version, identity, namespaces }: TargetReport): void {
  session.print(
    columns([
      ['version', printable(version)],
      ['known as', printable(identity)],
    ]),
  );
  for (const { namespace, may, lacks } of namespaces) {
    session.print(`\nnamespace ${printable(namespace)}\n`);
    const rows = [
      ['  may:', may.length === 0 ? 'nothing' : printable(may.join(', '))],
      ['  lacks:', lacks.length === 0 ? 'nothing' : printable(lacks.join(', '))],
    ];
    session.print(columns(rows));
  }
  if (namespaces.length === 0) {
    session.note('hint', 'no namespace was named, so no rights were looked at: --namespace names one');
  }
}

/** Whether every right is there that was asked about. */
export function isComplete({ namespaces }: TargetReport): boolean {
  return namespaces.every(({ lacks }) => lacks.length === 0);
}
