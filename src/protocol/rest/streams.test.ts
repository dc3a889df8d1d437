import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { Streams } from './streams.ts';
import { PlumbError } from '#domain/errors';
import type { WatchEvent } from '#service/services';

const bookmark = (revision: number): WatchEvent => ({ type: 'bookmark', revision });

/** A response whose buffer is full after every write until it is drained. */
class SlowResponse extends EventEmitter {
  readonly written: string[] = [];
  ended = false;

  write(text: string): boolean {
    this.written.push(text);
    return false;
  }

  end(): void {
    this.ended = true;
  }

  asResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

/** Events on demand; says how many were taken. */
class Supply {
  taken = 0;
  signal: AbortSignal | undefined;
  readonly #failure: Error | undefined;

  constructor(failure?: Error) {
    this.#failure = failure;
  }

  async *open(signal: AbortSignal): AsyncGenerator<WatchEvent> {
    this.signal = signal;
    for (let revision = 1; revision <= 3; revision += 1) {
      this.taken += 1;
      yield bookmark(revision);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};

function begin(source: Supply): {
  response: SlowResponse;
  done: Promise<void>;
  starts: () => number;
  faults: unknown[];
  streams: Streams;
} {
  const streams = new Streams({ total: 10, perPrincipal: 10 });
  const response = new SlowResponse();
  const faults: unknown[] = [];
  let started = 0;
  const done = streams.send('person/a', response.asResponse(), {
    open: (signal) => source.open(signal),
    start: () => (started += 1),
    onFault: (cause) => faults.push(cause),
  });
  return { response, done, starts: () => started, faults, streams };
}

test('a client that does not read holds its own stream back', async () => {
  const source = new Supply();
  const { response, done, starts } = begin(source);
  await turns();
  expect([source.taken, response.written.length]).toEqual([1, 1]);
  response.emit('drain');
  await turns();
  expect([source.taken, response.written.length]).toEqual([2, 2]);
  response.emit('drain');
  await turns();
  response.emit('drain');
  await done;
  expect([source.taken, response.ended, starts()]).toEqual([3, true, 1]);
});

test('a client that goes ends it', async () => {
  const source = new Supply();
  const { response, done } = begin(source);
  await turns();
  response.emit('close');
  await done;
  expect([source.taken, source.signal?.aborted]).toEqual([1, true]);
});

test('a server that stops ends it, and takes no more', async () => {
  const source = new Supply();
  const { response, done, streams, starts } = begin(source);
  await turns();
  streams.close();
  await done;
  expect([source.taken, response.ended, starts()]).toEqual([1, true, 1]);
  const late = streams.send('person/a', response.asResponse(), {
    open: (signal) => source.open(signal),
    start: () => 0,
    onFault: () => 0,
  });
  await expect(late).rejects.toMatchObject({ code: 'unavailable' });
});

test.each([
  ['a right that is gone', new PlumbError('unauthenticated', 'gone'), 0],
  ['a fault', new TypeError('ours'), 1],
])('%s ends a stream that has begun', async (_name, failure, told) => {
  const { response, done, faults } = begin(new Supply(failure));
  for (let i = 0; i < 3; i += 1) {
    await turns();
    response.emit('drain');
  }
  await done;
  expect([faults.length, response.ended]).toEqual([told, true]);
});
