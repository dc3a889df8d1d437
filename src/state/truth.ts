import type { Change, TruthOp } from '#domain/change';
import type { TruthDraft } from './view.ts';

/** The fold of the truth stream; a `View` too (to be completed). */
export class TruthState {
  draft(): TruthDraft {
    throw new Error('to be written');
  }
  apply(commit: { readonly changes: readonly Change<TruthOp>[] }): readonly string[] {
    throw new Error(`to be written: ${commit.changes.length}`);
  }
}
