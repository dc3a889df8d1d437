import { expect, test } from 'vitest';
import { checkTokenForm, formatToken } from './token.ts';

const store = 'abcdefgh';
const secret = 'A'.repeat(43);

test('a token of this store has the form', () => {
  const token = formatToken(store, secret);
  expect(token).toBe(`plumb.abcdefgh.${secret}`);
  expect(() => checkTokenForm(token, store)).not.toThrow();
});

const malformed = 'the token is malformed';
const foreign = 'the token was issued by another server';

test.each([
  ['', malformed],
  ['plumb', malformed],
  [`plumb.abcdefgh.${'A'.repeat(42)}`, malformed],
  [`plumb.abcdefgh.${'A'.repeat(44)}`, malformed],
  [`plumb.abcdefgh.${'A'.repeat(42)}=`, malformed],
  [`plumb.abcdefg.${secret}`, malformed],
  [`Plumb.abcdefgh.${secret}`, malformed],
  [` plumb.abcdefgh.${secret}`, malformed],
  [`plumb.abcdefgh.${secret}\n`, malformed],
  [`hvs.abcdefgh.${secret}`, malformed],
  [`plumb.abcdefgi.${secret}`, foreign],
])('%j is refused', (token, message) => {
  expect(() => checkTokenForm(token, store)).toThrow(expect.objectContaining({ code: 'unauthenticated', message }));
});
