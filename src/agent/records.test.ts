import { expect, test } from 'vitest';
import { Records } from './records.ts';
import { parsePrincipalName } from '#domain/principal';

const spec = {
  from: 'a/b',
  target: 'main',
  at: '.env',
  runAs: parsePrincipalName('workload/agent'),
  mode: 'repair',
} as const;
const inventory = { place: 'p', names: { A: { confirmed: 'x' } } };

function drawer(texts = new Map<string, string>()) {
  return {
    texts,
    names: async () => [...texts.keys()],
    readText: async (name: string) => texts.get(name),
    write: async (name: string, content: string) => void texts.set(name, content),
  };
}

test('what was saved is there after a start; another spec is another generation, in whatever order it is written', async () => {
  const files = drawer();
  const records = await Records.open(files);
  expect(records.declare('app', { ...spec, options: { a: 1, b: 2 } })).toBe(1);
  records.noteSeen('app', { A: 'a/b/A' });
  await records.save('app', { inventory });
  const again = await Records.open(files);
  expect([again.inventory('app'), again.seen('app'), again.get('app')?.status]).toEqual([
    inventory,
    { A: 'a/b/A' },
    undefined,
  ]);
  expect(again.declare('app', { ...spec, options: { b: 2, a: 1 } })).toBe(1);
  expect(again.declare('app', { ...spec, options: { b: 2, a: 3 } })).toBe(2);
  expect(again.inventory('app')).toEqual(inventory);
});

test('what could not be written is not known either', async () => {
  const files = drawer();
  const records = await Records.open({ ...files, write: async () => Promise.reject(new Error('full')) });
  records.declare('app', { ...spec, options: {} });
  await expect(records.save('app', { inventory })).rejects.toThrow('full');
  expect(records.inventory('app')).toEqual({ names: {} });
});

test.each(['', '{', '{"format":2}', '{"format":1,"declared":"","generation":"x","inventory":{"names":{}}}'])(
  'a record that is damaged is named: %j',
  async (text) => {
    const opening = Records.open(drawer(new Map([['app.json', text]])));
    await expect(opening).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('app.json') as unknown,
    });
  },
);

test('other files are left alone', async () => {
  const records = await Records.open(drawer(new Map([['app.json.1.2.tmp', '{']])));
  expect(records.names()).toEqual([]);
});
