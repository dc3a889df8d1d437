/** How the time of a parser grows with its text, for shapes of text that are hard on parsers. */
import type { Format } from '#format/format';

interface Shape {
  readonly start?: string;
  readonly again: string;
  readonly end?: string;
}

const every: readonly Shape[] = [
  ...[
    ' ',
    '\t',
    '\n',
    '\r',
    '\r\n',
    '"',
    "'",
    '`',
    '\\',
    '=',
    ':',
    ',',
    '#',
    ';',
    '$',
    '%',
    '{',
    '}',
    '[',
    ']',
    '<',
    '>',
    '&',
    '-',
    '.',
  ],
  ...[
    'x',
    'é',
    '🌍',
    '\u0001',
    '\0',
    'x\n',
    'x=',
    'x=\n',
    'x=y\n',
    'x="y"\n',
    "x='y'\n",
    'x: y\n',
    'x: "y"\n',
    'x = "y"\n',
    '[x]\n',
    '[[x]]\n',
  ],
  ...[
    'x="\n',
    "x='\n",
    'x="\\\n',
    'x=\\"\n',
    'x=<<E\n',
    'x = <<E\n',
    'x = [\n',
    'x = {\n',
    'x: [\n',
    'x: {\n',
    '{"x":',
    '[{',
    '"x",\n',
    'x,"\n',
    'x,""\n',
  ],
  ...[
    '"\\',
    "'\\",
    '\\"',
    "\\'",
    '""',
    "''",
    '"""',
    "'''",
    '"""\n',
    '\\\n',
    'a\\\n',
    '$${',
    '${',
    '%{',
    '/*',
    '*/',
    '//',
    '# x\n',
    '; x\n',
    '! x\n',
  ],
  ...[
    '<a>',
    '<a',
    '</a>',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '&amp;',
    '&#65;',
    '<?',
    '<!',
    '- ',
    '? ',
    '- x\n',
    '&a ',
    '*a ',
    '!!str ',
    '---\n',
    '|\n',
    '  x\n',
  ],
  ...[
    'export x=y\n',
    'export ',
    'x.',
    'x.y=z\n',
    'x:y:',
    'x__y=z\n',
    '\\u0041',
    '\\d',
    '\uFEFF',
    '\u0085',
    '\u2028',
    'null\n',
    '0',
    '1e',
    '0x',
  ],
].map((again) => ({ again }));

/** One value or name that goes on, and documents with many names. */
const particular: readonly Shape[] = [
  ...['x', '\\d\n', '\\\n', '$', '\n', ' #', '""', '\\"'].flatMap((again) => [
    { start: 'x = <<EOT\n', again, end: '\nEOT\n' },
    { start: 'x = <<-EOT\n', again, end: '\nEOT\n' },
    { start: 'x: |\n  ', again },
    { start: 'x: >-\n  ', again },
    { start: 'x = """\n', again, end: '"""\n' },
    { start: 'a=b\\\n', again },
    { start: '<properties><!--', again, end: '--></properties>' },
  ]),
  { start: '{', again: '"x": "y",', end: '"z": "y"}' },
  { start: '{', again: '"x": 1,\n', end: '"z": "y"}' },
  { start: '{"a":{', again: '"x": {"y": "z"},', end: '"z": "y"}}' },
  { start: 'x: {', again: 'a: b, ' },
  { start: '<properties>', again: '<entry key="x">y</entry>\n', end: '</properties>' },
  { start: '<properties>', again: '<entry key="x"/>', end: '</properties>' },
  { start: '<properties>', again: '<entry>y</entry>' },
  { start: '<properties>', again: '<b><c/></b>' },
  { start: '<properties><entry key="', again: 'x', end: '">y</entry></properties>' },
  { start: 'name,value\n', again: 'x,y\n' },
  { start: 'name,value\n', again: 'x,y"z\n' },
  { start: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n', again: '  x: y\n' },
  { start: '', again: 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  x: eA==\n---\n' },
];

/** Names that differ: what is kept by name is kept apart. */
const numbered: readonly ((index: number) => string)[] = [
  (index) => `N${index}=x\n`,
  (index) => `n${index} = "x"\n`,
  (index) => `n${index}: x\n`,
  (index) => `[s${index}]\na = "x"\n`,
  (index) => `[a${index}.b${index}]\nc = 1\n`,
  (index) => `a.b${index} = 1\n`,
];

const most = 1024 * 1024;

function repeated({ start = '', again, end = '' }: Shape, length: number): string {
  return start + again.repeat(Math.ceil(length / again.length)) + end;
}

function counted(of: (index: number) => string, length: number): string {
  const pieces: string[] = [];
  for (let index = 0, size = 0; size < length; index += 1) {
    const piece = of(index);
    pieces.push(piece);
    size += piece.length;
  }
  return pieces.join('');
}

/** CPU time of this thread alone, in milliseconds. */
function cost(format: Format, text: string): number {
  const before = process.threadCpuUsage();
  format.parse(text, 'f');
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

/** Twice the text against the text, at a size where the clock means something; 0 where even the largest takes no time. */
function growth(
  format: Format,
  textOf: (length: number) => string,
  { rounds, from }: { readonly rounds: number; readonly from: number },
): number {
  let length = from;
  while (length < most && cost(format, textOf(length)) < 3) length *= 2;
  const [one, two] = [textOf(length), textOf(2 * length)];
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    times[0].push(cost(format, one));
    times[1].push(cost(format, two));
  }
  return median(times[0]) < 1 ? 0 : median(times[1]) / median(times[0]);
}

/**
 * What a busy machine does to a figure, and a step where the memory is collected once more, are gone when it is measured
 * again at another size; what grows faster than the text does so at every size.
 */
function steadyGrowth(format: Format, textOf: (length: number) => string): number {
  let least = Number.POSITIVE_INFINITY;
  for (const [rounds, from] of [
    [3, 32],
    [9, 64],
    [9, 256],
    [9, 1024],
  ] as const) {
    least = Math.min(least, growth(format, textOf, { rounds, from: from * 1024 }));
    if (least <= 2.5) return least;
  }
  return least;
}

/** The shapes whose time grows more than two and a half times while the text doubles, with how much it grows. */
export function steepShapes(format: Format): readonly string[] {
  const steep: string[] = [];
  const judge = (what: string, textOf: (length: number) => string): void => {
    const found = steadyGrowth(format, textOf);
    if (found > 2.5) steep.push(`${what}: ${found.toFixed(2)}`);
  };
  for (const shape of [...every, ...particular]) judge(JSON.stringify(shape), (length) => repeated(shape, length));
  for (const of of numbered) judge(`${JSON.stringify(of(1))}, numbered`, (length) => counted(of, length));
  return steep;
}
