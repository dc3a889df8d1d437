import { sha256 } from '#crypto/digest';
import type { WorkOp } from '#domain/change';
import { PlumbError } from '#domain/errors';
import type { PrincipalName } from '#domain/principal';
import type { Principal, TokenRecord } from '#domain/records';
import { formatToken } from '#domain/token';
import type { View, WorkDraft, WorkView } from '#state/view';
import type { Log } from '#store/log';
import type { Clock, Random } from '#util/clock';

/** An expired token is kept so long, so that who uses it hears that it has expired. */
const keptExpiredMs = 24 * 3_600_000;
/** Expired tokens forgotten along with one change. */
const forgottenAtOnce = 100;

export interface TokenKeeperOptions {
  readonly storeId: string;
  readonly state: View;
  readonly work: Log<WorkOp, WorkDraft>;
  readonly workState: WorkView;
  readonly clock: Clock;
  readonly random: Random;
}

/** Where tokens are kept: what an auth method and the use-cases ask of the work stream. */
export class TokenKeeper {
  readonly #options: TokenKeeperOptions;

  constructor(options: TokenKeeperOptions) {
    this.#options = options;
  }

  /** A new token; its text is known to nobody but who gets this answer. */
  mint(): { readonly accessor: string; readonly text: string; readonly hash: string } {
    const { random, storeId } = this.#options;
    const text = formatToken(storeId, random.bytes(32).toBase64({ alphabet: 'base64url', omitPadding: true }));
    return { accessor: newAccessor(random.bytes(12)), text, hash: sha256(text) };
  }

  byHash(hash: string): { readonly accessor: string; readonly record: TokenRecord } | undefined {
    const accessor = this.#options.workState.tokenByHash(hash);
    if (accessor === undefined) return undefined;
    const record = this.byAccessor(accessor);
    return record === undefined ? undefined : { accessor, record };
  }

  byAccessor(accessor: string): TokenRecord | undefined {
    return this.#options.workState.record('token', accessor);
  }

  principal(name: PrincipalName): Principal | undefined {
    return this.#options.state.record('principal', name);
  }

  /** Takes one use, durably, before anything is done with it: so the last one works once, however many ask at a time. */
  async spend(accessor: string): Promise<void> {
    const { work, clock } = this.#options;
    const author = this.byAccessor(accessor)?.principal ?? ('' as PrincipalName);
    await work.commit({
      author,
      reason: '',
      requestId: '',
      accessor,
      prepare: (draft) => {
        const record = draft.record('token', accessor);
        if (record === undefined) throw new PlumbError('unauthenticated', 'the token is unknown or was revoked');
        if (record.expires !== undefined && record.expires <= clock.now()) {
          throw new PlumbError('unauthenticated', 'the token has expired');
        }
        if (record.uses === undefined || record.uses < 1) {
          throw new PlumbError('unauthenticated', 'the token has no uses left');
        }
        return [{ op: 'record', noun: 'token', name: accessor, record: { ...record, uses: record.uses - 1 } }];
      },
    });
  }

  /** Ops that forget tokens which expired long ago. */
  longExpired(draft: WorkView): readonly WorkOp[] {
    const before = this.#options.clock.now() - keptExpiredMs;
    const ops: WorkOp[] = [];
    for (const [name, { expires }] of draft.records('token')) {
      if (ops.length === forgottenAtOnce) break;
      if (expires !== undefined && expires < before) ops.push({ op: 'record', noun: 'token', name, record: null });
    }
    return ops;
  }

  /** Ends every token of a principal. */
  async revokeAll(
    principal: string,
    by: Pick<Parameters<Log<WorkOp, WorkDraft>['commit']>[0], 'author' | 'requestId' | 'accessor'>,
  ): Promise<void> {
    const isTheirs = (view: WorkView): readonly string[] =>
      Array.from(view.records('token')).flatMap(([name, record]) => (record.principal === principal ? [name] : []));
    const { work, workState } = this.#options;
    if (isTheirs(workState).length === 0) return;
    await work.commit({
      ...by,
      reason: `the principal ${principal} is gone`,
      prepare: (draft) => isTheirs(draft).map((name) => ({ op: 'record', noun: 'token', name, record: null })),
    });
  }
}

/** 16 characters of base64url, the first one a letter: no command line takes it for a flag, no format for a number. */
function newAccessor(bytes: Uint8Array): string {
  const [first = 0, ...rest] = bytes;
  return Uint8Array.from([first & 0x7f, ...rest]).toBase64({ alphabet: 'base64url' });
}
