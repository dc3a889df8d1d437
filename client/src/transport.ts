/** What a transport is asked to send. */
export interface TransportRequest {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** The part of a `fetch` response that the client uses. */
export interface TransportResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
  /** The body as it arrives; read by watches only. */
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** Sends one request. Rejects when there is no answer; `fetch` is one. It must not follow redirects. */
export type Transport = (url: string, request: TransportRequest) => Promise<TransportResponse>;

/** The global `fetch`, refusing redirects: a token is for one address. */
export const fetchTransport: Transport = (url, request) => fetch(url, { ...request, redirect: 'error' });

/** Waits `ms`, or until the signal aborts; not at all if it has. */
export function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
    if (signal?.aborted === true) done();
  });
}

/** Milliseconds since the epoch. */
export const now = (): number => Date.now();

/** Between 0 and 1. */
export const chance = (): number => Math.random();

/** 32 hexadecimal digits that nobody else has. */
export function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** A signal that also ends a request after some time, unless that is lifted before; 0 is no limit. */
export function limited(
  signal: AbortSignal | undefined,
  timeoutMs: number,
): { readonly request: { readonly signal?: AbortSignal }; readonly lift: () => void } {
  if (timeoutMs === 0) return { request: signal === undefined ? {} : { signal }, lift: () => undefined };
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new DOMException(`no answer within ${timeoutMs} ms`, 'TimeoutError'));
  }, timeoutMs);
  const both = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
  return { request: { signal: both }, lift: () => clearTimeout(timer) };
}
