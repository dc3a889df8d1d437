import type { Identity } from '#auth/method';

/** Who calls, and in which request. Made by `sessions.authenticate`. */
export interface Caller {
  readonly identity: Identity;
  readonly requestId: string;
  /** IP address, or `unix`. */
  readonly address: string;
}
