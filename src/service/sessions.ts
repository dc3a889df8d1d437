import type { Bootstrap } from './bootstrap.ts';
import type { Gate } from './gate.ts';
import type { BootstrapRequest, Caller, IssuedToken, Sessions, WhoAmI } from './services.ts';
import type { TokenKeeper } from './token-keeper.ts';
import type { AuthMethod, Credential, Identity } from '#auth/method';
import { PlumbError } from '#domain/errors';
import { nounPaths } from '#domain/path';

export interface SessionsOptions {
  readonly gate: Gate;
  /** Asked in this order. */
  readonly methods: readonly AuthMethod[];
  readonly keeper: TokenKeeper;
  readonly bootstrap: Bootstrap;
}

/** From a credential to a caller. */
export class Doorkeeper implements Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  authenticate(credential: Credential, requestId: string, onRefusal?: () => void): Caller | Promise<Caller> {
    const { address } = credential;
    const toCaller = (identity: Identity): Caller => ({ identity, requestId, address });
    const refuse = async (error: unknown): Promise<never> => {
      if (isRefusal(error)) onRefusal?.();
      return this.#options.gate.refuseCredential(address, requestId, error);
    };
    try {
      const found = this.#identify(credential, 0);
      return found instanceof Promise ? found.then(toCaller).catch(refuse) : toCaller(found);
    } catch (error) {
      return refuse(error);
    }
  }

  async bootstrap(request: BootstrapRequest): Promise<IssuedToken> {
    try {
      return await this.#options.bootstrap.spend(request);
    } catch (error) {
      if (isRefusal(error)) request.onRefusal?.();
      return this.#options.gate.refuseCredential(request.address, request.requestId, error);
    }
  }

  async whoami(caller: Caller): Promise<WhoAmI> {
    const { principal, policies, accessor, expires } = caller.identity;
    const act = { action: 'list', path: nounPaths.principal(principal) } as const;
    return this.#options.gate.read(caller, act, () => {
      const uses = this.#options.keeper.byAccessor(accessor)?.uses;
      const result: WhoAmI = {
        principal,
        policies,
        accessor,
        ...(expires === undefined ? {} : { expires }),
        ...(uses === undefined ? {} : { uses }),
      };
      return { result };
    });
  }

  /** By the first method from that one on that takes the credential. Most answer at once, and every request comes here. */
  #identify(credential: Credential, from: number): Identity | Promise<Identity> {
    const method = this.#options.methods[from];
    if (method === undefined) {
      throw new PlumbError('unauthenticated', 'no way to sign in accepts this credential');
    }
    const found = method.authenticate(credential);
    if (found instanceof Promise) return found.then((identity) => identity ?? this.#identify(credential, from + 1));
    return found ?? this.#identify(credential, from + 1);
  }
}

/** What a stranger can make happen as often as they like; no fault of ours. */
function isRefusal(error: unknown): boolean {
  return error instanceof PlumbError && (error.code === 'unauthenticated' || error.code === 'invalid');
}

/** Asks each method whether the right still stands. */
export function recheckWith(methods: readonly AuthMethod[]): AuthMethod['recheck'] {
  return (identity) => {
    for (const method of methods) {
      const now = method.recheck(identity);
      if (now !== undefined) return now;
    }
    return undefined;
  };
}
