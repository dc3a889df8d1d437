/** The MAC of one chain. Each chain (truth, work, audit, anchor) has a key of its own, derived from the keyring's MAC key. */
export interface ChainMac {
  /** The generation that new records are made with; each record names its own. */
  readonly generation: number;
  /** HMAC-SHA256 over `previous ‖ payload`, 32 bytes. Throws `corrupt` for a generation that the keyring does not hold. */
  mac(previous: Uint8Array, payload: Uint8Array, generation: number): Uint8Array;
}

export const macLength = 32;
