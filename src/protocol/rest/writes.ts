import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeTail } from './codec.ts';
import type { Door } from './door.ts';
import { Refusal } from './errors.ts';
import { parseJson } from './json.ts';
import type { RestOptions } from './options.ts';
import { put, putEntry } from './routes-entries.ts';
import type { PutBody } from './routes-entries.ts';
import { sendAnswer, sendProblem } from './send.ts';

const { method: putMethod, prefix, suffix, bodyCheck } = putEntry;
/** Larger bodies take the framework's way, which counts what arrives. */
const plainBodyBytes = 64 * 1024;

/** `PUT /api/v1/entries/{path}` without a query, with a small body of JSON whose length is told. */
export function isPlainWrite({ method, url = '', headers }: IncomingMessage): boolean {
  return (
    method === putMethod &&
    url.startsWith(prefix) &&
    !url.includes('?') &&
    headers['content-type'] === 'application/json' &&
    headers['content-encoding'] === undefined &&
    // A request without a length, or in chunks, has none; Node refuses one that is no number.
    Number(headers['content-length']) <= plainBodyBytes
  );
}

/** What `Reads` is to `getEntry`, for `putEntry`. */
export class Writes {
  readonly #options: RestOptions & { readonly door: Door };

  constructor(options: RestOptions & { readonly door: Door }) {
    this.#options = options;
  }

  /** Never rejects. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { door, services, requestId, onFault } = this.#options;
    const { headers, url = '' } = request;
    const id = requestId();
    try {
      door.checkHost(headers.host);
      const admitted = door.admit(request, id);
      const caller = admitted instanceof Promise ? await admitted : admitted;
      const body = parseJson(await bytesOf(request));
      const path = decodeTail(url, prefix, suffix);
      bodyCheck?.check(body);
      sendAnswer(response, id, await put({ services, caller, path, body: body as PutBody, headers }));
    } catch (error) {
      sendProblem(response, id, error, onFault);
    }
  }
}

/** The body; Node sees to it that it has the length that was told. Rejects when the connection breaks before its end. */
function bytesOf(request: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)));
    request.on('error', () => reject(new Refusal(400)));
  });
}
