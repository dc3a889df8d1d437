/** The second file: where the heads of the chains are written down outside the store, so that loss is found. */

/** The end of a chain: how many records, and the MAC of the last. */
export interface ChainHead {
  readonly seq: number;
  readonly mac: Uint8Array;
}

export type AnchorName = 'truth' | 'work' | 'audit';

export interface Anchor {
  /**
   * `new`: nothing was ever anchored here. `held`: {@link head} answers what was anchored last.
   * `lost`: the file is there and no slot of it verifies.
   */
  readonly state: 'new' | 'held' | 'lost';
  /** `undefined`: nothing anchored under this name. */
  head(name: AnchorName): ChainHead | undefined;
  /** Written when it returns (it survives the death of the process), durable within a second. Throws `unavailable`. */
  set(name: AnchorName, head: ChainHead): void;
  /** Resolves when everything set is durable. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
