import type { Draft } from './plan.ts';

/** The names that a draft writes, by what is done to them. */
export function byKind({ writes }: Draft): Record<'created' | 'updated' | 'deleted', readonly string[]> {
  const of = (kind: string): readonly string[] => writes.filter((step) => step.do === kind).map(({ name }) => name);
  return { created: of('create'), updated: of('update'), deleted: of('delete') };
}

/** What was done to a target, in a line: `1 updated; repaired 1 name written by kubectl-edit`. */
export function noteOf(draft: Draft): string {
  const { created, updated, deleted } = byKind(draft);
  const counts = [
    [created.length, 'created'],
    [updated.length, 'updated'],
    [deleted.length, 'deleted'],
  ] as const;
  const wrote = counts.filter(([count]) => count > 0).map(([count, verb]) => `${count} ${verb}`);
  const parts = [
    ...(wrote.length === 0 ? [] : [wrote.join(', ')]),
    ...repaired(draft),
    ...draft.flaws.map(({ message }) => `put right: ${message}`),
  ];
  return parts.join('; ');
}

/** By whom, where the target tells. */
function repaired({ drifted }: Draft): readonly string[] {
  const counts = new Map<string, number>();
  for (const { writer } of drifted) {
    const by = writer === undefined ? 'changed in the target' : `written by ${writer.name}`;
    counts.set(by, (counts.get(by) ?? 0) + 1);
  }
  return [...counts].map(([by, count]) => `repaired ${count} ${count === 1 ? 'name' : 'names'} ${by}`);
}
