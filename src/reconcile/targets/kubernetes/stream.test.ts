import { describe, expect, test } from 'vitest';
import type { ApiObject, FollowListener, Selection } from './cluster.ts';
import { answerFault } from './errors.ts';
import { Follows } from './follow.ts';
import { secrets } from './resources.ts';
import type { Listed, StreamHost } from './stream-host.ts';
import { WatchRefused } from './watches.ts';
import type { WatchEvent, WatchRequest } from './watches.ts';
import { FakeClock, SeededRandom } from '#testing/clock';
import { PlumbError } from '#domain/errors';

const app: Selection = { resource: secrets, namespace: 'n' };
const object = (name: string, resourceVersion: number): ApiObject => ({
  metadata: { name, namespace: 'n', uid: `u-${name}`, resourceVersion: String(resourceVersion) },
  data: { A: 'aGlkZGVu' },
});
const end = (version: number): WatchEvent => ({
  type: 'BOOKMARK',
  object: {
    metadata: { name: '', resourceVersion: String(version), annotations: { 'k8s.io/initial-events-end': 'true' } },
  },
});

/** One watch that the host was asked for. */
class Asked {
  readonly request: WatchRequest;
  readonly #settled = Promise.withResolvers<void>();

  constructor(request: WatchRequest) {
    this.request = request;
    request.signal.addEventListener('abort', () => this.#settled.reject(request.signal.reason));
  }

  get done(): Promise<void> {
    return this.#settled.promise;
  }

  /** Accepted, and everything there is told. */
  start(version: number, ...objects: readonly ApiObject[]): void {
    this.request.opened();
    for (const told of objects) this.request.event({ type: 'ADDED', object: told });
    this.request.event(end(version));
  }

  tell(event: WatchEvent): void {
    try {
      this.request.event(event);
    } catch (error) {
      this.#settled.reject(error);
    }
  }

  end(): void {
    this.#settled.resolve();
  }

  fail(error: Error): void {
    this.#settled.reject(error);
  }
}

class Host implements StreamHost {
  readonly clock = new FakeClock();
  readonly random = new SeededRandom(7);
  startsWithAll = true;
  readonly watches: Asked[] = [];
  readonly lists: PromiseWithResolvers<Listed>[] = [];
  readonly recovered = new Set<() => void>();

  watch(request: WatchRequest): Promise<void> {
    const asked = new Asked(request);
    this.watches.push(asked);
    return asked.done;
  }

  list(): Promise<Listed> {
    const asked = Promise.withResolvers<Listed>();
    this.lists.push(asked);
    return asked.promise;
  }

  get(): Promise<Listed> {
    return this.list();
  }

  onRecovered(listener: () => void): () => void {
    this.recovered.add(listener);
    return () => this.recovered.delete(listener);
  }

  get last(): Asked {
    const asked = this.watches.at(-1);
    if (asked === undefined) throw new Error('no watch was asked for');
    return asked;
  }
}

function start() {
  const host = new Host();
  const follows = new Follows(host);
  const follow = (selection = app) => {
    const told: string[] = [];
    const listener: FollowListener = {
      seen: ({ metadata }, gone) => void told.push(`${gone ? '-' : '+'}${metadata.name}@${metadata.resourceVersion}`),
      ready: () => void told.push('ready'),
      lost: ({ message }) => void told.push(`lost: ${message}`),
    };
    return { told, following: follows.follow(selection, listener) };
  };
  const settle = () => host.clock.advance(0);
  return { host, follows, follow, settle };
}

describe('a stream', () => {
  test('starts with what is there, tells each change, and is current from then on', async () => {
    const { host, follow, settle } = start();
    const { told, following } = follow();
    expect(host.last.request.query).toMatchObject({
      watch: '1',
      allowWatchBookmarks: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
    });
    expect(Number(host.last.request.query['timeoutSeconds'])).toBeGreaterThanOrEqual(300);
    expect(Number(host.last.request.query['timeoutSeconds'])).toBeLessThanOrEqual(600);
    expect(following.current).toBe(false);
    host.last.start(5, object('a', 3), object('b', 4));
    host.last.tell({ type: 'MODIFIED', object: object('a', 6) });
    host.last.tell({ type: 'DELETED', object: object('b', 7) });
    await settle();
    expect(told).toEqual(['+a@3', '+b@4', 'ready', '+a@6', '-b@7']);
    expect(following.current).toBe(true);
  });

  test('is renewed where it ended, for nothing, and stays current meanwhile', async () => {
    const { host, follow, settle } = start();
    const { told, following } = follow();
    host.last.start(5);
    host.last.tell({ type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion: '90' } } });
    await host.clock.advance(400_000);
    host.last.end();
    await settle();
    expect(host.watches).toHaveLength(2);
    expect(host.last.request).toMatchObject({ isRenewal: true, query: { resourceVersion: '90' } });
    expect(host.last.request.query['sendInitialEvents']).toBeUndefined();
    expect(following.current).toBe(true);
    host.last.request.opened();
    expect(told).toEqual(['ready']);
  });

