import type { Gate } from './gate.ts';
import type { Rights } from './rights.ts';
import type { Caller, IssuedToken, TokenRequest, Tokens, TokenSummary } from './services.ts';
import { describedBy } from './environments.ts';
import type { TokenKeeper } from './token-keeper.ts';
import type { WorkOp } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { nounPaths } from '#domain/path';
import { parsePrincipalName } from '#domain/principal';
import type { PrincipalName } from '#domain/principal';
import type { Principal, TokenRecord } from '#domain/records';
import type { View, WorkDraft, WorkView } from '#state/view';
import type { Log } from '#store/log';
import type { Clock } from '#util/clock';

/** Seconds, and uses. */
export const tokenLimits = { ttl: 31_536_000, defaultTtl: 2_592_000, uses: 1_000_000, policies: 64 } as const;

export interface TokensOptions {
  readonly gate: Gate;
  readonly state: View;
  readonly work: Log<WorkOp, WorkDraft>;
  readonly workState: WorkView;
  readonly keeper: TokenKeeper;
  readonly clock: Clock;
}

/** Bearer tokens. What they allow never exceeds what the one that made them allows its own principal. */
export class TokenIssuer implements Tokens {
  readonly #options: TokensOptions;

  constructor(options: TokensOptions) {
    this.#options = options;
  }

  async create(caller: Caller, request: TokenRequest): Promise<IssuedToken> {
    const { gate, work, keeper } = this.#options;
    checkRequest(request);
    const principal = parsePrincipalName(request.principal ?? caller.identity.principal);
    const { accessor, text, hash } = keeper.mint();
    let record: TokenRecord | undefined;
    await gate.change(work, caller, {
      action: 'admin',
      path: nounPaths.tokens,
      reason: '',
      prepare: (draft, rights) => {
        record = this.#toRecord(draft, rights, { ...request, principal, hash, caller });
        return [...keeper.longExpired(draft), { op: 'record', noun: 'token', name: accessor, record }];
      },
    });
    return { ...summaryOf(accessor, record as unknown as TokenRecord), token: text };
  }

  async list(caller: Caller): Promise<readonly TokenSummary[]> {
    const path = nounPaths.tokens;
    return this.#options.gate.read(caller, { action: 'list', path }, (rights) => {
      const seesAll = rights.may('admin', path) || rights.may('list', path);
      const result: TokenSummary[] = [];
      for (const [accessor, record] of this.#options.workState.records('token')) {
        if (seesAll || record.principal === caller.identity.principal) result.push(summaryOf(accessor, record));
      }
      return { result: result.sort((a, b) => a.created - b.created || (a.accessor < b.accessor ? -1 : 1)) };
    });
  }

  async revoke(caller: Caller, accessor: string): Promise<{ readonly revoked: number }> {
    const { gate, work } = this.#options;
    let revoked = 0;
    await gate.change(work, caller, {
      action: 'admin',
      path: nounPaths.tokens,
      reason: '',
      prepare: (draft, rights) => {
        const record = draft.record('token', accessor);
        const isOwn = record?.principal === caller.identity.principal;
        if (!isOwn && !rights.may('admin', nounPaths.tokens)) {
          rights.refuse('admin', nounPaths.tokens);
          throw noToken(accessor);
        }
        if (record === undefined) throw noToken(accessor);
        const family = familyOf(draft, accessor);
        revoked = family.length;
        return family.map((name) => ({ op: 'record', noun: 'token', name, record: null }));
      },
    });
    return { revoked };
  }

  #toRecord(draft: WorkDraft, rights: Rights, request: Order): TokenRecord {
    const { principal, hash, caller, ttl = tokenLimits.defaultTtl, uses } = request;
    const isOwn = principal === caller.identity.principal;
    if (!isOwn) rights.requireOpenly('admin', nounPaths.tokens);
    const parent = draft.record('token', caller.identity.accessor);
    if (parent?.uses !== undefined) {
      throw new PlumbError('forbidden', 'a token with limited uses makes no tokens');
    }
    const policies = isOwn
      ? narrowedOwn(request.policies, parent, caller)
      : narrowedOther(request.policies, this.#registered(principal));
    const now = this.#options.clock.now();
    const expires = Math.min(now + ttl * 1000, parent?.expires ?? Number.POSITIVE_INFINITY);
    return {
      principal,
      hash,
      ...(policies === undefined ? {} : { policies }),
      created: now,
      expires,
      ...(uses === undefined ? {} : { uses }),
      parent: caller.identity.accessor,
      ...describedBy(request.description),
    };
  }

  #registered(name: PrincipalName): Principal {
    const principal = this.#options.state.record('principal', name);
    if (principal === undefined) throw new PlumbError('invalid', `there is no principal ${name}`);
    if (principal.disabled) throw new PlumbError('conflict', `the principal ${name} is disabled`);
    return principal;
  }
}

/** A request with what it comes to. */
interface Order extends TokenRequest {
  readonly principal: PrincipalName;
  readonly hash: string;
  readonly caller: Caller;
}

/** Not more than the caller's own token allows. */
function narrowedOwn(
  asked: readonly string[] | undefined,
  parent: TokenRecord | undefined,
  caller: Caller,
): readonly string[] | undefined {
  if (asked === undefined) return parent?.policies;
  const beyond = asked.filter((name) => !caller.identity.policies.includes(name));
  if (beyond.length === 0) return [...new Set(asked)];
  throw new PlumbError('forbidden', `the caller does not hold the policy ${beyond.join(', ')}`, {
    hint: `it holds ${caller.identity.policies.join(', ')}`,
  });
}

function narrowedOther(asked: readonly string[] | undefined, principal: Principal): readonly string[] | undefined {
  const beyond = asked?.filter((name) => !principal.policies.includes(name)) ?? [];
  if (beyond.length === 0) return asked === undefined ? undefined : [...new Set(asked)];
  throw new PlumbError('invalid', `the principal does not hold the policy ${beyond.join(', ')}`);
}

/** The token itself, those that it made, and so on. */
export function familyOf(draft: WorkView, accessor: string): readonly string[] {
  const family = new Set([accessor]);
  for (const member of family) for (const child of draft.tokensMadeBy(member)) family.add(child);
  return [...family];
}

function checkRequest({ ttl, uses, policies }: TokenRequest): void {
  checkWhole('a time to live', ttl, tokenLimits.ttl);
  checkWhole('a number of uses', uses, tokenLimits.uses);
  if ((policies?.length ?? 0) > tokenLimits.policies) {
    throw new PlumbError('too-large', `a token names at most ${tokenLimits.policies} policies`);
  }
}

function checkWhole(what: string, value: number | undefined, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= most)) return;
  throw new PlumbError('invalid', `${what} is a whole number from 1 to ${most}`);
}

function noToken(accessor: string): PlumbError {
  return new PlumbError('not-found', 'there is no such token', { details: { accessor } });
}

/** What may be shown of a token: everything but its hash. */
export function summaryOf(accessor: string, record: TokenRecord): TokenSummary {
  const { hash: _hash, ...rest } = record;
  return { accessor, ...rest };
}
