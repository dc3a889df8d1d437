import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Desired, Observed, Place, Reading, Step, Target, TargetOptions, WriteRequest } from './target.ts';

/** A fresh target for one test, and somebody else who works in the same place. */
export interface TargetUnderTest {
  readonly target: Target;
  /** A place that does not exist yet, and another one. */
  readonly at: string;
  readonly other: string;
  readonly options: TargetOptions;
  /** Sets a name in the place as somebody else would, making the place if need be. */
  readonly set: (name: string, value: string) => Promise<void>;
  /** Removes the whole place as somebody else would. */
  readonly remove: () => Promise<void>;
  /** Releases what is not the target's. */
  readonly end: () => Promise<void>;
  /** The name in the place of an entry. Default: the same. */
  readonly qualified?: (name: string) => string;
  /** A name that cannot stand in the place. Default `not a name`. */
  readonly refused?: string;
  /** A value in the target's own spelling. Default: the same. */
  readonly spelled?: (value: string) => string;
}

const signal = new AbortController().signal;
type Values = Readonly<Record<string, string>>;

function desiredOf(values: Values): Desired {
  return new Map(Object.entries(values).map(([name, value]) => [name, { value, secret: false }]));
}

/** What every target promises. Run it in a test file of its own with a maker of fresh targets. */
export function targetConformance(title: string, make: () => Promise<TargetUnderTest>): void {
  describe(`target conformance: ${title}`, () => {
    let under: TargetUnderTest;
    let place: Place;
    /** Names of ours. */
    let ours: ReadonlySet<string>;
    const look = (values: Values = {}): Promise<Reading> =>
      place.read({ desired: desiredOf(values), ours, lane: 'user' }, signal);
    const read = async (): Promise<Observed | null> => (await look()).observed;
    /** What stands there, as `set` would say it; with fingerprints that are the values themselves. */
    const there = async (): Promise<Record<string, string | null>> => {
      const observed = await read();
      return Object.fromEntries([...(observed?.names ?? [])].map(([name, { fingerprint }]) => [name, fingerprint]));
    };
    const spelled = (values: Values): Record<string, string> =>
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [
          under.qualified?.(name) ?? name,
          under.spelled?.(value) ?? value,
        ]),
      );
    /** The request that makes the place hold these values of ours, as the planner would make it. */
    const plan = ({ wanted, observed }: Reading): WriteRequest => {
      const steps: Step[] = [...wanted].flatMap(([name, item]) => {
        const present = observed?.names.get(name)?.fingerprint;
        if (present === item.value) return [];
        return { do: present === undefined ? 'create' : 'update', name, item };
      });
      for (const name of ours) if (!wanted.has(name)) steps.push({ do: 'delete', name });
      return { steps, wanted, ours: new Set([...ours, ...wanted.keys()]), observed, blocked: new Set(), lane: 'user' };
    };
    const write = async (values: Values): Promise<string> => {
      const request = plan(await look(values));
      const mark = await place.write(request, signal);
      ours = new Set(request.wanted.keys());
      return mark;
    };

    beforeEach(async () => {
      under = await make();
      ours = new Set();
      const { at, options } = under;
      place = await under.target.open({ sync: 'conformance', at, options, fingerprint: (_, value) => value });
    });
    afterEach(async () => {
      await place.close();
      await under.target.close();
      await under.end();
    });

    test('a place that does not exist is null, not empty', async () => {
      expect([await read(), await place.mark(signal)]).toEqual([null, null]);
    });

    test('creates the place with its names', async () => {
      await write({ B: '2', A: '1' });
      expect(await there()).toEqual(spelled({ A: '1', B: '2' }));
    });

    test('changes and deletes only the names of the steps', async () => {
      await under.set('FOREIGN', 'stays');
      await write({ A: '1', B: '2' });
      await write({ A: '3' });
      expect(await there()).toEqual(spelled({ FOREIGN: 'stays', A: '3' }));
    });

    test('carries values of every shape', async () => {
      const values = ['', ' ', ' blanks ', 'a=b', '#no', 'a # b', '"', "'", `'"`, '\\n', '$A ${B} `c`', 'line\nline\n'];
      const all = [...values, '\t', 'ünï', '😀', '-----BEGIN X-----\nabc\n-----END X-----\n', 'x'.repeat(100_000)];
      const named = Object.fromEntries(all.map((value, index) => [`V${index}`, value]));
      await write(named);
      expect(await there()).toEqual(spelled(named));
    });

    test('says what it cannot carry, without the value', async () => {
      const refused = under.refused ?? 'not a name';
      const { obstacles } = await look({ A: 'x', [refused]: 'the value' });
      expect(obstacles).toEqual([{ group: expect.any(String), message: expect.stringContaining(refused) }]);
      expect(obstacles[0]?.message).not.toContain('the value');
    });

    test('refuses to write what was planned from contents that are no longer there', async () => {
      await under.set('FOREIGN', '1');
      const request = plan(await look({ A: '1' }));
      await under.set('FOREIGN', '2');
      await expect(place.write(request, signal)).rejects.toMatchObject({ code: 'mismatch' });
      expect(await there()).toEqual(spelled({ FOREIGN: '2' }));
    });

    test('refuses to take a name that somebody else made in a place that was not there', async () => {
      const request = plan(await look({ A: '1' }));
      await under.set('A', 'theirs');
      await expect(place.write(request, signal)).rejects.toMatchObject({ code: 'mismatch' });
      expect(await there()).toEqual(spelled({ A: 'theirs' }));
    });

    test('refuses to write against a place that is gone', async () => {
      await under.set('FOREIGN', '1');
      const request = plan(await look({ A: '1' }));
      await under.remove();
      await expect(place.write(request, signal)).rejects.toMatchObject({ code: 'mismatch' });
      expect(await read()).toBeNull();
    });

    test('a call that was given up writes nothing', async () => {
      const request = plan(await look({ A: '1' }));
      await expect(place.write(request, AbortSignal.abort())).rejects.toThrow();
      expect(await read()).toBeNull();
    });

    test('the mark of an unchanged place stays, and changes with the place', async () => {
      const written = await write({ A: '1' });
      expect([await place.mark(signal), (await read())?.mark, await place.mark(signal)]).toEqual([
        written,
        written,
        written,
      ]);
      await under.set('A', '2');
      expect(await place.mark(signal)).not.toBe(written);
    });

    test('tells a watcher of changes by others, until it stops', async () => {
      await write({ A: '1' });
      const seen = Promise.withResolvers<void>();
      const stop = place.watch?.(() => seen.resolve());
      await read();
      await under.set('A', '2');
      await (stop === undefined ? undefined : seen.promise);
      stop?.();
      expect(await there()).toEqual(spelled({ A: '2' }));
    });

    test('two names of one place are one place, two places are two', () => {
      const { target, at, other, options } = under;
      expect(target.identity(at, options)).toEqual(target.identity(at, options));
      expect(target.identity(at, options)).not.toEqual(target.identity(other, options));
    });

    test('refuses options that it does not know, and a place without a name', () => {
      const { target, at, options } = under;
      expect(() => target.check(at, options)).not.toThrow();
      expect(() => target.check(at, { ...options, noSuchOption: 1 })).toThrow(
        expect.objectContaining({ code: 'invalid' }),
      );
      expect(() => target.check('', options)).toThrow(expect.objectContaining({ code: 'invalid' }));
    });
  });
}
