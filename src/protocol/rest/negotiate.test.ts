import { expect, test } from 'vitest';
import { checkMedia, chooseEncoding, chooseForm } from './negotiate.ts';

test.each([
  [undefined, 'json'],
  ['', 'json'],
  ['*/*', 'json'],
  ['application/*', 'json'],
  ['application/yaml', 'yaml'],
  ['APPLICATION/YAML', 'yaml'],
  ['application/yaml;charset=utf-8', 'yaml'],
  ['application/json;q=0.5, application/yaml', 'yaml'],
  ['application/json;q=0.5, application/yaml;q=0.4', 'json'],
  ['application/json; q=0, */*', 'yaml'],
  ['*/*;q=0.1, application/yaml;q=0.2', 'yaml'],
  ['text/html, application/xhtml+xml, */*;q=0.8', 'json'],
  ['application/yaml;q=2, application/json', 'json'],
])('Accept: %s takes %s', (accept, form) => {
  expect(chooseForm(accept)).toBe(form);
});

test.each(['text/html', 'application/json;q=0', 'application/json;q=0, application/yaml;q=0.000', ';;;', '*/*;q=0'])(
  'Accept: %s takes nothing that there is',
  (accept) => {
    expect(() => chooseForm(accept)).toThrow('expected application/json or application/yaml');
  },
);

test('what has one form is refused in others', () => {
  checkMedia('text/*', 'text/plain; version=0.0.4');
  checkMedia(undefined, 'text/plain');
  expect(() => checkMedia('application/json', 'text/event-stream')).toThrow('expected text/event-stream');
});

test.each([
  [undefined, undefined],
  ['', undefined],
  ['identity', undefined],
  ['br', undefined],
  ['gzip', 'gzip'],
  ['gzip, deflate, br, zstd', 'zstd'],
  ['gzip, zstd;q=0.9', 'gzip'],
  ['zstd;q=0, gzip;q=0.1', 'gzip'],
  ['*', 'zstd'],
  ['zstd;q=0, *', 'gzip'],
  ['identity, gzip;q=0.5', undefined],
  ['gzip;q=0', undefined],
])('Accept-Encoding: %s takes %s', (header, encoding) => {
  expect(chooseEncoding(header)).toBe(encoding);
});
