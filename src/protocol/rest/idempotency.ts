/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that is sent again is answered again, and
 * not carried out again. What was answered is kept in the memory of this server only.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import { Refusal } from './errors.ts';
import { idempotencyLimits } from './idempotency-limits.ts';
import type { IdempotencyLimits } from './idempotency-limits.ts';
import type { Answer } from './route.ts';
import { PlumbError } from '#domain/errors';
import type { Clock, Random } from '#util/clock';

/** One request that carries a key. */
export interface Claim {
  /** Whose key it is; keys of others are others. */
  readonly principal: string;
  /** Accessor of the token: one of the same principal that may do less is told nothing. Default: there is none. */
  readonly accessor?: string;
  readonly retryKey: string;
  /** Everything that makes it this request. */
  readonly request: readonly (string | Uint8Array)[];
  /** Given if the answer is a secret: what the client has and the server does not keep. The answer is sealed with it. */
  readonly unlock?: string | undefined;
}

interface Sealed {
  readonly bytes: Buffer;
  readonly iv: Uint8Array;
}
interface Kept {
  readonly answer?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  readonly sealed?: Sealed;
  readonly error?: PlumbError;
}
interface Remembered {
  readonly principal: string;
  readonly accessor: string | undefined;
  readonly digest: string;
  readonly at: number;
  kept: Kept | undefined;
  size: number;
}

/** Refusals that say nothing about the request itself: sent again, it may be carried out. */
const passing: ReadonlySet<string> = new Set([
  'unauthenticated',
  'rate-limited',
  'sealed',
  'unavailable',
  'unknown',
  'corrupt',
  'internal',
]);

export class Idempotency {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #limits: IdempotencyLimits;
  readonly #known = new Map<string, Remembered>();
  readonly #ofPrincipal = new Map<string, number>();
  readonly #salt: Uint8Array;
  #bytes = 0;

  constructor(clock: Clock, random: Random, limits: IdempotencyLimits = idempotencyLimits) {
    this.#clock = clock;
    this.#random = random;
    this.#limits = limits;
    this.#salt = random.bytes(32);
  }

  /**
   * Carries the request out, or answers what it was answered before. Throws `conflict` while it is still being carried
   * out, or when its answer is not kept any more; 422 when the key came with another request.
   */
  async once(claim: Claim, act: () => Promise<Answer<unknown>>): Promise<Answer<unknown>> {
    const name = `${claim.principal}\0${claim.retryKey}`;
    const digest = this.#digest(claim.request);
    this.#forgetOld();
    const known = this.#known.get(name);
    if (known !== undefined) return this.#again(claim, known, digest);
    const entry: Remembered = {
      principal: claim.principal,
      accessor: claim.accessor,
      digest,
      at: this.#clock.monotonic(),
      kept: undefined,
      size: 0,
    };
    this.#add(name, entry);
    try {
      const answer = await act();
      this.#keep(entry, this.#keptOf(claim, answer));
      return answer;
    } catch (error) {
      if (error instanceof PlumbError && !passing.has(error.code)) this.#keep(entry, { error: withoutCause(error) });
      else this.#remove(name);
      throw error;
    }
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#known.size;
  }

