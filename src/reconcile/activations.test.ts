import { describe, expect, test } from 'vitest';
import type { Activator, Progress } from './activator.ts';
import { PlumbError } from '#domain/errors';
import { parsePrincipalName } from '#domain/principal';
import { useKeeping } from '#testing/keeping';

const kept = useKeeping();

/** One consumer that reads `A` and `B`, another that reads `C`; the test says how far they are. */
class Consumers implements Activator {
  readonly restarts: string[] = [];
  readonly marks = new Map<string, string>();
  progressOf: (consumer: string) => Progress = () => ({ state: 'done' });
  budget = 100;

  async consumers(names: ReadonlySet<string>) {
    const reads = { web: ['A', 'B'], worker: ['C'] };
    return Object.entries(reads).flatMap(([id, read]) => {
      const found = read.filter((name) => names.has(name));
      return found.length === 0 ? [] : [{ id, names: found }];
    });
  }

  async restart(consumer: string, mark: string): Promise<boolean> {
    if (this.marks.get(consumer) === mark) return true;
    if (this.budget === 0) return false;
    this.budget -= 1;
    this.marks.set(consumer, mark);
    this.restarts.push(consumer);
    return true;
  }

  async progress(consumer: string): Promise<Progress> {
    return this.progressOf(consumer);
  }
}

async function delivered(values: Record<string, string>, options = {}): Promise<Consumers> {
  const consumers = new Consumers();
  kept().target.activator = consumers;
  kept().syncs.declare('a', { options });
  kept().syncs.want('a', values, 1);
  kept().host.start();
  await kept().rest();
  return consumers;
}

async function change(values: Record<string, string>, revision = 2): Promise<void> {
  kept().syncs.want('a', values, revision);
  kept().host.wake('a');
  await kept().rest();
}

const activation = () => kept().syncs.status('a')?.activation;

describe('restarts', () => {
  test('none for a place that is made anew', async () => {
    const consumers = await delivered({ A: '1', C: '1' });
    expect([consumers.restarts, activation()]).toEqual([[], undefined]);
  });

  test('one for a place that is made anew, of what runs without it too', async () => {
    const consumers = Object.assign(new Consumers(), { heedsNew: true } as const);
    kept().target.activator = consumers;
    kept().syncs.declare('a');
    kept().syncs.want('a', { A: '1', C: '1' }, 1);
    kept().host.start();
    await kept().rest();
    expect(consumers.restarts).toEqual(['web', 'worker']);
  });

  test('one for many names, of those that read them and no others', async () => {
    const consumers = await delivered({ A: '1', B: '1', C: '1' });
    await change({ A: '2', B: '2', C: '1' });
    expect(consumers.restarts).toEqual(['web']);
    expect(activation()).toMatchObject({ state: 'done', message: 'restarted: web' });
    expect(kept().syncs.inventory('a').restarts).toBeUndefined();
  });

  test.each([
    [undefined, 12],
    [true, 0],
  ] as const)(
    'are looked at while they are on their way, unless the watch tells (%s)',
    async (tellsProgress, least) => {
      const consumers = await delivered({ A: '1' });
      Object.assign(consumers, { tellsProgress });
      consumers.progressOf = () => ({ state: 'waiting', message: 'on its way' });
      await change({ A: '2' });
      const before = kept().syncs.calls.length;
      await kept().clock.advance(62_000);
      const looks = kept()
        .syncs.calls.slice(before)
        .filter((call) => call === 'wish a').length;
      expect([looks >= least, looks <= least + 2]).toEqual([true, true]);
    },
  );

  test('are noted with the intent, before the write', async () => {
    const consumers = await delivered({ A: '1' });
    kept().syncs.before = (call) => {
      if (call === 'status a') throw new Error('died before the confirmation');
    };
    await change({ A: '2' });
    expect(kept().syncs.inventory('a').restarts).toMatchObject({ web: { state: 'pending', revision: 2, before: 1 } });
    kept().syncs.before = () => undefined;
    await kept().clock.advance(60_000);
    expect([consumers.restarts, activation()?.state]).toEqual([['web'], 'done']);
  });

  test('none when nothing changed: neither on a start nor at a check', async () => {
    const consumers = await delivered({ A: '1' });
    await kept().clock.advance(900_000);
    await kept().end();
    kept().host = kept().newHost({});
    kept().host.start();
    await kept().clock.advance(900_000);
    expect(consumers.restarts).toEqual([]);
  });

  test('wait for the budget, and are never dropped', async () => {
    const consumers = await delivered({ A: '1' });
    consumers.budget = 0;
    await change({ A: '2' });
    expect(activation()).toMatchObject({ state: 'pending', message: expect.stringContaining('budget') });
    expect(kept().state('a')).toEqual(['InSync: Agrees']);
    await kept().clock.advance(3_600_000);
    consumers.budget = 1;
    await kept().clock.advance(10_000);
    expect([consumers.restarts, activation()?.state]).toEqual([['web'], 'done']);
  });

  test('are on their way from the moment of the write, also when they cannot be asked for', async () => {
    const consumers = await delivered({ A: '1' });
    await change({ A: '2' });
    expect(activation()).toMatchObject({ state: 'done' });
    consumers.restart = () => Promise.reject(new PlumbError('forbidden', 'the right is missing'));
    await change({ A: '3' }, 3);
    expect(kept().there('a')).toEqual({ A: '3' });
    expect(activation()).toMatchObject({ state: 'pending', message: 'to be restarted: web' });
  });

  test('that fail are reported, until they hold', async () => {
    const consumers = await delivered({ A: '1' });
    consumers.progressOf = () => ({ state: 'failed', message: 'ProgressDeadlineExceeded' });
    await change({ A: '2' });
    expect(activation()).toMatchObject({ state: 'failed', message: 'web: ProgressDeadlineExceeded' });
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '2' }, ['InSync: Agrees']]);
    consumers.progressOf = () => ({ state: 'done' });
    await kept().clock.advance(120_000);
    expect([consumers.restarts, activation()?.state]).toEqual([['web'], 'done']);
  });
});

