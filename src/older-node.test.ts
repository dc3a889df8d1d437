import { afterAll, expect, test } from 'vitest';

const own = { to: Uint8Array.prototype.toBase64, from: Uint8Array.fromBase64 };
const take = (on: object, name: string): void => void Reflect.deleteProperty(on, name);
take(Uint8Array.prototype, 'toBase64');
take(Uint8Array, 'fromBase64');
await import('./older-node.ts');
const ours = { to: Uint8Array.prototype.toBase64, from: Uint8Array.fromBase64 };
afterAll(() => {
  const { prototype } = Uint8Array;
  Object.defineProperty(prototype, 'toBase64', { value: own.to });
  Object.defineProperty(Uint8Array, 'fromBase64', { value: own.from });
});

test('it is ours that is looked at', () => {
  expect(ours.to).not.toBe(own.to);
});

test.each([0, 1, 2, 3, 4, 255])('%i bytes are written as the language writes them', (length) => {
  const bytes = Uint8Array.from({ length: length + 1 }, (_, index) => (index * 37 + 250) & 255).subarray(1);
  for (const options of [{}, { alphabet: 'base64url' }, { alphabet: 'base64url', omitPadding: true }] as const) {
    expect(ours.to.call(bytes, options)).toBe(own.to.call(bytes, options));
  }
  expect(ours.from(ours.to.call(bytes))).toEqual(bytes);
});

test.each(['', 'QQ==', 'QUI=', 'QUJD', 'QU\nJD ', 'QQ', 'QR==', 'QQ=', 'Q', 'QUJ', '=', 'Q-==', 'QQ==QQ==', 'é'])(
  'read as strictly as the language does: %j',
  (text) => {
    const read = (from: typeof own.from) => {
      try {
        return [...from.call(Uint8Array, text, { lastChunkHandling: 'strict' })];
      } catch (error) {
        return (error as Error).name;
      }
    };
    expect(read(ours.from)).toEqual(read(own.from));
  },
);
