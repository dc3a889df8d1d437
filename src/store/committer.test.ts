import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { settle as turn } from '#testing/clock';
import { put, type ToyFold, toyAnchor } from '#testing/toy-fold';
import { altered, ask, newPlace, putIf } from '#testing/toy-log';
import { memorySlotFile } from '#util/files';
import type { Driver } from './driver.ts';

/** An append that waits until it is let go. */
function held(driver: Driver) {
  const waiting: (() => void)[] = [];
  const append: Driver['append'] = async (...request) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return driver.append(...request);
  };
  return { driver: altered(driver, { append }), release: () => waiting.shift()?.(), waiting };
}

describe('group commit', () => {
  test('what is asked for while an append is in flight is one append', async () => {
    const { store, open } = newPlace();
    const gate = held(store.driver());
    const { log, driver } = await open({ driver: gate.driver });
    const first = log.commit(ask(putIf('a', 0)));
    await turn();
    const others = Array.from({ length: 50 }, (_, index) => log.commit(ask(putIf(`b${index}`, 0))));
    await turn();
    expect(gate.waiting).toHaveLength(1);
    gate.release();
    await first;
    await turn();
    gate.release();
    const changes = await Promise.all(others);
    expect(driver.stats.appends).toBe(2);
    expect(log.seq).toBe(2);
    expect(changes.map(({ revision }) => revision)).toEqual(Array.from({ length: 50 }, (_, index) => index + 2));
  });

  test('what waits behind an append is validated meanwhile, and goes on being right when that is durable', async () => {
    const { store, open } = newPlace();
    const gate = held(store.driver());
    const { log, fold } = await open({ driver: gate.driver });
    const first = log.commit(ask(putIf('a', 0)));
    await turn();
    const validated: string[] = [];
    const behind = ['b', 'a'].map((name) =>
      log.commit(
        ask((draft) => {
          validated.push(`${name} ${draft.writes(name)}`);
          return [put(name)];
        }),
      ),
    );
    expect(validated).toEqual(['b 0', 'a 1']);
    gate.release();
    await first;
    const last = log.commit(ask(putIf('a', 2)));
    await turn();
    gate.release();
    const changes = await Promise.all(behind);
    await turn();
    gate.release();
    expect([...changes, await last].map(({ revision }) => revision)).toEqual([2, 3, 4]);
    expect([validated.length, fold.revision]).toEqual([2, 4]);
  });

  test('who was answered with others may ask again and go along with those behind', async () => {
    const { store, open } = newPlace();
    const gate = held(store.driver());
    const turns: (() => void)[] = [];
    const { log, driver } = await open({
      driver: gate.driver,
      turn: () => new Promise<void>((resolve) => void turns.push(resolve)),
    });
    const first = ['a', 'b'].map((name) => log.commit(ask(putIf(name, 0))));
    await turn();
    const behind = log.commit(ask(putIf('c', 0)));
    gate.release();
    await Promise.all(first);
    await turn();
    expect([turns.length, gate.waiting.length]).toEqual([1, 0]);
    const again = log.commit(ask(putIf('a', 1)));
    turns.shift()?.();
    await turn();
    gate.release();
    await Promise.all([behind, again]);
    expect(driver.stats.appends).toBe(2);
  });

  test('who asks alone waits for nobody', async () => {
    const { open } = newPlace();
    const { log } = await open({ turn: () => Promise.reject(new Error('nobody else is here')) });
    await log.commit(ask(putIf('a', 0)));
    await log.commit(ask(putIf('a', 1)));
    expect(log.seq).toBe(2);
  });

  test('what is asked for in one turn is one append', async () => {
    const { open } = newPlace();
    const { log, driver } = await open();
    await Promise.all([log.commit(ask(putIf('a', 0))), log.commit(ask(putIf('b', 0)))]);
    expect(driver.stats.appends).toBe(1);
  });

  test('a refusal is that of its request alone, and sees what was accepted before it', async () => {
    const { open } = newPlace();
    const { log, fold } = await open();
    const settled = await Promise.allSettled([
      log.commit(ask(putIf('a', 0))),
      log.commit(ask(putIf('a', 0))),
      log.commit(ask(putIf('a', 1))),
      log.commit(ask(() => [])),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect([log.seq, fold.revision]).toEqual([1, 2]);
  });

  test('nothing is written when all are refused', async () => {
    const { open } = newPlace();
    const { log, driver } = await open();
    await expect(log.commit(ask(putIf('a', 7)))).rejects.toThrow('a was written 0 times');
    expect([log.seq, driver.stats.appends]).toEqual([0, 0]);
  });

  test('neither state nor listeners see a change before it is durable, nor is it answered', async () => {
    const { store, open } = newPlace();
    const gate = held(store.driver());
    const { log, fold } = await open({ driver: gate.driver });
    const seen: number[] = [];
    const stop = log.onCommit(({ seq }) => seen.push(seq));
    let answered = false;
    const committed = log.commit(ask(putIf('a', 0))).then(() => {
      answered = true;
    });
    await turn();
    expect([fold.names.size, seen, answered]).toEqual([0, [], false]);
    gate.release();
    await committed;
    expect([fold.names.size, seen]).toEqual([1, [1]]);
    stop();
    gate.release();
    const again = log.commit(ask(putIf('a', 1)));
    await turn();
    gate.release();
    await again;
    expect(seen).toEqual([1]);
  });

  test('changes that do not fit into one record make several, in order', async () => {
    const { open } = newPlace();
    const { log, fold } = await open();
    const long = 'x'.repeat(300_000);
    const commits = Array.from({ length: 8 }, (_, index) =>
      log.commit({ ...ask(() => [put(`n${index}`)]), reason: long }),
    );
    const revisions = (await Promise.all(commits)).map(({ revision }) => revision);
    expect(revisions).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(log.seq).toBe(3);
    const again = newFoldOf(await open());
    expect(again).toEqual(fold.snapshot());
  });

  test('a change too large for a record is staged as a blob and read back', async () => {
    const { open } = newPlace();
    const { log, fold, driver } = await open();
    await log.commit(ask(() => Array.from({ length: 9000 }, (_, index) => put(`${index}${'n'.repeat(120)}`, 'v'))));
    for await (const record of driver.read('truth', 1)) expect(record.bytes.length).toBeLessThan(1024);
    expect(newFoldOf(await open())).toEqual(fold.snapshot());
    const changes = await Array.fromAsync(log.changesAfter(0));
    expect(changes.map(({ ops }) => ops.length)).toEqual([9000]);
    expect(await log.verify()).toEqual({ ok: true, records: 1, anchored: 1 });
  });
});

const newFoldOf = ({ fold }: { fold: ToyFold }) => fold.snapshot();

describe('two writers on one store', () => {
  test('who loses validates again, against what the other wrote', async () => {
    const { open } = newPlace();
    const one = await open();
    const two = await open({ anchor: toyAnchor() });
    await one.log.commit(ask(putIf('a', 0)));
    let runs = 0;
    const prepared = two.log.commit(
      ask((draft) => {
        runs += 1;
        return putIf('b', 0)(draft);
      }),
    );
    const refused = two.log.commit(ask(putIf('a', 0)));
    await expect(refused).rejects.toThrow('a was written 1 times');
    expect((await prepared).revision).toBe(2);
    expect(runs).toBe(2);
    await one.log.catchUp();
    expect(one.fold.snapshot()).toEqual(two.fold.snapshot());
  });

  test('a refusal that stood on a change which lost is judged again', async () => {
    const { open, store } = newPlace();
    const gate = held(store.driver());
    const one = await open({ driver: gate.driver });
    const two = await open({ anchor: toyAnchor() });
    const mine = one.log.commit(ask(putIf('a', 0)));
    const dependent = one.log.commit(ask((draft) => (draft.writes('a') === 1 ? putIf('x', 9)(draft) : [put('y')])));
    const told = Promise.allSettled([mine, dependent]);
    await turn();
    await two.log.commit(ask(() => [put('a'), put('a')]));
    gate.release();
    await turn();
    gate.release();
    expect((await told).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  test('interleaved at random, both end in the same state and every answer is true', async () => {
    const step = fc.record({ who: fc.boolean(), name: fc.constantFrom('a', 'b', 'c'), wait: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const { open } = newPlace();
        const writers = [await open(), await open({ anchor: toyAnchor() })] as const;
        const answers: Promise<unknown>[] = [];
        let asked = 0;
        for (const { who, name, wait } of steps) {
          const { log } = writers[who ? 1 : 0];
          answers.push(log.commit(ask((draft) => [put(name, `${draft.nextRevision}`)])));
          asked += 1;
          if (wait) await turn();
        }
        await Promise.all(answers);
        for (const { log } of writers) await log.catchUp();
        expect(writers[0].fold.snapshot()).toEqual(writers[1].fold.snapshot());
        expect(writers[0].fold.revision).toBe(asked);
        expect(newFoldOf(await open())).toEqual(writers[0].fold.snapshot());
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});

describe('a store that fails', () => {
  const failing = (driver: Driver, ...outcomes: ('written' | 'absent' | 'unreadable')[]): Driver => {
    let unreadable = false;
    return altered(driver, {
      append: async (...request) => {
        const outcome = outcomes.shift();
        if (outcome === undefined) return driver.append(...request);
        if (outcome === 'written') await driver.append(...request);
        unreadable = outcome === 'unreadable';
        throw new Error('the connection was lost');
      },
      read: (...request) => {
        if (unreadable) throw new Error('the connection is still lost');
        return driver.read(...request);
      },
    });
  };

  test('goes on when the record in doubt turns out to be there', async () => {
    const { open, store, fatal } = newPlace();
    const { log, fold } = await open({ driver: failing(store.driver(), 'written') });
    await log.commit(ask(putIf('a', 0)));
    await log.commit(ask(putIf('a', 1)));
    expect([log.seq, fold.revision, fatal]).toEqual([2, 2, []]);
  });

  test.each(['absent', 'unreadable'] as const)('stops for good when it is %s', async (outcome) => {
    const { open, store, fatal } = newPlace();
    const { log, fold } = await open({ driver: failing(store.driver(), outcome) });
    const batch = [log.commit(ask(putIf('a', 0))), log.commit(ask(putIf('a', 1)))];
    const settled = Promise.allSettled(batch);
    await turn();
    const later = log.commit(ask(putIf('b', 0)));
    await expect(later).rejects.toMatchObject({ code: 'unavailable' });
    expect(await settled).toMatchObject([{ reason: { code: 'unknown' } }, { reason: { code: 'unknown' } }]);
    expect([fold.names.size, fatal.length]).toEqual([0, 1]);
    await log.close();
  });

  test('fails what queued behind without saying that it may have been written', async () => {
    const { open, store } = newPlace();
    const gate = held(failing(store.driver(), 'absent'));
    const { log } = await open({ driver: gate.driver });
    const inFlight = log.commit(ask(putIf('a', 0)));
    await turn();
    const behind = log.commit(ask(putIf('b', 0)));
    const settled = Promise.allSettled([inFlight, behind]);
    gate.release();
    expect(await settled).toMatchObject([{ reason: { code: 'unknown' } }, { reason: { code: 'unavailable' } }]);
  });

  test('stops when the anchor cannot be written', async () => {
    const { open, fatal } = newPlace();
    const file = memorySlotFile();
    let full = false;
    const write: typeof file.write = (offset, bytes) => {
      if (full) throw new Error('no space left');
      file.write(offset, bytes);
    };
    const { log } = await open({ anchor: toyAnchor({ ...file, write }) });
    full = true;
    await expect(log.commit(ask(putIf('a', 0)))).rejects.toMatchObject({ code: 'unknown' });
    expect(fatal).toHaveLength(1);
  });
});

describe('closing', () => {
  test('waits for what is in flight and refuses what comes after', async () => {
    const { open } = newPlace();
    const { log } = await open();
    const last = log.commit(ask(putIf('a', 0)));
    await Promise.all([log.close(), log.close()]);
    expect((await last).revision).toBe(1);
    await expect(log.commit(ask(putIf('b', 0)))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(log.catchUp()).rejects.toMatchObject({ code: 'unavailable' });
    await log.close();
  });
});

describe('resuming', () => {
  test('gives the changes above a revision, whatever it is', async () => {
    const { open } = newPlace();
    const { log } = await open();
    for (let i = 0; i < 20; i++) {
      await Promise.all([log.commit(ask(() => [put('a')])), log.commit(ask(() => [put('b')]))]);
      if (i % 7 === 3) await log.checkpoint();
    }
    for (const revision of [0, 1, 2, 7, 8, 15, 39, 40, 99]) {
      const revisions = (await Array.fromAsync(log.changesAfter(revision))).map((change) => change.revision);
      expect(revisions).toEqual(Array.from({ length: Math.max(0, 40 - revision) }, (_, index) => revision + 1 + index));
    }
  });
});
