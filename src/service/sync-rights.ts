import { checkFolderSize, folderError } from './limits.ts';
import { PresentLoaders } from './loaders.ts';
import type { Reconciling } from './reconciling.ts';
import type { Rights } from './rights.ts';
import type { Keyring } from '#crypto/keyring';
import { PlumbError } from '#domain/errors';
import { nounPaths, parseFolder } from '#domain/path';
import type { Plan } from '#domain/plan';
import type { SyncSpec } from '#domain/records';
import { evaluateFolder } from '#eval/evaluate';
import type { TruthDraft } from '#state/view';

interface Declaration {
  readonly draft: TruthDraft;
  readonly rights: Rights;
  readonly spec: SyncSpec;
}

/** Declaring a sync takes `use` of the target, `assume` of the workload, `read` of everything that it would deliver. */
export function authoriseSpec(
  { reconciling, keyring }: { readonly reconciling: Reconciling; readonly keyring: Keyring },
  { draft, rights, spec }: Declaration,
): void {
  rights.requireOpenly('use', nounPaths.target(spec.target));
  rights.requireOpenly('assume', nounPaths.principal(spec.runAs));
  reconciling.check(spec);
  if (draft.record('principal', spec.runAs) === undefined) {
    throw new PlumbError('invalid', `there is no principal ${spec.runAs}`, { hint: 'register the workload first' });
  }
  const folder = parseFolder(spec.from);
  checkFolderSize(draft, folder);
  const found = evaluateFolder(folder, new PresentLoaders(draft, rights, keyring));
  if (found.withheld > 0) {
    rights.refuse('read', folder);
    throw new PlumbError('forbidden', `${rights.principal} may not read everything in ${folder}`, {
      hint: 'a sync takes read on every entry that it delivers',
    });
  }
  if (found.problems.length > 0) throw folderError(folder, found);
}

/** A sync stays as long as something of it cannot be taken back. */
export function checkWithdrawn(name: string, { problems }: Plan): void {
  if (problems.length === 0) return;
  throw new PlumbError('conflict', `not everything that ${name} wrote could be removed; the sync stays`, {
    diagnostics: problems.map((message) => ({ message })),
  });
}

/** Whether the caller may know of the sync at this path. */
export function maySee(rights: Rights, path: string): boolean {
  return rights.mayKnow(path) || rights.may('sync', path) || rights.may('admin', path);
}
