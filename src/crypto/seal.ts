/**
 * A seal holds what unwraps the root key. It never sees data. Implementations live in `seals/`.
 */
export interface Seal {
  /** For status and errors, e.g. `key-file`. */
  readonly name: string;
  /** Encrypts a 32-byte root key. Throws `unavailable` when the seal's own key cannot be had. */
  wrap(rootKey: Uint8Array): Promise<Uint8Array>;
  /**
   * The reverse. Throws `unavailable` when the seal's own key cannot be had, `corrupt` when it can
   * and the bytes were not wrapped by it.
   */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>;
}
