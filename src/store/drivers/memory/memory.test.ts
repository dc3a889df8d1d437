import { expect, test } from 'vitest';
import { driverConformance } from '../../conformance.ts';
import { MemoryStore } from './index.ts';

driverConformance('memory', async () => {
  const store = new MemoryStore();
  return { driver: store.driver(), reopen: async () => store.driver() };
});

test('two drivers of one store are two writers', async () => {
  const store = new MemoryStore();
  const [one, other] = [store.driver(), store.driver()];
  const bytes = new Uint8Array([1]);
  expect(await one.append('truth', 0, bytes)).toEqual({ outcome: 'appended' });
  expect(await other.append('truth', 0, bytes)).toEqual({ outcome: 'conflict' });
  const abort = new AbortController();
  const followed = other.follow('truth', 2, abort.signal)[Symbol.asyncIterator]();
  const next = followed.next();
  await one.append('truth', 1, bytes);
  expect(await next).toEqual({ done: false, value: { kind: 'record', record: { seq: 2, bytes } } });
  await one.close();
  expect(await other.head('truth')).toBe(2);
  await other.close();
});