  test('takes up where it broke, and says nothing of a short break', async () => {
    const { host, follow } = start();
    const { told, following } = follow();
    host.last.start(5);
    host.last.tell({ type: 'ADDED', object: object('a', 8) });
    await host.clock.advance(1000);
    host.last.fail(new PlumbError('unavailable', 'cut'));
    await host.clock.advance(0);
    expect(following.current).toBe(false);
    await host.clock.advance(500);
    expect(host.last.request).toMatchObject({ isRenewal: false, query: { resourceVersion: '8' } });
    host.last.request.opened();
    await host.clock.advance(10_000);
    expect(told).toEqual(['ready', '+a@8']);
    expect(following.current).toBe(true);
  });

  test('says that it is lost after two seconds, and starts from the beginning', async () => {
    const { host, follow } = start();
    const { told } = follow();
    host.last.start(5, object('a', 3), object('b', 4));
    await host.clock.advance(1000);
    host.last.fail(new PlumbError('unavailable', 'cut'));
    await host.clock.advance(1000);
    host.last.fail(new PlumbError('unavailable', 'cut again'));
    await host.clock.advance(900);
    expect(told.at(-1)).toBe('ready');
    await host.clock.advance(100);
    expect(told.at(-1)).toBe('lost: cut again');
    await host.clock.advance(1000);
    host.last.fail(new PlumbError('unavailable', 'cut once more'));
    await host.clock.advance(60_000);
    expect(host.last.request.query['sendInitialEvents']).toBe('true');
    host.last.start(20, object('a', 9));
    expect(told.slice(3)).toEqual(['lost: cut again', '+a@9', '-b@4', 'ready']);
  });

  test('an opening that comes after the loss was told starts over', async () => {
    const { host, follow } = start();
    const { told } = follow();
    host.last.start(5);
    await host.clock.advance(1000);
    host.last.fail(new PlumbError('unavailable', 'cut'));
    await host.clock.advance(3000);
    expect(host.last.request.query['resourceVersion']).toBe('5');
    host.last.request.opened();
    await host.clock.advance(0);
    expect(host.last.request.query['sendInitialEvents']).toBe('true');
    host.last.start(6);
    expect(told).toEqual(['ready', 'lost: cut', 'ready']);
  });

  test.each([
    ['as an event', (asked: Asked) => asked.tell({ type: 'ERROR', object: { code: 410 } })],
    ['as an answer', (asked: Asked) => asked.fail(refusal(410, 'Expired'))],
  ])('a version that the server forgot, %s, starts it from the beginning at once', async (_how, forget) => {
    const { host, follow, settle } = start();
    const { told } = follow();
    host.last.start(5, object('a', 3), object('b', 4));
    forget(host.last);
    await settle();
    expect(host.watches).toHaveLength(2);
    expect(host.last.request.query['sendInitialEvents']).toBe('true');
    host.last.start(20, object('a', 3));
    expect(told).toEqual(['+a@3', '+b@4', 'ready', '+a@3', '-b@4', 'ready']);
  });

  test('waits longer from time to time, and less when the server is back', async () => {
    const { host, follow } = start();
    follow();
    const at: number[] = [];
    for (let i = 0; i < 12; i += 1) {
      host.last.fail(new PlumbError('unavailable', 'no'));
      const before = host.watches.length;
      await host.clock.advance(0);
      while (host.watches.length === before) await host.clock.advance(host.clock.untilNext ?? 0);
      at.push(host.clock.monotonic());
    }
    const gaps = at.map((time, index) => time - (at[index - 1] ?? 0));
    expect(gaps[0]).toBeLessThanOrEqual(375);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(45_000);
    expect(gaps.at(-1)).toBeGreaterThanOrEqual(15_000);
    host.last.fail(new PlumbError('unavailable', 'no'));
    await host.clock.advance(0);
    for (const listener of [...host.recovered]) listener();
    await host.clock.advance(250);
    expect(host.watches).toHaveLength(14);
  });

  test('a watch that ends at once is not opened again and again', async () => {
    const { host, follow } = start();
    follow();
    for (let i = 0; i < 100; i += 1) {
      host.last.end();
      await host.clock.advance(100);
    }
    expect(host.watches.length).toBeLessThan(10);
  });

  test('a right that is missing is told at once, and asked for again later', async () => {
    const { host, follow } = start();
    const { told } = follow();
    const body = {
      reason: 'Forbidden',
      message: 'secrets is forbidden: User "u" cannot watch resource "secrets" in …',
    };
    host.last.fail(new WatchRefused(403, answerFault(403, JSON.stringify(body), { verb: 'watch', ...app })));
    await host.clock.advance(0);
    expect(told).toEqual([
      'lost: watch secrets in namespace n: the right is missing: verb watch on resource secrets in namespace n',
    ]);
    await host.clock.advance(60_000);
    host.last.start(1);
    expect(told.at(-1)).toBe('ready');
  });

