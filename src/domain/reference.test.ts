import { expect, test } from 'vitest';
import { parsePath } from './path.ts';
import type { ParsedExpression } from './reference.ts';
import { expressionLimits, parseExpression, parseReference, resolveReference } from './reference.ts';

/** Literal parts as they are, references as `<written>`. */
function shown(parsed: ParsedExpression): readonly string[] {
  if (parsed.ok) return parsed.parts.map((part) => (typeof part === 'string' ? part : `<${part.written}>`));
  return parsed.diagnostics.map((one) => `${one.line}:${one.column} ${one.message}`);
}

test.each([
  ['', []],
  ['plain', ['plain']],
  ['a$b{c}', ['a$b{c}']],
  ['${A}', ['<A>']],
  ['x${A}y${B}z', ['x', '<A>', 'y', '<B>', 'z']],
  ['${A}${A}', ['<A>', '<A>']],
  ['$${A}', ['${A}']],
  ['a$${A}${B}', ['a${A}', '<B>']],
  ['${A}$${B}', ['<A>', '${B}']],
  ['$$${A}', ['$${A}']],
  ['100 $', ['100 $']],
  ['${a\\}b}', ['<a\\}b>']],
  ['line\n${A}', ['line\n', '<A>']],
])('parses %j', (text, expected) => {
  expect(shown(parseExpression(text))).toEqual(expected);
});

test.each([
  ['${', ['1:1 this reference is not closed, expected }']],
  ['a${b', ['1:2 this reference is not closed, expected }']],
  ['${a\\}', ['1:1 this reference is not closed, expected }']],
  ['${}', ['1:1 a reference must name an entry']],
  ['x\n  ${} ${/}', ['2:3 a reference must name an entry', '2:7 a path must not be empty']],
  ['${a${b}}', ['1:1 references do not stand inside references']],
  ['${db/HOST}', ['1:1 a name has no /; a path from the root of the environment begins with /']],
  ['${staging:HOST}', ['1:1 after the environment and : comes a path that begins with /']],
  ['${a/b/c:/d}', ['1:1 before : comes an environment, or a project and an environment']],
  ['${:/d}', ['1:1 a path has no empty segment']],
  ['${a:/b:c}', ['1:1 a reference has one : at most; write \\: for one in a name']],
  ['${a\\b}', ['1:1 in a reference \\ stands only before : } or \\']],
  ['${..}', ['1:1 a segment must not be . or ..']],
  ['${/a//b}', ['1:1 a path has no empty segment']],
])('finds every mistake in %j', (text, expected) => {
  expect(shown(parseExpression(text))).toEqual(expected);
});

test('diagnostics name what they are about', () => {
  expect(parseExpression('${}', 'a/b/C')).toEqual({
    ok: false,
    diagnostics: [{ subject: 'a/b/C', line: 1, column: 1, message: 'a reference must name an entry' }],
  });
});

test('references are kept as written, each once, in order', () => {
  const parsed = parseExpression('${B}${/a/B}${B}$${C}${x:/D}');
  expect(parsed).toMatchObject({ ok: true, references: ['B', '/a/B', 'x:/D'] });
});

const limit = expressionLimits.references;
test.each([
  [limit - 1, true],
  [limit, true],
  [limit + 1, false],
])('an expression with %i references is accepted: %s', (count, ok) => {
  expect(parseExpression('${A}'.repeat(count)).ok).toBe(ok);
});

test.each([
  ['NAME', 'p/e/dir/X', 'p/e/dir/NAME'],
  ['NAME', 'top', 'NAME'],
  ['NAME', 'p/X', 'p/NAME'],
  ['/db/HOST', 'p/e/dir/X', 'p/e/db/HOST'],
  ['staging:/db/HOST', 'p/e/X', 'p/staging/db/HOST'],
  ['staging:/db/HOST', 'p/X', 'p/staging/db/HOST'],
  ['shared/production:/db/HOST', 'top', 'shared/production/db/HOST'],
  ['a\\:b\\}c\\\\d', 'p/e/X', 'p/e/a:b}c\\d'],
  ['we\\:ird:/x', 'p/e/X', 'p/we:ird/x'],
])('%s read at %s is %s', (written, readAt, expected) => {
  expect(resolveReference(parseReference(written), parsePath(readAt))).toBe(expected);
});

test.each([
  ['/db/HOST', 'top'],
  ['/db/HOST', 'p/X'],
  ['staging:/HOST', 'top'],
])('%s read at %s names nothing', (written, readAt) => {
  expect(() => resolveReference(parseReference(written), parsePath(readAt))).toThrow(
    'only an entry inside an environment',
  );
});

test('what is reserved or too long cannot be referred to', () => {
  expect(() => resolveReference(parseReference('sys/policies:/x'), parsePath('p/e/X'))).toThrow('reserved');
  expect(() => resolveReference(parseReference('b'.repeat(600)), parsePath(`p/e/${'a'.repeat(600)}/X`))).toThrow(
    '1024 bytes',
  );
});
