import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlumbError } from './errors.ts';
import {
  comparePaths,
  folderOf,
  isBelow,
  joinPath,
  nameOf,
  parseAnyPath,
  parseDeclaredName,
  parseEnvironmentName,
  parseFolder,
  parsePath,
  pathLimits,
  placeOf,
  segmentsOf,
  utf8Length,
} from './path.ts';

/** What a call threw: `code: message`, or `accepted`. */
function outcome(act: () => unknown): string {
  try {
    act();
    return 'accepted';
  } catch (error) {
    return error instanceof PlumbError ? `${error.code}: ${error.message}` : `not ours: ${String(error)}`;
  }
}

const deep = (segments: number) => Array.from({ length: segments }, () => 's').join('/');

test.each([
  'a',
  'changelog/production/DB_HOST',
  'with space/and-dash/and.dot/.hidden/...',
  'Größe/名前/🔑',
  'a\\b/${c}:d*',
  'a'.repeat(pathLimits.bytes - 1),
  'a'.repeat(pathLimits.bytes),
  'é'.repeat(pathLimits.bytes / 2),
  deep(pathLimits.segments - 1),
  deep(pathLimits.segments),
  'system/x',
  'a/sys/auth',
])('accepts %j', (text) => {
  expect(parsePath(text)).toBe(text);
});

test.each([
  ['', 'invalid: a path must not be empty'],
  ['/a', 'invalid: a path has no empty segment'],
  ['a/', 'invalid: a path has no empty segment'],
  ['a//b', 'invalid: a path has no empty segment'],
  ['/', 'invalid: a path has no empty segment'],
  ['.', 'invalid: a segment must not be . or ..'],
  ['a/../b', 'invalid: a segment must not be . or ..'],
  ['a/..', 'invalid: a segment must not be . or ..'],
  ['a/./b', 'invalid: a segment must not be . or ..'],
  ['a'.repeat(pathLimits.bytes + 1), 'too-large: a path has at most 1024 bytes'],
  [`${'é'.repeat(pathLimits.bytes / 2)}a`, 'too-large: a path has at most 1024 bytes'],
  [deep(pathLimits.segments + 1), 'too-large: a path has at most 32 segments, this one has 33'],
  ['a\u0000b', unseen('U+0000')],
  ['a\nb', unseen('U+000A')],
  ['a\u007fb', unseen('U+007F')],
  ['a\u0085b', unseen('U+0085')],
  ['a\u202eb', unseen('U+202E')],
  ['a\u200bb', unseen('U+200B')],
  ['a\u00adb', unseen('U+00AD')],
  ['\ufeffa', unseen('U+FEFF')],
  ['a\u00a0b', unseen('U+00A0')],
  ['a\u3164b', unseen('U+3164')],
  ['a\ufe0fb', unseen('U+FE0F')],
  ['a\u{e0061}b', unseen('U+E0061')],
  ['a\ud800b', unseen('U+D800')],
  ['a/\udc00', unseen('U+DC00')],
  ['e\u0301', 'invalid: a path must be in Unicode normal form C'],
  ['sys', 'invalid: the first segment sys is reserved and holds no entries'],
  ['auth/tokens', 'invalid: the first segment auth is reserved and holds no entries'],
  ['identity/person/ada', 'invalid: the first segment identity is reserved and holds no entries'],
  ['cubbyhole/x', 'invalid: the first segment cubbyhole is reserved and holds no entries'],
])('refuses %j', (text, message) => {
  expect(outcome(() => parsePath(text))).toBe(message);
});

function unseen(found: string): string {
  return `invalid: a path must not contain control, bidirectional or invisible characters, found ${found}`;
}

test('policies may name what is reserved, and a folder may be the root', () => {
  expect(parseAnyPath('sys/policies/x')).toBe('sys/policies/x');
  expect(parseFolder('')).toBe('');
  expect(outcome(() => parseFolder('sys'))).toBe('invalid: the first segment sys is reserved and holds no entries');
});

test('whatever is accepted is well-formed, normal and within the limits', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 1 }), fc.constantFrom('/', '.', 'e\u0301', '\u202e')),
        maxLength: 20,
      }),
      (text) => {
        fc.pre(outcome(() => parseAnyPath(text)) === 'accepted');
        const bytes = new TextEncoder().encode(text);
        expect(new TextDecoder().decode(bytes)).toBe(text);
        expect(text.normalize('NFC')).toBe(text);
        expect(bytes.length).toBeLessThanOrEqual(pathLimits.bytes);
        expect(text.split('/').every((segment) => !['', '.', '..'].includes(segment))).toBe(true);
      },
    ),
    { numRuns: 300, seed: 1 },
  );
});

test('order is that of the bytes', () => {
  const unit = fc.constantFrom(
    'a',
    'b',
    '/',
    '.',
    '\u00e9',
    '\u07ff',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
  );
  const text = fc.string({ unit, maxLength: 5 });
  fc.assert(
    fc.property(text, text, (left, right) => {
      expect(Math.sign(comparePaths(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
      expect(utf8Length(left)).toBe(Buffer.byteLength(left));
    }),
    { numRuns: 1000, seed: 1 },
  );
});

test('parts of a path', () => {
  const path = parsePath('changelog/production/db/HOST');
  expect(folderOf(path)).toBe('changelog/production/db');
  expect(folderOf('a')).toBe('');
  expect(nameOf(path)).toBe('HOST');
  expect(nameOf('a')).toBe('a');
  expect(segmentsOf(path)).toEqual(['changelog', 'production', 'db', 'HOST']);
  expect(segmentsOf('')).toEqual([]);
  expect(joinPath('', 'a/b')).toBe('a/b');
  expect(joinPath(folderOf(path), 'PORT')).toBe('changelog/production/db/PORT');
  expect(outcome(() => joinPath(folderOf(path), '../x'))).toBe('invalid: a segment must not be . or ..');
});

test('a path seen from its environment', () => {
  expect(placeOf('a')).toBeUndefined();
  expect(placeOf('a/b')).toEqual({ project: 'a', environment: 'a/b', relative: '' });
  expect(placeOf('a/b/c/d')).toEqual({ project: 'a', environment: 'a/b', relative: 'c/d' });
});

test.each([
  ['a/b', 'a', true],
  ['a/b/c', 'a', true],
  ['a', 'a', false],
  ['ab/c', 'a', false],
  ['a', '', true],
])('%s stands below %j: %s', (path, folder, expected) => {
  expect(isBelow(path, folder)).toBe(expected);
});

test('declared names', () => {
  expect(parseDeclaredName('change-log-2')).toBe('change-log-2');
  expect(parseEnvironmentName('changelog/production')).toBe('changelog/production');
  const refused = 'invalid: a project or environment is named by 1 to 63 of a-z 0-9 -';
  for (const name of ['', 'A', 'a_b', 'a/b', 'sys', 'a'.repeat(64)])
    expect(outcome(() => parseDeclaredName(name))).toBe(refused);
  expect(parseDeclaredName('a'.repeat(63))).toHaveLength(63);
  for (const name of ['a', 'a/b/c']) {
    expect(outcome(() => parseEnvironmentName(name))).toBe('invalid: an environment is named <project>/<environment>');
  }
  expect(outcome(() => parseEnvironmentName('a/B'))).toBe(refused);
});
