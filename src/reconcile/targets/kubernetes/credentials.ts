import { X509Certificate } from 'node:crypto';
import type { ClusterAccess, Credential } from './cluster.ts';
import { PlumbError } from '#domain/errors';
import type { Clock } from '#util/clock';

/** How old what we were told may be: files and plug-ins give new ones before the old end. */
const freshMs = 30_000;

/** Who we are to an API server, asked for again now and then. */
export class Credentials {
  readonly #access: ClusterAccess;
  readonly #clock: Clock;
  readonly #changed: () => void;
  #known: Credential | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #asking: Promise<Credential> | undefined;

  /** `changed`: connections were made as somebody who we are no more. */
  constructor(access: ClusterAccess, clock: Clock, changed: () => void) {
    this.#access = access;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Throws `unavailable` when there is none to be had. */
  async current(): Promise<Credential> {
    if (this.#known !== undefined && this.#clock.monotonic() - this.#askedAt < freshMs) return this.#known;
    return await (this.#asking ??= this.#ask());
  }

  /** It was not accepted: asks again next time. `false`: it was asked for just now, so that is no use. */
  expire(refused: Credential): boolean {
    if (refused !== this.#known) return true;
    if (this.#clock.monotonic() - this.#askedAt < 1000) return false;
    this.#askedAt = Number.NEGATIVE_INFINITY;
    return true;
  }

  async #ask(): Promise<Credential> {
    try {
      const credential = await this.#access.credential();
      this.#askedAt = this.#clock.monotonic();
      const last = this.#known;
      if (last !== undefined && sameCredential(last, credential)) return last;
      this.#known = credential;
      if (last !== undefined && (last.type === 'certificate' || credential.type === 'certificate')) this.#changed();
      return credential;
    } catch (cause) {
      if (cause instanceof PlumbError) throw cause;
      throw new PlumbError('unavailable', 'the credential for the API server cannot be had', { cause });
    } finally {
      this.#asking = undefined;
    }
  }
}

function sameCredential(one: Credential, other: Credential): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What can be said about a credential that was not accepted: the time of a certificate, nothing of a token. */
export function weaknessOf(credential: Credential, now: number): string | undefined {
  if (credential.type === 'none') return 'there is none';
  if (credential.type === 'token') return undefined;
  try {
    const { validFromDate, validToDate } = new X509Certificate(credential.certificate);
    if (validToDate.getTime() < now) return `its certificate expired at ${validToDate.toISOString()}`;
    return validFromDate.getTime() > now ? 'its certificate is not valid yet' : undefined;
  } catch {
    return 'its certificate cannot be read';
  }
}
