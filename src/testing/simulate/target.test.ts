import { MemoryTarget } from './target.ts';
import { targetConformance } from '#reconcile/target.conformance';

targetConformance('memory', async () => {
  const target = new MemoryTarget();
  return {
    target,
    at: 'one',
    other: 'two',
    options: {},
    set: async (name, value) => target.edit('one', name, value),
    remove: async () => target.remove('one'),
    end: async () => undefined,
  };
});
