import type { AuthMethod, Credential, Identity } from '../method.ts';
import { PlumbError } from '#domain/errors';
import type { PrincipalName } from '#domain/principal';
import type { Principal, TokenRecord } from '#domain/records';
import { checkTokenForm } from '#domain/token';
import type { Clock } from '#util/clock';

/** What the method needs of the state; records keep their identity until they change. */
export interface TokenRecords {
  byHash(hash: string): { readonly accessor: string; readonly record: TokenRecord } | undefined;
  byAccessor(accessor: string): TokenRecord | undefined;
  principal(name: PrincipalName): Principal | undefined;
  /** Takes one use; durable when it resolves. Rejects with `unauthenticated` when none is left. */
  spend(accessor: string): Promise<void>;
}

export interface TokenMethodOptions {
  readonly storeId: string;
  readonly records: TokenRecords;
  readonly clock: Clock;
  /** SHA-256 in base64url. */
  readonly hash: (token: string) => string;
}

interface Known {
  readonly principal: Principal;
  readonly identity: Identity;
}

/**
 * Bearer tokens, known only by their hash. A malformed one, one of another server, an expired and a
 * spent one are told apart; an unknown one is not told from a revoked one.
 */
export class TokenMethod implements AuthMethod {
  readonly name = 'token';
  readonly #options: TokenMethodOptions;
  /** So that a request allocates no identity, and what is derived from one can be kept. Dies with the record. */
  readonly #known = new WeakMap<TokenRecord, Known>();

  constructor(options: TokenMethodOptions) {
    this.#options = options;
  }

  authenticate(credential: Credential): Identity | null | Promise<Identity> {
    const { storeId, records, hash } = this.#options;
    if (credential.type !== 'token') return null;
    const found = records.byHash(hash(credential.token));
    if (found === undefined) {
      checkTokenForm(credential.token, storeId);
      throw unknownToken();
    }
    const identity = this.#identify(found.accessor, found.record);
    return found.record.uses === undefined ? identity : records.spend(found.accessor).then(() => identity);
  }

  recheck(identity: Identity): Identity | undefined {
    const record = this.#options.records.byAccessor(identity.accessor);
    if (record === undefined) return undefined;
    try {
      return this.#identify(identity.accessor, record);
    } catch {
      return undefined;
    }
  }

  #identify(accessor: string, record: TokenRecord): Identity {
    const { clock, records } = this.#options;
    if (record.expires !== undefined && record.expires <= clock.now()) {
      throw new PlumbError('unauthenticated', 'the token has expired', { hint: 'sign in again with plumb login' });
    }
    const principal = records.principal(record.principal);
    if (principal === undefined || principal.disabled) {
      throw new PlumbError('unauthenticated', 'the principal of the token is disabled or gone');
    }
    const known = this.#known.get(record);
    if (known !== undefined && known.principal === principal) return known.identity;
    const identity = toIdentity(accessor, record, principal);
    this.#known.set(record, { principal, identity });
    return identity;
  }
}

function toIdentity(accessor: string, record: TokenRecord, principal: Principal): Identity {
  const only = record.policies;
  const rights =
    only === undefined
      ? { policies: principal.policies }
      : { policies: principal.policies.filter((name) => only.includes(name)), bounds: principal.policies };
  const identity = { principal: record.principal, ...rights, accessor };
  return record.expires === undefined ? identity : { ...identity, expires: record.expires };
}

/** One text for both, so that a guess learns nothing. */
export function unknownToken(): PlumbError {
  return new PlumbError('unauthenticated', 'the token is unknown or was revoked');
}
