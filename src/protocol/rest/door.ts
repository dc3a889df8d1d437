import type { IncomingMessage } from 'node:http';
import { bearerToken } from './codec.ts';
import { Refusal } from './errors.ts';
import { Rate } from '#service/rate';
import type { Caller, Services } from '#service/services';
import type { Clock } from '#util/clock';

/** Requests in a second, and how many may come at once. */
export interface RateLimit {
  readonly perSecond: number;
  readonly burst: number;
}
export interface DoorLimits {
  /** Of one principal, and of one address without a token. */
  readonly requests: RateLimit;
  /** Refused credentials of one address; what is above them is answered `rate-limited`, and not recorded. */
  readonly failures: RateLimit;
}

/** Meant to stop a runaway loop and a flood of the audit file, not to shape traffic. */
export const defaultLimits: DoorLimits = {
  requests: { perSecond: 50_000, burst: 100_000 },
  failures: { perSecond: 1, burst: 30 },
};

interface DoorOptions {
  readonly services: Services;
  readonly clock: Clock;
  readonly allowedHosts: readonly string[];
  readonly limits: DoorLimits;
}

/** Host names remembered in the spelling they came in, port included. */
const maxKnownHosts = 64;

/** What every request passes before it is decoded: the host it names, its rate, its token. */
export class Door {
  readonly #services: Services;
  readonly #allowedHosts: ReadonlySet<string>;
  readonly #knownHosts = new Set<string>();
  /** The known one that came last: most often the next one too, and two texts are compared sooner than one is looked up. */
  #lastHost: string | undefined;
  readonly #requests: Rate;
  readonly #failures: Rate;
  readonly #policy: string;

  constructor({ services, clock, allowedHosts, limits }: DoorOptions) {
    this.#services = services;
    this.#allowedHosts = new Set(allowedHosts.map((host) => host.toLowerCase()));
    this.#requests = new Rate(clock, { ...limits.requests, message: 'too many requests' });
    const { burst, perSecond } = limits.requests;
    this.#policy = `"requests";q=${burst};w=${Math.max(1, Math.ceil(burst / perSecond))}`;
    this.#failures = new Rate(clock, { ...limits.failures, message: 'too many refused credentials from this address' });
  }

  /** Throws a refusal unless `Host` names one of ours: a page of another site must not reach us through a name of its own. */
  checkHost(host: string | undefined): void {
    if (host !== undefined && (host === this.#lastHost || this.#isKnown(host))) return;
    const name = host?.toLowerCase().replace(/:\d{1,5}$/, '');
    if (name === undefined || !this.#allowedHosts.has(name)) {
      throw new Refusal(421, {
        hint: 'names that this server answers to are listed in its configuration as allowedHosts',
      });
    }
    if (host !== undefined && this.#knownHosts.size < maxKnownHosts) this.#knownHosts.add(host);
  }

  #isKnown(host: string): boolean {
    if (!this.#knownHosts.has(host)) return false;
    this.#lastHost = host;
    return true;
  }

  /** Who calls: at once, unless something has to be waited for. Throws (or rejects with) `unauthenticated` or `rate-limited`. */
  admit(request: IncomingMessage, requestId: string): Caller | Promise<Caller> {
    const address = addressOf(request);
    const token = bearerToken(request.headers.authorization);
    const credential = { type: 'token', token, address } as const;
    const found = this.#services.sessions.authenticate(credential, requestId, () => this.countFailure(address));
    return found instanceof Promise ? found.then((caller) => this.#count(caller)) : this.#count(found);
  }

  #count(caller: Caller): Caller {
    this.#requests.take(caller.identity.principal);
    return caller;
  }

  /** The address of one who needs no token. Throws `rate-limited`. */
  admitAnonymous(request: IncomingMessage): string {
    const address = addressOf(request);
    this.#requests.take(address);
    return address;
  }

  /** How a principal, or an address without a token, stands (draft-ietf-httpapi-ratelimit-headers). */
  rateFields(name: string): Readonly<Record<string, string>> {
    const { left, resetSeconds } = this.#requests.standing(name);
    return { 'ratelimit-policy': this.#policy, ratelimit: `"requests";r=${left};t=${resetSeconds}` };
  }

  /**
   * A credential from there was refused. Throws `rate-limited` when there were too many: others behind the same
   * address, with credentials that are good, never come here.
   */
  countFailure(address: string): void {
    this.#failures.take(address);
  }
}

/** An IP address, or `unix`. */
function addressOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress;
  if (address === undefined) return 'unix';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
