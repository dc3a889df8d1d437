/** Answers that are counted where Node ends them, for every protocol alike. */
import type { IncomingMessage } from 'node:http';
import { ServerResponse } from 'node:http';
import type { RequestMeter } from './meter.ts';
import type { Clock } from '#util/clock';

/** What Node is to make its answers of: each tells how long it took since its request was read. */
export function countedResponses(meter: RequestMeter, clock: Clock): typeof ServerResponse<IncomingMessage> {
  return class CountedResponse extends ServerResponse {
    readonly #began = clock.monotonic();
    #isCounted = false;

    override end(chunk?: unknown, encoding?: unknown, ended?: unknown): this {
      if (!this.#isCounted) {
        this.#isCounted = true;
        meter.add(this.req, this.statusCode, clock.monotonic() - this.#began);
      }
      return (super.end as (...all: unknown[]) => this)(chunk, encoding, ended);
    }
  };
}
