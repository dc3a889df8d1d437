/** Requests as somebody makes them who does not use our client, against a whole server. */
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, expect } from 'vitest';
import { startServer } from '#testing/server';
import type { LocalServer, ServerOptions } from '#testing/server';

export interface Attempt {
  readonly method?: string;
  /** As it is sent: nothing is encoded. Behind `/api/v1` unless it begins with `//`. */
  readonly url: string;
  /** Default root's; empty: none. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Uint8Array;
}

export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The text as it came. */
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** A server for all tests of a file, and the ways to it. */
export interface Attacked {
  readonly server: () => LocalServer;
  send(attempt: Attempt): Promise<Answered>;
  /** `status code: detail`, then each diagnostic's message. */
  refusal(attempt: Attempt): Promise<string>;
  /** A new person who holds policies of these texts, named `p1`, `p2`, … behind its own name; answers its token. */
  person(...policies: readonly string[]): Promise<string>;
  /** Digest of everything that a reader can ask for, and the revision. */
  snapshot(): Promise<string>;
  /** As {@link refusal}; fails if anything at all has changed by it, or a canary comes back. */
  refusedInVain(attempt: Attempt): Promise<string>;
}

/** Stands in every value of these tests: in an error it would be a leak. */
export const canary = 'c4nary-7f3e9';

export function attacked(options: ServerOptions = {}): Attacked {
  let started: LocalServer | undefined;
  let people = 0;
  beforeAll(async () => {
    started = await startServer({ ...options, argv: ['--failures-per-minute', '1000000', ...(options.argv ?? [])] });
  });
  afterAll(async () => started?.stop());
  const server = (): LocalServer => {
    if (started === undefined) throw new Error('only inside a test');
    return started;
  };
  const send = (attempt: Attempt): Promise<Answered> => sendTo(server(), attempt);
  const refusal = async (attempt: Attempt): Promise<string> => textOf(await send(attempt));
  const snapshot = (): Promise<string> => snapshotOf(server());
  return {
    server,
    send,
    refusal,
    snapshot,
    async person(...policies) {
      people += 1;
      const names = policies.map((_, i) => `person${people}.p${i + 1}`);
      for (const [i, text] of policies.entries()) await server().client.policies.put(names[i] ?? '', { text });
      await server().client.principals.put(`person/n${people}`, { policies: names });
      return (await server().client.tokens.create({ principal: `person/n${people}` })).token;
    },
    async refusedInVain(attempt) {
      const before = await snapshot();
      const answer = await send(attempt);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json(;|$)/);
      expect(answer.text).not.toContain(canary);
      expect(await snapshot()).toBe(before);
      return textOf(answer);
    },
  };
}

function textOf({ status, json }: Answered): string {
  const {
    code,
    detail,
    diagnostics = [],
  } = json as {
    readonly code?: string;
    readonly detail?: string;
    readonly diagnostics?: readonly { readonly message: string }[];
  };
  if (code === undefined) return String(status);
  const told = diagnostics.map(({ message }) => message).filter((message) => message !== detail);
  return [`${status} ${code}: ${detail}`, ...told].join('; ');
}

function sendTo({ socket, token }: LocalServer, attempt: Attempt): Promise<Answered> {
  const { method = 'GET', url, body, raw, headers = {} } = attempt;
  const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const bearer = attempt.token ?? token;
  const given = {
    host: 'localhost',
    ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }),
    ...(sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
    ...headers,
  };
  const path = url.startsWith('//') ? url.slice(1) : `/api/v1${url}`;
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, method, path, headers: given }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        const json = text.startsWith('{') ? (JSON.parse(text) as Answered['json']) : {};
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    asked.once('error', reject);
    asked.end(sent);
  });
}

async function snapshotOf({ client, running }: LocalServer): Promise<string> {
  const pages: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.entries.list({
      recursive: true,
      limit: 1000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    pages.push(page);
    cursor = page.cursor;
  } while (cursor !== undefined);
  const { projects, environments, policies, principals, syncs, tokens } = client;
  const records = await Promise.all([projects, environments, policies, principals, syncs, tokens].map((n) => n.list()));
  const everything = JSON.stringify([running.services.system.health().revision, pages, records]);
  return createHash('sha256').update(everything).digest('hex');
}