  #again(claim: Claim, { accessor, digest, kept }: Remembered, asked: string): Answer<unknown> {
    if (accessor !== claim.accessor) throw ofAnother();
    if (digest !== asked) throw new Refusal(422);
    if (kept === undefined) {
      throw new PlumbError('conflict', 'a request with this idempotency key is being carried out', {
        hint: 'send it again in a moment',
        details: { retryAfterMs: 1000 },
      });
    }
    if (kept.error !== undefined) throw kept.error;
    const answer = kept.answer ?? this.#unseal(claim, kept);
    const headers = { ...answer.headers, 'idempotent-replayed': 'true' };
    return {
      status: answer.status,
      headers,
      ...(answer.body === '' ? {} : { body: JSON.parse(answer.body) as unknown }),
    };
  }

  #keptOf({ retryKey, unlock }: Claim, { status = 200, headers = {}, body }: Answer<unknown>): Kept {
    const answer = { status, headers, body: body === undefined ? '' : JSON.stringify(body) };
    if (unlock === undefined) return { answer };
    const iv = this.#random.bytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#keyFor(unlock, retryKey), iv);
    const text = cipher.update(JSON.stringify(answer));
    return { sealed: { iv, bytes: Buffer.concat([text, cipher.final(), cipher.getAuthTag()]) } };
  }

  #unseal({ retryKey, unlock = '' }: Claim, { sealed }: Kept): NonNullable<Kept['answer']> {
    if (sealed === undefined) {
      throw new PlumbError('conflict', 'this was carried out before, and its answer is not kept any more', {
        hint: 'revoke the token that was made and ask for another one, with another key',
      });
    }
    const answer = open(sealed, this.#keyFor(unlock, retryKey));
    if (answer !== undefined) return answer;
    throw ofAnother();
  }

  #keyFor(unlock: string, key: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', unlock, this.#salt, `idempotency ${key}`, 32));
  }

  /** Not to be turned back into a short value by trying, as long as the salt is not known. */
  #digest(request: Claim['request']): string {
    const hash = createHmac('sha256', this.#salt);
    for (const part of request) hash.update(createHash('sha256').update(part).digest());
    return hash.digest('base64');
  }

  #add(name: string, entry: Remembered): void {
    const { keys, keysOfOne } = this.#limits;
    const mine = this.#ofPrincipal.get(entry.principal) ?? 0;
    if (mine >= keysOfOne) this.#dropOldest(({ principal }) => principal === entry.principal);
    if (this.#known.size >= keys) this.#dropOldest(() => true);
    this.#known.set(name, entry);
    this.#ofPrincipal.set(entry.principal, (this.#ofPrincipal.get(entry.principal) ?? 0) + 1);
  }

  #keep(entry: Remembered, kept: Kept): void {
    entry.kept = kept;
    entry.size = kept.answer?.body.length ?? kept.sealed?.bytes.length ?? 0;
    if (kept.sealed !== undefined) this.#clock.timer(this.#limits.secretAgeMs, () => this.#forgetSecret(entry));
    this.#bytes += entry.size;
    while (this.#bytes > this.#limits.bytes && this.#dropOldest((other) => other !== entry && other.size > 0));
  }

  /** That it was carried out stays known. */
  #forgetSecret(entry: Remembered): void {
    entry.kept = {};
    // Nothing, if it was removed before: then its bytes are off already.
    this.#bytes -= entry.size;
    entry.size = 0;
  }

  /** Of those that are answered. False: there is none. */
  #dropOldest(among: (entry: Remembered) => boolean): boolean {
    for (const [name, entry] of this.#known) {
      if (entry.kept === undefined || !among(entry)) continue;
      this.#remove(name);
      return true;
    }
    return false;
  }

  #forgetOld(): void {
    const now = this.#clock.monotonic();
    for (const [name, entry] of this.#known) {
      if (now - entry.at <= this.#limits.ageMs) break;
      if (entry.kept !== undefined) this.#remove(name);
    }
  }

  #remove(name: string): void {
    const entry = this.#known.get(name);
    if (entry === undefined) return;
    this.#known.delete(name);
    this.#bytes -= entry.size;
    entry.size = 0;
    const left = (this.#ofPrincipal.get(entry.principal) ?? 1) - 1;
    if (left === 0) this.#ofPrincipal.delete(entry.principal);
    else this.#ofPrincipal.set(entry.principal, left);
  }
}

function ofAnother(): PlumbError {
  return new PlumbError('conflict', 'this idempotency key came with another credential before', {
    hint: 'only with the same token is the answer told again; another key asks anew',
  });
}

/** `undefined`: with another key. */
function open({ iv, bytes }: Sealed, key: Uint8Array): NonNullable<Kept['answer']> | undefined {
  const end = bytes.length - 16;
  const decipher = createDecipheriv('aes-256-gcm', key, iv);
  decipher.setAuthTag(bytes.subarray(end));
  const text = decipher.update(bytes.subarray(0, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return JSON.parse(text.toString()) as NonNullable<Kept['answer']>;
}

/** As it is told; the fault beneath was logged when it arose. */
function withoutCause(error: PlumbError): PlumbError {
  if (error.cause === undefined) return error;
  const { code, message, hint, details, diagnostics } = error;
  return new PlumbError(code, message, { details, diagnostics, ...(hint === undefined ? {} : { hint }) });
}
