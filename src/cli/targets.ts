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
    session.print(columns([...rightRows('  may:', may), ...rightRows('  lacks:', lacks)]));
  }
  if (namespaces.length === 0) {
    session.note('hint', 'no namespace was named, so no rights were looked at: --namespace names one');
  }
}

/** A row for each resource: `get, watch secrets/app`. */
function rightRows(label: string, rights: readonly string[]): readonly (readonly string[])[] {
  const verbs = new Map<string, string[]>();
  for (const right of rights) {
    const [verb = '', resource = ''] = right.split(/ (.*)/s);
    verbs.set(resource, [...(verbs.get(resource) ?? []), verb]);
  }
  const rows = [...verbs].map(([resource, names]) => printable(`${names.join(', ')} ${resource}`));
  return (rows.length === 0 ? ['nothing'] : rows).map((row, index) => [index === 0 ? label : '', row]);
}

/** Whether every right is there that was asked about. */
export function isComplete({ namespaces }: TargetReport): boolean {
  return namespaces.every(({ lacks }) => lacks.length === 0);
}
