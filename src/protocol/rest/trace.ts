/** W3C Trace Context, level 2: a request that is part of a trace says so, and is answered with its place in it. */

export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Of the request, 16 hexadecimal digits. */
  readonly parentId: string;
  /** Two hexadecimal digits. */
  readonly flags: string;
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** From `traceparent`; `undefined` when there is none, or none that is valid: the standard wants it passed over then. */
export function parseTraceParent(header: string | readonly string[] | undefined): TraceContext | undefined {
  if (typeof header !== 'string') return undefined;
  const [, version, traceId = '', parentId = '', flags = '', rest] = pattern.exec(header.trim()) ?? [];
  if (version === undefined || version === 'ff') return undefined;
  // Version 00 has four fields; later ones may have more, and the first four mean the same.
  if (version === '00' && rest !== undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { traceId, parentId, flags };
}

/** The header `traceresponse`: the trace as it came, and the part of it that this server was. */
export function traceResponse({ traceId, flags }: TraceContext, spanId: string): string {
  return `00-${traceId}-${spanId}-${flags}`;
}