describe('a mark that somebody took away', () => {
  test('is put there again while the restart was on its way, but not after it failed', async () => {
    const consumers = await delivered({ A: '1' });
    consumers.progressOf = () => ({ state: 'waiting', message: '0 of 1 replaced' });
    await change({ A: '2' });
    consumers.marks.clear();
    consumers.progressOf = () => ({ state: 'undone', message: 'the mark is gone' });
    await kept().clock.advance(5_000);
    consumers.progressOf = () => ({ state: 'failed', message: 'no' });
    await kept().clock.advance(5_000);
    expect([consumers.restarts, activation()?.state]).toEqual([['web', 'web'], 'failed']);
    consumers.marks.clear();
    consumers.progressOf = () => ({ state: 'undone', message: 'the mark is gone' });
    await kept().clock.advance(120_000);
    expect([consumers.restarts, activation()?.state]).toEqual([['web', 'web'], 'failed']);
  });
});

describe('a failed restart with the option hold', () => {
  const held = async (): Promise<Consumers> => {
    const consumers = await delivered({ A: '1' }, { onFailedRestart: 'hold' });
    consumers.progressOf = () => ({ state: 'failed', message: 'no' });
    await change({ A: '2' });
    consumers.progressOf = () => ({ state: 'done' });
    await kept().rest();
    return consumers;
  };

  test('puts the old values back, and waits for a person', async () => {
    const consumers = await held();
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '1' }, ['Held: RestartFailed']]);
    expect(consumers.restarts).toEqual(['web', 'web']);
    await kept().clock.advance(900_000);
    expect(kept().there('a')).toEqual({ A: '1' });
  });

  test('holds newer values back too, until a person applies', async () => {
    await held();
    await change({ A: '3' }, 3);
    expect(kept().there('a')).toEqual({ A: '1' });
    await kept().host.apply('a');
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '3' }, ['InSync: Agrees']]);
  });
});

describe('a pause', () => {
  test('leaves the target alone until its end, then catches up', async () => {
    await delivered({ A: '1' });
    const until = kept().clock.now() + 7_200_000;
    kept().syncs.declare('a', { pause: { until, reason: 'incident 88', by: parsePrincipalName('person/alice') } });
    await change({ A: '2' });
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '1' }, ['Paused: AskedFor']]);
    expect(kept().condition('a', 'Paused')?.message).toContain('incident 88');
    await expect(kept().host.apply('a')).rejects.toMatchObject({ code: 'conflict' });
    await kept().clock.advance(7_200_000);
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '2' }, ['InSync: Agrees']]);
  });
});

describe('a freeze', () => {
  test('holds what the loop would write; a person goes on', async () => {
    await delivered({ A: '1' }, { freeze: ['2000-01-01T00:00Z - 2200-01-01T00:00Z'] });
    expect([kept().there('a'), kept().state('a')]).toEqual([null, ['Drifted: Differs', 'Held: Frozen']]);
    await kept().host.apply('a');
    expect([kept().there('a'), kept().state('a')]).toEqual([{ A: '1' }, ['InSync: Agrees']]);
  });
});

describe('withdrawing', () => {
  test('removes what is ours and nothing else', async () => {
    await delivered({ A: '1', B: '1', C: '1', D: '1' });
    kept().target.edit('a', 'FOREIGN', 'stays');
    await kept().host.withdraw('a');
    expect(kept().there('a')).toEqual({ FOREIGN: 'stays' });
    expect(kept().syncs.inventory('a').names).toEqual({});
  });

  test('is not undone by a change of the source, but by a person', async () => {
    await delivered({ A: '1' });
    await kept().host.withdraw('a');
    await change({ A: '2' });
    await kept().clock.advance(900_000);
    expect(kept().there('a')).toEqual({});
    await kept().host.apply('a');
    expect(kept().there('a')).toEqual({ A: '2' });
  });
});
