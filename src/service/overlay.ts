import type { Head } from '#domain/entry';
import type { Path } from '#domain/path';
import { lookUp } from '#eval/lookup';
import type { View } from '#state/view';

/** The pending state with one change upon it: what the checks of that change look at. */
export class Overlay {
  readonly #view: View;
  readonly #heads = new Map<string, Head>();

  constructor(view: View) {
    this.#view = view;
  }

  set(head: Head): void {
    this.#heads.set(head.path, head);
  }

  head(path: Path): Head | undefined {
    return this.#heads.get(path) ?? this.#view.head(path);
  }

  chain(environment: string): readonly string[] {
    return this.#view.chain(environment);
  }

  /** What the path stands for: its own, or inherited. */
  find(path: Path): Head | undefined {
    return lookUp(path, this).found;
  }
}
