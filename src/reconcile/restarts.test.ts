import { expect, test } from 'vitest';
import type { Activator } from './activator.ts';
import { useKeeping } from '#testing/keeping';

const kept = useKeeping();

/** `web` reads `A`, `worker` reads `C`; what is restarted is on record. */
async function delivered(values: Record<string, string>): Promise<string[]> {
  const restarts: string[] = [];
  const marks = new Map<string, string>();
  const reads = { web: 'A', worker: 'C' };
  const activator: Activator = {
    consumers: async (names) =>
      Object.entries(reads).flatMap(([id, name]) => (names.has(name) ? [{ id, names: [name] }] : [])),
    restart: async (id, mark) => {
      if (marks.get(id) !== mark) restarts.push(id);
      marks.set(id, mark);
      return true;
    },
    progress: async () => ({ state: 'done' }),
  };
  kept().target.activator = activator;
  kept().syncs.declare('a');
  kept().syncs.want('a', values);
  kept().host.start();
  await kept().rest();
  return restarts;
}

async function woken(): Promise<void> {
  kept().host.wake('a');
  await kept().rest();
}

test('a restart waits for its write, however long that takes', async () => {
  const restarts = await delivered({ A: '1' });
  kept().target.failing = () => true;
  kept().syncs.want('a', { A: '2' });
  await woken();
  kept().target.failing = () => false;
  kept().syncs.declare('a', { mode: 'report' });
  await woken();
  expect([kept().there('a'), restarts]).toEqual([{ A: '1' }, []]);
  expect(kept().syncs.status('a')?.activation).toMatchObject({
    state: 'pending',
    message: 'web: waits until what it reads is written',
  });
  kept().syncs.declare('a', { mode: 'repair' });
  await woken();
  expect([kept().there('a'), restarts, kept().syncs.status('a')?.activation?.state]).toEqual([
    { A: '2' },
    ['web'],
    'done',
  ]);
});

test('a mark is that of what was written in the end: another wish meanwhile takes nothing away from the next', async () => {
  const restarts = await delivered({ A: '1' });
  kept().target.failing = () => true;
  kept().syncs.want('a', { A: '2' });
  await woken();
  kept().target.failing = () => false;
  kept().syncs.want('a', { A: '1' });
  await woken();
  const before = restarts.length;
  kept().syncs.want('a', { A: '2' });
  await woken();
  expect([kept().there('a'), restarts.length - before]).toEqual([{ A: '2' }, 1]);
});

test('what runs on while its object is away hears of what changed meanwhile, and of nothing else', async () => {
  const restarts = await delivered({ A: '1', C: '1' });
  kept().syncs.want('a', { A: '2', C: '1' });
  kept().target.remove('a');
  await woken();
  expect([kept().there('a'), restarts]).toEqual([{ A: '2', C: '1' }, ['web']]);
});

test('also of what went away for good, while nothing is left to be written', async () => {
  const restarts = await delivered({ A: '1', C: '1' });
  kept().syncs.want('a', { C: '1' });
  kept().target.edit('a', 'A', null);
  await woken();
  expect([kept().there('a'), restarts]).toEqual([{ C: '1' }, ['web']]);
});

test('what was carried out is known as such also while another object is in the way', async () => {
  kept().syncs.declare('a', { options: { objects: ['x', 'y'] } });
  kept().syncs.want('a', { A: '1' });
  kept().target.block('a', 'x', true);
  kept().syncs.before = (call) => {
    if (call === 'status a') throw new Error('before the confirmation');
  };
  kept().host.start();
  await kept().rest();
  expect(kept().syncs.inventory('a').names).toMatchObject({ 'y/A': { intent: expect.any(String) } });
  kept().syncs.before = () => undefined;
  await kept().clock.advance(60_000);
  expect(kept().syncs.inventory('a').names).toEqual({ 'y/A': { confirmed: expect.any(String), entry: 'A' } });
});
