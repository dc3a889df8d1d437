import { describe, expect, test } from 'vitest';
import type { ApiObject, Cluster } from './cluster.ts';
import { secrets } from './resources.ts';
import type { SeenObject } from './sightings.ts';
import { Spot, versionOf } from './spot.ts';

const context = { lane: 'user', signal: new AbortController().signal } as const;
const object = (resourceVersion: number, uid = 'u'): ApiObject => ({
  metadata: { name: 'app', uid, resourceVersion: String(resourceVersion) },
});

function sight({ metadata: { uid = '', resourceVersion = '' } }: ApiObject): SeenObject {
  const nothing = { immutable: false, hasOurType: false, hasOurMarks: false, sole: true, unlabelled: false };
  return { uid, resourceVersion, names: new Map(), labelled: true, flaws: [], ...nothing };
}

/** A spot whose object is asked for in vain, unless an answer is given. */
function make({ labelled = false } = {}) {
  const asked: PromiseWithResolvers<ApiObject | null>[] = [];
  const get: Cluster['get'] = () => {
    const answer = Promise.withResolvers<ApiObject | null>();
    asked.push(answer);
    return answer.promise;
  };
  let news = 0;
  const cluster = { get } as Partial<Cluster> as Cluster;
  const ref = { resource: secrets, namespace: 'n', name: 'app' };
  const spot = new Spot({ cluster, ref, sight, changed: () => (news += 1) });
  spot.source = { current: true, labelled };
  const known = async (): Promise<string | null> => versionOf(await spot.look(context));
  return { spot, asked, known, news: () => news };
}

describe('what the stream tells', () => {
  test('is known without asking, and news only to who was told something else', async () => {
    const { spot, known, news } = make();
    spot.seen(object(5), false);
    expect([await known(), news()]).toEqual(['u:5', 0]);
    spot.seen(object(5), false);
    expect(news()).toBe(0);
    spot.seen(object(6), false);
    expect([news(), await known()]).toEqual([1, 'u:6']);
    spot.seen(object(7), true);
    expect([news(), await known()]).toEqual([2, null]);
  });

  test('is not trusted while it is not current', async () => {
    const { spot, asked } = make();
    spot.seen(object(5), false);
    spot.source = { current: false, labelled: false };
    const looking = spot.look(context);
    asked[0]?.resolve(null);
    expect(await looking).toBeNull();
  });

  test('at first that there is none is believed; later it is asked', async () => {
    const { spot, known } = make();
    spot.missing();
    expect(await known()).toBeNull();
    spot.seen(object(5), false);
    await known();
    spot.missing();
    expect(spot.sure).toBeUndefined();
  });

  test('by label alone never says that there is none', async () => {
    const { spot, known, news } = make({ labelled: true });
    spot.missing();
    expect(spot.sure).toBeUndefined();
    spot.seen(object(5), false);
    await known();
    spot.seen(object(6), true);
    expect([spot.sure, news()]).toEqual([undefined, 1]);
  });

  test('late is older than what is known', async () => {
    const { spot, known, news } = make();
    await spot.write(async () => object(10));
    for (const version of [8, 9]) spot.seen(object(version), false);
    spot.seen(object(9), true);
    spot.seen(object(10), false);
    expect([await known(), news()]).toEqual(['u:10', 0]);
    spot.seen(object(100), false);
    expect(news()).toBe(1);
  });

  test('of another history is believed once the stream has started anew', async () => {
    const { spot, known } = make();
    spot.seen(object(900), false);
    spot.restart();
    spot.seen(object(5, 'restored'), false);
    expect(await known()).toBe('restored:5');
  });
});

describe('an answer', () => {
  test('that the stream has outrun does not count', async () => {
    const { spot, asked, news } = make();
    const asking = spot.ask(context);
    spot.seen(object(7), false);
    asked[0]?.resolve(object(6));
    expect([versionOf((await asking).seen), news()]).toEqual(['u:7', 0]);
  });

  test('that there is none is not believed against what came meanwhile', async () => {
    const { spot, asked } = make();
    const asking = spot.ask(context);
    spot.seen(object(7), false);
    asked[0]?.resolve(null);
    expect(versionOf((await asking).seen)).toBe('u:7');
  });

  test('that a new list contradicts leaves it open, and wakes whoever was told', async () => {
    const { spot, asked, news } = make();
    const asking = spot.ask(context);
    spot.missing();
    asked[0]?.resolve(object(6));
    expect([versionOf((await asking).seen), spot.sure, news()]).toEqual(['u:6', undefined, 1]);
  });

  test('counts also with a lower version, if nothing else was told', async () => {
    const { spot, asked } = make();
    spot.seen(object(900), false);
    const asking = spot.ask(context);
    asked[0]?.resolve(object(5, 'restored'));
    expect(versionOf((await asking).seen)).toBe('restored:5');
  });
});

describe('a write', () => {
  test('is no news, whether the stream tells of it before its answer or after', async () => {
    const { spot, known, news } = make();
    await spot.write(async () => object(1));
    await spot.write(async () => {
      spot.seen(object(2), false);
      return object(2);
    });
    await spot.write(async () => object(3));
    spot.seen(object(3), false);
    expect([await known(), news()]).toEqual(['u:3', 0]);
  });

  test('does not hide what somebody else wrote right after it', async () => {
    const { spot, known, news } = make();
    await spot.write(async () => {
      for (const version of [2, 3]) spot.seen(object(version), false);
      return object(2);
    });
    expect([spot.told, news()]).toEqual(['u:2', 1]);
    expect(await known()).toBe('u:3');
  });

  test.each([false, true])('does not hide that it was deleted right after it (labelled: %s)', async (labelled) => {
    const { spot, known, asked, news } = make({ labelled });
    spot.seen(object(1), false);
    await known();
    await spot.write(async () => {
      spot.seen(object(2), false);
      spot.seen(object(3), true);
      return object(2);
    });
    expect([spot.told, news(), spot.sure]).toEqual(['u:2', 1, labelled ? undefined : null]);
    const looking = known();
    asked[0]?.resolve(null);
    expect(await looking).toBeNull();
  });

  test('does not hide that a new list has it no more', async () => {
    const { spot, known, news } = make();
    spot.seen(object(1), false);
    await known();
    await spot.write(async () => {
      spot.restart();
      spot.missing();
      return object(2);
    });
    expect([spot.sure, news()]).toEqual([undefined, 1]);
  });

  test('that makes it anew counts, when it was deleted before', async () => {
    const { spot, known, news } = make();
    spot.seen(object(1), false);
    await known();
    await spot.write(async () => {
      spot.seen(object(2), true);
      return object(3, 'v');
    });
    expect([await known(), news()]).toEqual(['v:3', 0]);
  });

  test('that failed leaves nothing known', async () => {
    const { spot } = make();
    spot.seen(object(1), false);
    const failing = spot.write(() => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(spot.sure).toBeUndefined();
  });

  test('that removes it is no news, and does not hide another of that name', async () => {
    const { spot, known, news } = make();
    spot.seen(object(1), false);
    await known();
    await spot.remove(async () => spot.seen(object(2), true));
    expect([await known(), news()]).toEqual([null, 0]);
    spot.seen(object(3, 'v'), false);
    await known();
    await spot.remove(async () => {
      spot.seen(object(4, 'v'), true);
      spot.seen(object(5, 'w'), false);
    });
    expect([await known(), news()]).toEqual(['w:5', 2]);
  });
});
