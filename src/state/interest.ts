/** What somebody wants to be woken for. */
export interface Interest {
  /** Exactly these paths. */
  readonly paths?: Iterable<string>;
  /** Whatever stands directly in these folders. */
  readonly folders?: Iterable<string>;
  /** These paths and whatever is below them; the empty text is everything. */
  readonly under?: Iterable<string>;
}

/** Who is interested in which paths. The cost of `match` is that of the path's depth and of what matches. */
export class Interests<Subscriber> {
  /** Replaces what the subscriber was interested in. */
  set(subscriber: Subscriber, interest: Interest): void {
    throw new Error(`to be written: ${String(subscriber)} ${String(interest)}`);
  }
  delete(subscriber: Subscriber): void {
    throw new Error(`to be written: ${String(subscriber)}`);
  }
  /** Each subscriber at most once. */
  match(path: string): Iterable<Subscriber> {
    throw new Error(`to be written: ${path}`);
  }
}
