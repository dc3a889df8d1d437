import type { PrincipalName } from '#domain/principal';

/** What a client presents. */
export interface Credential {
  readonly type: 'token';
  readonly token: string;
  /** Where it came from: an IP address, or `unix` for the socket. */
  readonly address: string;
}

/** Who acts, and by what right. */
export interface Identity {
  readonly principal: PrincipalName;
  /** Names of the policies that apply: the principal's own, narrowed by the token's if it lists any. */
  readonly policies: readonly string[];
  /** All of the principal's, where the token names only some: what any of them denies stays denied. */
  readonly bounds?: readonly string[];
  /** Accessor of the token, safe to show and to log. */
  readonly accessor: string;
  /** When the right ends, in milliseconds since the epoch; `undefined`: not by time. */
  readonly expires?: number;
}

/** Turns a credential into an identity. */
export interface AuthMethod {
  readonly name: string;
  /**
   * `null`: not mine, ask the next one. Throws (or rejects with) `unauthenticated`: mine, and refused. What need not
   * wait for anything answers at once.
   */
  authenticate(credential: Credential): Identity | null | Promise<Identity | null>;
  /**
   * The identity as it stands now, without a credential and without counting a use: for streams and
   * for acts that waited. `undefined`: the right has ended, or is not this method's.
   */
  recheck(identity: Identity): Identity | undefined;
}
