import type { ServiceParts } from './parts.ts';
import { adminPolicy, adminRecord } from './policies.ts';
import type { IssuedToken } from './services.ts';
import { TokenKeeper } from './token-keeper.ts';
import { summaryOf } from './tokens.ts';
import { sha256 } from '#crypto/digest';
import type { TruthOp } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { parsePrincipalName, serverPrincipal } from '#domain/principal';
import type { PrincipalName } from '#domain/principal';
import type { Principal, TokenRecord } from '#domain/records';
import type { View } from '#state/view';

/** The one record of the noun. */
const recordName = 'first';

type BootstrapParts = Pick<
  ServiceParts,
  'clock' | 'random' | 'truthState' | 'truth' | 'workState' | 'work' | 'keyring'
>;

function keeperOf(parts: BootstrapParts): TokenKeeper {
  const { clock, random, truthState, work, workState, keyring } = parts;
  return new TokenKeeper({
    storeId: keyring.storeId,
    state: truthState.view,
    work,
    workState: workState.view,
    clock,
    random,
  });
}

/**
 * On a store that has no administrator yet: makes the one-time bootstrap token, of which only the hash
 * is kept, and answers its text; `undefined` once there is one or it has been spent. A start that died
 * before the text was written down makes a new one with `renew`, as long as the old is not spent.
 */
export async function prepareBootstrap(parts: BootstrapParts, renew = false): Promise<string | undefined> {
  const present = parts.workState.view.record('bootstrap', recordName);
  if (present?.used === true || (present !== undefined && !renew)) return undefined;
  const { text, hash } = keeperOf(parts).mint();
  await parts.work.commit({
    author: serverPrincipal,
    reason: 'first start',
    requestId: '',
    accessor: '',
    prepare: () => [{ op: 'record', noun: 'bootstrap', name: recordName, record: { hash, used: false } }],
  });
  return text;
}

/** Makes the first administrator of whoever holds the bootstrap token. */
export class Bootstrap {
  readonly #parts: BootstrapParts;
  readonly #keeper: TokenKeeper;

  constructor(parts: BootstrapParts, keeper: TokenKeeper) {
    this.#parts = parts;
    this.#keeper = keeper;
  }

  /**
   * The principal first, then in one record the token and that it is spent: dying in between, the same
   * request can be repeated. Throws `unauthenticated` if the token is wrong or spent.
   */
  async spend(request: { token: string; name: string; requestId: string }): Promise<IssuedToken> {
    const { truth, work, clock } = this.#parts;
    const principal = parsePrincipalName(`person/${request.name}`);
    const hash = sha256(request.token);
    this.#check(hash, this.#parts.workState.view.record('bootstrap', recordName));
    const by = { author: serverPrincipal, reason: 'first administrator', requestId: request.requestId, accessor: '' };
    await truth.commit({ ...by, prepare: (draft) => firstAdministrator(draft, principal) });
    const { accessor, text, hash: tokenHash } = this.#keeper.mint();
    const record: TokenRecord = {
      principal,
      hash: tokenHash,
      created: clock.now(),
      description: 'first administrator',
    };
    await work.commit({
      ...by,
      prepare: (draft) => {
        this.#check(hash, draft.record('bootstrap', recordName));
        return [
          { op: 'record', noun: 'bootstrap', name: recordName, record: { hash, used: true } },
          { op: 'record', noun: 'token', name: accessor, record },
        ];
      },
    });
    return { ...summaryOf(accessor, record), token: text };
  }

  #check(hash: string, record: { readonly hash: string; readonly used: boolean } | undefined): void {
    if (record !== undefined && !record.used && record.hash === hash) return;
    throw new PlumbError('unauthenticated', 'the bootstrap token is wrong or was spent', {
      hint: 'it works once, at the first start of a server',
    });
  }
}

/** Throws when another principal is there already: then somebody else was first. */
function firstAdministrator(view: View, name: PrincipalName): readonly TruthOp[] {
  for (const [other] of view.records('principal')) {
    if (other !== name) throw new PlumbError('unauthenticated', 'the bootstrap token was spent');
  }
  const principal: Principal = { policies: [adminPolicy], disabled: false, description: 'first administrator' };
  return [
    { op: 'record', noun: 'policy', name: adminPolicy, record: adminRecord },
    { op: 'record', noun: 'principal', name, record: principal },
  ];
}
