import type { TruthOp } from '#domain/change';
import type { CommitLike, Folded, StatePage, TruthDraft } from './view.ts';

/** The fold of the truth stream; a `View` too (to be completed). */
export class TruthState implements Folded<TruthOp, TruthDraft> {
  readonly seq = 0;
  readonly dirtyBytes = 0;
  draft(): TruthDraft {
    throw new Error('to be written');
  }
  apply(commit: CommitLike<TruthOp>): void {
    throw new Error(`to be written: ${commit.seq}`);
  }
  loadPages(_pages: Iterable<StatePage>, _seq: number): void {
    throw new Error('to be written');
  }
  dirtyPages(): { readonly pages: readonly StatePage[]; readonly drop: readonly string[] } {
    throw new Error('to be written');
  }
  pagesWritten(): void {
    throw new Error('to be written');
  }
}
