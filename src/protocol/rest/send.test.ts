import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { drain, maxDrainedBytes } from './send.ts';

const part = Buffer.alloc(1024 * 1024);

/** A request with a body of so many parts, and how many of them were taken. */
function bodyOf(parts: number, headers: Readonly<Record<string, string>> = {}) {
  const taken = { parts: 0 };
  const stream = new Readable({
    highWaterMark: 1,
    read() {
      taken.parts += 1;
      this.push(taken.parts > parts ? null : part);
    },
  });
  return { request: Object.assign(stream, { headers }) as unknown as IncomingMessage, taken };
}

describe('the rest of a body that is refused', () => {
  test('is read to its end', async () => {
    const { request, taken } = bodyOf(5);
    await drain(request);
    expect([taken.parts, request.readableEnded]).toEqual([6, true]);
    await drain(request);
  });

  test('is read no further than a bound, when it has no end', async () => {
    const { request, taken } = bodyOf(Infinity);
    await drain(request);
    request.destroy();
    expect(request.readableEnded).toBe(false);
    expect(taken.parts).toBeGreaterThanOrEqual(maxDrainedBytes / part.length);
  });

  test('is not read when it is told to be longer than that', async () => {
    const { request, taken } = bodyOf(5, { 'content-length': String(maxDrainedBytes + 1) });
    await drain(request);
    expect(taken.parts).toBe(0);
  });

  test('is not waited for when the connection breaks, or is broken', async () => {
    const request = Object.assign(new Readable({ read: () => undefined }), { headers: {} });
    const drained = drain(request as unknown as IncomingMessage);
    request.destroy(new Error('aborted'));
    await drained;
    await drain(request as unknown as IncomingMessage);
    expect(request.destroyed).toBe(true);
  });
});
