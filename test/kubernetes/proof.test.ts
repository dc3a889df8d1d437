import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { prove, tell } from './proof.ts';
import { type Kubernetes, startKubernetes } from '#testing/kubernetes';

/** Five worlds in all weather, and what is planted in fair weather; longer worlds, and a seed alone, are in `proof.long.ts`. */
describe.skipIf(without('kubernetes'))('on a real API server', () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes({ controllers: ['namespace-controller'], uncached: ['secrets', 'configmaps'] });
  });
  afterAll(() => kubernetes?.stop());

  test.each([1, 2, 3, 4, 5])('100 steps of whatever may happen: seed %i', async (seed) => {
    const report = await prove({ kubernetes, seed, steps: 100 });
    expect(tell(report)).toBe('');
    expect(report.writes).toBeGreaterThan(30);
  });

  describe('finds what is planted', () => {
    const quiet = { steps: 40, weather: 'fair', patienceMs: 15_000 } as const;
    const planted = (bug: string) => ['--import', `${import.meta.dirname}/proof/planted/${bug}.ts`];

    test('and nothing where nothing is', async () => {
      expect(tell(await prove({ kubernetes, seed: 11, ...quiet, patienceMs: 200_000 }))).toBe('');
    });

    test.each([
      ['no-precondition', 11, /what somebody else put to \S+ was touched|without a delivery that names/],
      ['forgotten-event', 15, /is hand-\d+, expected|is absent, expected|plumb\.dev\/managed is/],
      ['left-out-name', 11, /without a delivery that names|is absent, expected/],
    ] as const)('%s', async (bug, first, sign) => {
      const found: string[] = [];
      for (let seed = first; !sign.test(found.join('\n')) && seed < first + 12; seed += 1) {
        const { violations } = await prove({ kubernetes, seed, ...quiet, node: planted(bug) });
        found.push(...violations);
      }
      expect(found.join('\n')).toMatch(sign);
    });
  });
});
