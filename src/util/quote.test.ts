import { expect, test } from 'vitest';
import { quote } from './quote.ts';

test('a text is written as JSON writes it, whatever is in it', () => {
  const characters = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code));
  const others = ['', 'plain text', '\ud800', 'a\udfffb', '\u2028', '\ufeff', '\u{1f512}', 'a"b\\c\n', 'trailing\n'];
  for (const text of [...characters, ...others]) {
    expect(quote(text)).toBe(JSON.stringify(text));
    expect(quote(`a${text}z`)).toBe(JSON.stringify(`a${text}z`));
  }
});
