import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Services } from '#service/services';

/** What a protocol needs besides the use-cases. */
export interface ProtocolOptions {
  readonly services: Services;
  /** Host names that are answered; anything else is refused (DNS rebinding). */
  readonly allowedHosts: readonly string[];
  /** Called with the cause of every `internal` error, under its request id and, if it is part of one, its trace. */
  readonly onFault: (requestId: string, cause: unknown, traceId?: string) => void;
  readonly requestId: () => string;
}

/** A wire protocol: decodes requests into use-case calls and encodes what they answer. It holds no rules. */
export interface Protocol {
  readonly name: string;
  /** Handles a request whose path starts with one of these. */
  readonly prefixes: readonly string[];
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Ends open streams and refuses new ones. */
  close(): Promise<void>;
}
