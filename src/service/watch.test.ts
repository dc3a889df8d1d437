import { afterEach, describe, expect, test } from 'vitest';
import type { Caller, ChangeRequestOp, WatchEvent, WatchRequest } from './services.ts';
import { settle } from '#testing/clock';
import { allow, deny } from '#testing/plumb';
import { refusal, usePlumb } from '#testing/use-plumb';

const plumb = usePlumb(() => ({ feed: { events: 20, waiting: 5 } }));

const put = (path: string): ChangeRequestOp => ({ op: 'put', path, value: 'v' });
const apply = (...ops: readonly ChangeRequestOp[]) =>
  plumb().services.changes.apply(plumb().root, { ops, reason: 'r' });
const present = () => plumb().parts.truthState.view.revision;

const open: AbortController[] = [];
afterEach(async () => {
  for (const controller of open.splice(0)) controller.abort();
  await settle();
});

/** A consumer that reads as fast as it can. */
function consume(request: WatchRequest = {}, caller: Caller = plumb().root) {
  const controller = new AbortController();
  open.push(controller);
  const events: string[] = [];
  const raw: WatchEvent[] = [];
  let isOver = false;
  const end = (async () => {
    for await (const event of plumb().services.changes.watch(caller, request, controller.signal)) {
      raw.push(event);
      events.push(shown(event));
    }
    isOver = true;
  })();
  return { events, raw, end, controller, isOver: () => isOver };
}

const shown = (event: WatchEvent): string =>
  event.type === 'change'
    ? event.entries.map(({ path, effect, version }) => `${effect} ${path}@${version}`).join(', ')
    : `${event.type} ${event.revision}`;

describe('a watch', () => {
  test('says first where it goes on from, then each change under its folder', async () => {
    const start = present();
    const { events, raw } = consume({ under: 'a' });
    await settle();
    expect(events).toEqual([`bookmark ${start}`]);
    await apply(put('a/X'), put('b/X'));
    await apply(put('b/Y'));
    await apply({ op: 'delete', path: 'a/X' });
    await settle();
    expect(events.slice(1)).toEqual(['create a/X@1, create b/X@1', 'delete a/X@2']);
    expect(raw[1]).toMatchObject({
      revision: start + 1,
      author: 'person/root',
      reason: 'r',
      time: plumb().clock.now(),
    });
    expect(JSON.stringify(raw)).not.toContain('"v"');
  });

  test('goes on from a revision without gap or repetition', async () => {
    const { revision } = await apply(put('a/X'));
    await apply(put('a/X'));
    const first = consume({ under: 'a', after: revision });
    await settle();
    await apply(put('a/X'));
    await settle();
    expect(first.events).toEqual([`bookmark ${revision}`, 'update a/X@2', 'update a/X@3']);
    const second = consume({ under: 'a', after: present() });
    await settle();
    expect(second.events).toEqual([`bookmark ${present()}`]);
  });

  test('from before what is kept says so, then goes on from the present', async () => {
    const { revision } = await apply(put('a/X'));
    for (let i = 0; i < 21; i += 1) await apply(put('a/X'));
    const { events } = consume({ after: revision });
    await settle();
    await apply(put('a/Y'));
    await settle();
    expect(events).toEqual([`truncated ${present() - 1}`, 'create a/Y@1']);
  });

  test('goes on from a revision before a restart, with the very events of then', async () => {
    const { revision } = await apply(put('a/X'));
    const live = consume({ after: revision });
    await apply(put('a/X'), put('b/X'));
    await apply({ op: 'describe', path: 'a/X', description: 'd' });
    await plumb().services.policies.put(plumb().root, 'p', { text: '' }, {});
    await apply(put('a/X'));
    await settle();
    await plumb().restart();
    const [first, second] = [consume({ after: revision }), consume({ after: revision + 1 })];
    const now = consume({ after: present() });
    await settle();
    await apply(put('a/Y'));
    await settle();
    expect(first.raw.slice(0, -1)).toEqual(live.raw);
    expect(first.events.slice(1)).toEqual([
      'update a/X@2, create b/X@1',
      'describe a/X@2',
      'update a/X@3',
      'create a/Y@1',
    ]);
    expect(second.events.slice(1)).toEqual(first.events.slice(2));
    expect(now.events.slice(1)).toEqual(['create a/Y@1']);
  });

  test('from before what may be kept says so after a restart too', async () => {
    const { revision } = await apply(put('a/X'));
    for (let i = 0; i < 21; i += 1) await apply(put('a/X'));
    await plumb().restart();
    const [before, within] = [consume({ after: revision }), consume({ after: revision + 1 })];
    await settle();
    expect(before.events).toEqual([`truncated ${present()}`]);
    expect(within.events).toHaveLength(21);
  });

  test('that does not read is told that it has missed some', async () => {
    const stream = plumb().services.changes.watch(plumb().root, {}, AbortSignal.any([]))[Symbol.asyncIterator]();
    await stream.next();
    for (let i = 0; i < 6; i += 1) await apply(put('a/X'));
    expect(await stream.next()).toMatchObject({ value: { type: 'truncated', revision: present() } });
    await apply(put('a/Y'));
    expect(await stream.next()).toMatchObject({ value: { type: 'change', revision: present() } });
    await stream.return?.();
  });

  test('when nothing happens a bookmark comes every 15 s', async () => {
    const { events } = consume({ under: 'a' });
    await plumb().clock.advance(14_999);
    expect(events).toHaveLength(1);
    await apply(put('b/X'));
    await plumb().clock.advance(1);
    expect(events.slice(1)).toEqual([`bookmark ${present()}`]);
    await plumb().clock.advance(10_000);
    await apply(put('a/X'));
    await plumb().clock.advance(14_999);
    expect(events).toHaveLength(3);
    await plumb().clock.advance(1);
    expect(events.slice(3)).toEqual([`bookmark ${present()}`]);
  });

  test.each([
    [{ after: -1 }, /^invalid: after is a revision/],
    [{ after: 1.5 }, /^invalid: after is a revision/],
    [{ after: 1000 }, /^invalid: after is a revision/],
    [{ under: 'a//b' }, /^invalid: a path has no empty segment/],
  ])('%j is refused before any event', async (request, expected) => {
    const { end, events } = consume(request);
    expect(await refusal(end)).toMatch(expected);
    expect(events).toEqual([]);
  });
});

