import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Observed, Place, Step, Target, TargetOptions } from './target.ts';

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
}

const signal = new AbortController().signal;
const config = (name: string, value: string): Step => ({ do: 'create', name, item: { value, secret: false } });
const names = (observed: Observed | null): Record<string, string | null> => Object.fromEntries(observed?.names ?? []);

/** What every target promises. Run it in a test file of its own with a maker of fresh targets. */
export function targetConformance(title: string, make: () => Promise<TargetUnderTest>): void {
  describe(`target conformance: ${title}`, () => {
    let under: TargetUnderTest;
    let place: Place;
    const read = (): Promise<Observed | null> => place.read({ secret: false }, signal);
    const write = async (...steps: Step[]): Promise<string> => {
      const observed = await read();
      const plannedAgainst = observed?.mark ?? null;
      return await place.write(
        { steps, secret: false, plannedAgainst, ...(observed === null ? {} : { observed }) },
        signal,
      );
    };

    beforeEach(async () => {
      under = await make();
      place = await under.target.open(under.at, under.options);
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
      await write(config('B', '2'), config('A', '1'));
      expect(names(await read())).toEqual({ A: '1', B: '2' });
    });

    test('changes and deletes only the names of the steps', async () => {
      await under.set('FOREIGN', 'stays');
      await write(config('A', '1'), config('B', '2'));
      await write({ do: 'update', name: 'A', item: { value: '3', secret: false } }, { do: 'delete', name: 'B' });
      expect(names(await read())).toEqual({ FOREIGN: 'stays', A: '3' });
    });

    test('carries values of every shape', async () => {
      const values = ['', ' ', ' blanks ', 'a=b', '#no', 'a # b', '"', "'", `'"`, '\\n', '$A ${B} `c`', 'line\nline\n'];
      const all = [...values, '\t', 'ünï', '😀', '-----BEGIN X-----\nabc\n-----END X-----\n', 'x'.repeat(100_000)];
      await write(...all.map((value, index) => config(`V${index}`, value)));
      expect(names(await read())).toEqual(Object.fromEntries(all.map((value, index) => [`V${index}`, value])));
    });

    test('says what it cannot carry, without the value', () => {
      expect([place.traits.problem('A', 'x'), place.traits.problem('A', 'wrong\0value')]).toEqual([
        undefined,
        expect.not.stringContaining('wrong'),
      ]);
      expect(place.traits.problem('not a name', 'x')).toEqual(expect.any(String));
    });

    test.each([
      ['a mark that is no longer the present one', async () => (await read())?.mark ?? null],
      ['a place that was not there', async () => null],
    ])('refuses to write against %s', async (_, plan) => {
      await under.set('FOREIGN', '1');
      const plannedAgainst = await plan();
      await under.set('FOREIGN', 'changed');
      const writing = place.write({ steps: [config('A', '1')], secret: false, plannedAgainst }, signal);
      await expect(writing).rejects.toMatchObject({ code: 'mismatch' });
      expect(names(await read())).toEqual({ FOREIGN: 'changed' });
    });

    test('refuses to write what was planned from contents that are no longer there', async () => {
      await under.set('FOREIGN', '1');
      const observed = await read();
      const plannedAgainst = observed?.mark ?? null;
      await under.set('FOREIGN', '2');
      const request = {
        steps: [config('A', '1')],
        secret: false,
        plannedAgainst,
        ...(observed === null ? {} : { observed }),
      };
      await expect(place.write(request, signal)).rejects.toMatchObject({ code: 'mismatch' });
      expect(names(await read())).toEqual({ FOREIGN: '2' });
    });

    test('refuses to write against a place that is gone', async () => {
      await under.set('FOREIGN', '1');
      const plannedAgainst = (await read())?.mark ?? null;
      await under.remove();
      const writing = place.write({ steps: [config('A', '1')], secret: false, plannedAgainst }, signal);
      await expect(writing).rejects.toMatchObject({ code: 'mismatch' });
      expect(await read()).toBeNull();
    });

    test('a call that was given up writes nothing', async () => {
      const given = { steps: [config('A', '1')], secret: false, plannedAgainst: null };
      await expect(place.write(given, AbortSignal.abort())).rejects.toThrow();
      expect(await read()).toBeNull();
    });

    test('the mark of an unchanged place stays, and changes with the place', async () => {
      const written = await write(config('A', '1'));
      expect([await place.mark(signal), (await read())?.mark, await place.mark(signal)]).toEqual([
        written,
        written,
        written,
      ]);
      await under.set('A', '2');
      expect(await place.mark(signal)).not.toBe(written);
    });

    test('tells a watcher of changes by others, until it stops', async () => {
      await write(config('A', '1'));
      const seen = Promise.withResolvers<void>();
      const stop = place.watch?.(() => seen.resolve());
      await read();
      await under.set('A', '2');
      await (stop === undefined ? undefined : seen.promise);
      stop?.();
      expect(names(await read())).toEqual({ A: '2' });
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
