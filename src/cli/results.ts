import type { ChangeResult } from '@plumbd/client';
import type { Session } from './session.ts';
import { printable } from './style.ts';

const past: Readonly<Record<ChangeResult['entries'][number]['effect'], string>> = {
  create: 'created',
  update: 'updated',
  delete: 'deleted',
  unset: 'unset',
  describe: 'described',
  destroy: 'destroyed',
};

/** What a change did, a line for each entry; or what it would do. Warnings go to standard error. */
export function printChange(session: Session, result: ChangeResult, json: boolean): void {
  printWarnings(session, result);
  if (json) return session.printJson(result);
  for (const { path, effect, version } of result.entries) {
    session.print(`${past[effect]} ${printable(path)} (version ${version})\n`);
  }
  session.print(`${result.dryRun ? 'dry run: nothing was written' : `revision ${result.revision}`}\n`);
}

/** What breaks, and what targets will not carry, of a change that goes through. On standard error. */
export function printWarnings(session: Session, { warnings, syncWarnings = [] }: ChangeResult): void {
  for (const warning of warnings) session.note('warning', warning);
  for (const { sync, message } of syncWarnings) session.note('warning', `sync ${sync}: ${message}`);
}
