/** Texts to try a parser with: pieces of real ones, put together wrongly. Everything follows from a seed. */

/** Numbers below a bound, always the same ones for a seed (mulberry32). */
export function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** What means something in one format or another. */
export const tokens: readonly string[] = [
  ...[
    '"',
    "'",
    '`',
    '\\',
    '\n',
    '\r',
    '\r\n',
    '\t',
    ' ',
    '\f',
    '\v',
    '\0',
    '\u0001',
    '\u0085',
    '\u00a0',
    '\u2028',
    '\uFEFF',
  ],
  ...[
    '\uD800',
    '\uDC00',
    '\uFFFE',
    '🌍',
    'é',
    'e\u0301',
    '=',
    ':',
    '::',
    ',',
    ';',
    '#',
    '!',
    '$',
    '${',
    '$${',
    '%{',
    '%%{',
    '}',
  ],
  ...[
    '{',
    '[',
    ']',
    '(',
    ')',
    '<',
    '>',
    '&',
    '|',
    '*',
    '?',
    '~',
    '-',
    '- ',
    '? ',
    ': ',
    '---\n',
    '...\n',
    '.',
    '..',
    '__',
    '@',
  ],
  ...[
    '\\u0041',
    '\\ud83c',
    '\\U0001F30D',
    '\\x41',
    '\\"',
    "\\'",
    '\\\\',
    '\\\n',
    '\\\r\n',
    '\\n',
    '\\u',
    '\\u00',
    '\\',
    '""',
    "''",
  ],
  ...[
    '"""',
    "'''",
    '<<EOT\n',
    '<<-EOT\n',
    '\nEOT\n',
    '//',
    '/*',
    '*/',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<?x ?>',
    '&amp;',
    '&#1;',
  ],
  ...[
    '&x;',
    '<!DOCTYPE properties [',
    '<entry key="a">',
    '</entry>',
    '<properties>',
    '</properties>',
    '<entry key="a"/>',
    '<a>',
    '</a>',
  ],
  ...[
    'export ',
    'A=',
    'A="',
    "A='",
    'A: ',
    'a.b = ',
    '[a]\n',
    '[[a]]\n',
    '[a.b]\n',
    'name,value\n',
    '"a": ',
    '{"a": {',
    '&a ',
    '*a',
    '!!str ',
  ],
  ...[
    'null',
    'true',
    'false',
    '0',
    '-1',
    '1e3',
    '0x1F',
    '.5',
    '1_000',
    '2024-01-01',
    '__proto__',
    'constructor',
    '|\n  ',
    '>-\n  ',
    '<<: ',
  ],
  ...['apiVersion: v1\n', 'kind: Secret\n', 'data:\n', 'stringData:\n', 'metadata: {name: a}\n', 'YQ=='],
];

/** One to eight changes of a text from the corpus: pieces gone, doubled, moved, from elsewhere, or out of thin air. */
export function mutated(texts: readonly string[], next: (bound: number) => number): string {
  const pick = (): string => texts[next(texts.length)] ?? '';
  let text = pick();
  for (let changes = 1 + next(8); changes > 0; changes -= 1) {
    const from = next(text.length + 1);
    const to = Math.min(text.length, from + next(next(4) === 0 ? 200 : 8));
    const other = pick();
    const at = next(other.length + 1);
    const token = tokens[next(tokens.length)] ?? '';
    const piece = [
      '',
      text.slice(from, to).repeat(2),
      token,
      token.repeat(1 + next(20)),
      other.slice(at, at + next(60)),
      String.fromCharCode(next(next(2) === 0 ? 128 : 65_536)),
    ][next(6)];
    text = text.slice(0, from) + (piece ?? '') + text.slice(to);
    if (text.length > 20_000) text = text.slice(0, 20_000);
  }
  return text;
}