describe('who watches', () => {
  test('sees of each change what it may list when it is delivered', async () => {
    const caller = await plumb().callerFor(allow('list', 'a/**') + deny('list', 'a/S'));
    const { events } = consume({}, caller);
    await settle();
    await apply(put('a/X'), put('a/S'), put('b/X'));
    await apply(put('a/S'));
    await plumb().services.policies.put(plumb().root, 'p1', { text: allow('list', 'b/**') }, {});
    await apply(put('a/X'), put('b/X'));
    await settle();
    expect(events.slice(1)).toEqual(['create a/X@1', 'update b/X@2']);
  });

  test.each<[string, (caller: Caller) => Promise<unknown>]>([
    ['its token is revoked', (caller) => plumb().services.tokens.revoke(plumb().root, caller.identity.accessor)],
    [
      'its principal is disabled',
      () => plumb().services.principals.put(plumb().root, 'person/p1', { policies: ['p1'], disabled: true }, {}),
    ],
    ['its principal is deleted', () => plumb().services.principals.delete(plumb().root, 'person/p1', {})],
  ])('ends when %s', async (_how, act) => {
    const caller = await plumb().callerFor(allow('list', '**'));
    const watch = consume({}, caller);
    await settle();
    await act(caller);
    await settle();
    const events = watch.events.length;
    await apply(put('a/X'));
    await settle();
    expect(watch.isOver()).toBe(true);
    expect(watch.events).toHaveLength(events);
  });

  test('ends when its token expires, to the millisecond', async () => {
    const { token } = await plumb().services.tokens.create(plumb().root, { ttl: 20 });
    const watch = consume({}, await plumb().callerOf(token));
    await plumb().clock.advance(19_999);
    expect(watch.isOver()).toBe(false);
    await plumb().clock.advance(1);
    expect(watch.isOver()).toBe(true);
  });

  test('ends with its signal, and leaves nothing behind', async () => {
    const watch = consume();
    await settle();
    expect(plumb().clock.waiting).toBeGreaterThan(0);
    watch.controller.abort();
    await watch.end;
    const timers = plumb().clock.waiting;
    await apply(put('a/X'));
    expect(watch.events).toHaveLength(1);
    expect(plumb().clock.waiting).toBe(timers);
  });
});
