import { expect, test } from 'vitest';
import { readYaml } from './yaml.ts';

test.each(['', ' \n\t\n', '# c', '\uFEFF# c\r\n  # d\r\n', `${'#'.repeat(100_000)}\n`, '\r'.repeat(100_000)])(
  'nothing but blanks and comments is null: %#',
  (text) => {
    expect(readYaml(text, 'f')).toBeNull();
  },
);

test.each(['#'.repeat(100_000), '# '.repeat(100_000), ' '.repeat(100_000)])(
  'what stands below is read: %#',
  (above) => {
    expect(readYaml(`${above}\na: 1 # one\n`, 'f')).toEqual({ a: 1 });
  },
);

test.each(['[', '- ', '? ', 'a: {'])('levels without end are refused: %j', (level) => {
  expect(() => readYaml(`${level.repeat(20_000)}\na: b\n`, 'f')).toThrow(expect.objectContaining({ code: 'invalid' }));
});
