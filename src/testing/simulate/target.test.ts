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

targetConformance('memory, of several objects', async () => {
  const target = new MemoryTarget();
  return {
    target,
    at: 'one',
    other: 'two',
    options: { objects: ['x'] },
    set: async (name, value) => target.edit('one', `x/${name}`, value),
    remove: async () => target.remove('one'),
    end: async () => undefined,
    qualified: (name) => `x/${name}`,
  };
});