  test('lists and watches where a watch cannot start with what is there', async () => {
    const { host, follow, settle } = start();
    const { told } = follow();
    host.last.fail(refusal(422, 'Invalid', 'sendInitialEvents'));
    await settle();
    expect(host.startsWithAll).toBe(false);
    host.lists[0]?.resolve({ objects: [object('a', 3)], resourceVersion: '9' });
    await settle();
    expect(told).toEqual(['+a@3', 'ready']);
    expect(host.last.request.query).toMatchObject({ resourceVersion: '9' });
    host.last.request.opened();
    host.last.tell({ type: 'ERROR', object: { code: 410 } });
    await settle();
    host.lists[1]?.resolve({ objects: [], resourceVersion: '12' });
    await settle();
    expect(told).toEqual(['+a@3', 'ready', '-a@3', 'ready']);
  });

  test('a selector that the server refuses says nothing about how watches start', async () => {
    const { host, follow } = start();
    const { told } = follow({ ...app, labels: '!!' });
    host.last.fail(refusal(400, 'BadRequest'));
    await host.clock.advance(0);
    expect(host.startsWithAll).toBe(true);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^lost: watch secrets in namespace n: /);
  });

  test('whoever comes late is told what is there, then what happened meanwhile, nothing twice and nothing old', async () => {
    const { host, follow, settle } = start();
    const first = follow();
    host.last.start(5, object('a', 3));
    const late = follow();
    const later = follow();
    await settle();
    expect(host.watches).toHaveLength(1);
    expect(host.lists).toHaveLength(1);
    host.last.tell({ type: 'MODIFIED', object: object('a', 8) });
    host.last.tell({ type: 'MODIFIED', object: object('a', 12) });
    expect(late.following.current).toBe(false);
    host.lists[0]?.resolve({ objects: [object('a', 10)], resourceVersion: '10' });
    await settle();
    expect(late.told).toEqual(['+a@10', 'ready', '+a@12']);
    expect(later.told).toEqual(late.told);
    expect(late.following.current).toBe(true);
    expect(first.told).toEqual(['+a@3', 'ready', '+a@8', '+a@12']);
  });

  test('what the stream tells late is not told to who knows better', async () => {
    const { host, follow, settle } = start();
    follow();
    host.last.start(5);
    const late = follow();
    await settle();
    host.lists[0]?.resolve({ objects: [object('a', 10)], resourceVersion: '10' });
    await settle();
    host.last.tell({ type: 'ADDED', object: object('a', 9) });
    host.last.tell({ type: 'MODIFIED', object: object('a', 10) });
    host.last.tell({ type: 'MODIFIED', object: object('a', 11) });
    expect(late.told).toEqual(['+a@10', 'ready', '+a@11']);
  });

  test('whoever comes while the stream starts, breaks or cannot list is told all the same', async () => {
    const { host, follow, settle } = start();
    follow();
    host.last.request.opened();
    host.last.tell({ type: 'ADDED', object: object('a', 3) });
    const during = follow();
    host.last.tell(end(5));
    await settle();
    host.lists[0]?.reject(new PlumbError('forbidden', 'no'));
    await settle();
    host.last.start(6, object('a', 3));
    expect(during.told).toEqual(['+a@3', 'ready']);
    const broken = follow();
    host.last.fail(new PlumbError('unavailable', 'cut'));
    await host.clock.advance(1000);
    host.last.start(7, object('a', 3));
    expect(broken.told).toEqual(['+a@3', 'ready']);
  });

  test('what a listener throws breaks the stream instead of the process', async () => {
    const { host, follows } = start();
    const lost: string[] = [];
    const seen = (): void => {
      throw new Error('not as expected');
    };
    follows.follow(app, { seen, ready: () => undefined, lost: ({ message }) => lost.push(message) });
    host.last.request.opened();
    host.last.tell({ type: 'ADDED', object: object('a', 1) });
    await host.clock.advance(2100);
    expect(lost).toEqual(['not as expected']);
  });

  test('is shared by all who follow the same, and ends with the last of them', async () => {
    const { host, follows, follow, settle } = start();
    const [one, two] = [follow(), follow()];
    const other = follow({ ...app, name: 'x' });
    expect(follows.size).toBe(2);
    expect(host.watches).toHaveLength(2);
    one.following.stop();
    expect(host.watches[0]?.request.signal.aborted).toBe(false);
    two.following.stop();
    two.following.stop();
    await settle();
    expect(host.watches[0]?.request.signal.aborted).toBe(true);
    expect(follows.size).toBe(1);
    const again = follow();
    host.last.start(3);
    expect(again.told).toEqual(['ready']);
    other.following.stop();
    again.following.stop();
    await settle();
    expect(host.clock.waiting).toBe(0);
  });
});

function refusal(status: number, reason: string, field?: string): WatchRefused {
  const causes = field === undefined ? [] : [{ reason: 'FieldValueForbidden', field, message: 'x' }];
  const body = JSON.stringify({ kind: 'Status', reason, details: { causes } });
  return new WatchRefused(status, answerFault(status, body, { verb: 'watch', ...app }));
}
