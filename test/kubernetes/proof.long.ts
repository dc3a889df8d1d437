import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { without } from '../fault/without.ts';
import { prove, tell } from './proof.ts';
import { type Kubernetes, startKubernetes } from '#testing/kubernetes';

/** One seed alone: `PLUMB_SEED=117 npx vitest run --project long test/kubernetes/proof`. */
const asked = process.env['PLUMB_SEED'];
const seeds = asked === undefined ? Array.from({ length: 20 }, (_, index) => 101 + index) : [Number(asked)];

describe.skipIf(without('kubernetes'))('on a real API server', () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes({ controllers: ['namespace-controller'], uncached: ['secrets', 'configmaps'] });
  });
  afterAll(() => kubernetes?.stop());

  /** Five others are in `proof.test.ts`. */
  test.each(asked === undefined ? [6, 7, 8, 9, 10, 11, 12, 13, 14, 15] : seeds)(
    '100 steps of whatever may happen: seed %i',
    async (seed) => {
      const report = await prove({ kubernetes, seed, steps: 100 });
      expect(tell(report)).toBe('');
      expect(report.writes).toBeGreaterThan(30);
    },
  );

  test.each(seeds)('2,000 steps of whatever may happen, and all is right at every rest: seed %i', async (seed) => {
    const report = await prove({ kubernetes, seed, steps: 2000, isPatient: true });
    expect(tell(report)).toBe('');
    expect(report.writes).toBeGreaterThan(600);
  });
});
