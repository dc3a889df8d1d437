/**
 * Import and export of JSON: one flat object whose values are strings. What `JSON.parse` passes over in
 * silence is refused with its place: a name given twice, `__proto__`, and anything deeper than one level.
 */
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';

/** In bytes of UTF-8; `names` counts members of the object. */
export const jsonLimits = { file: 16 * 1024 * 1024, names: 10_000 } as const;

/** The names and values in the order of the file. Throws `invalid` with every diagnostic. */
export function readFlatJson(text: string, subject: string): ReadonlyMap<string, string> {
  const reader = new FlatJsonReader(text.startsWith('\uFEFF') ? text.slice(1) : text, subject);
  const { members, diagnostics } = reader.read();
  if (diagnostics.length > 0) {
    throw new PlumbError('invalid', `${subject} is not a flat JSON object of strings`, { diagnostics });
  }
  return members;
}

/** One member a line, in the order given, with a line feed at the end. Throws `invalid` for `__proto__` and names given twice. */
export function printFlatJson(entries: Iterable<readonly [name: string, value: string]>): string {
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const [name, value] of entries) {
    if (name === '__proto__' || seen.has(name)) {
      throw new PlumbError('invalid', `${name} ${seen.has(name) ? 'is given twice' : 'cannot be a name in JSON'}`);
    }
    seen.add(name);
    lines.push(`  ${JSON.stringify(name)}: ${JSON.stringify(value)}`);
  }
  return lines.length === 0 ? '{}\n' : `{\n${lines.join(',\n')}\n}\n`;
}

const stringStop = /["\\\u0000-\u001f]/g;
const scalarPattern = /-?\d[\d.eE+-]*|true|false|null/y;

/** A wrong value is reported and passed over; a mistake in the grammar ends the reading. */
class FlatJsonReader {
  readonly #text: string;
  readonly #subject: string;
  readonly #members = new Map<string, string>();
  readonly #diagnostics: Diagnostic[] = [];
  #at = 0;

  constructor(text: string, subject: string) {
    this.#text = text;
    this.#subject = subject;
  }

  read(): { members: ReadonlyMap<string, string>; diagnostics: readonly Diagnostic[] } {
    if (this.#accept('{') || this.#fail('an object')) {
      const complete = this.#accept('}') || this.#readMembers();
      if (complete && this.#peek() !== '') this.#fail('nothing behind the object');
    }
    return { members: this.#members, diagnostics: this.#diagnostics };
  }

  #readMembers(): boolean {
    do {
      if (!this.#readMember()) return false;
    } while (this.#accept(','));
    return this.#accept('}') || this.#fail(', or }');
  }

  #readMember(): boolean {
    this.#skipBlanks();
    const nameAt = this.#at;
    const name = this.#string();
    if (name === undefined) return this.#fail('a name in double quotes');
    if (!this.#accept(':')) return this.#fail(':');
    this.#skipBlanks();
    const valueAt = this.#at;
    const value = this.#string();
    if (value === undefined) return this.#passOver(name, valueAt);
    if (name === '__proto__') this.#report(nameAt, '__proto__ cannot be a name');
    else if (this.#members.has(name)) this.#report(nameAt, `${JSON.stringify(name)} is given twice`);
    this.#members.set(name, value);
    if (this.#members.size === jsonLimits.names + 1)
      this.#report(nameAt, `more than ${jsonLimits.names} names in one file`);
    return true;
  }

  /** A value that is no string: said, and left out, so that the next mistakes are found too. */
  #passOver(name: string, at: number): boolean {
    const first = this.#text[at] ?? '';
    if (first === '{' || first === '[') {
      this.#report(
        at,
        `the value of ${JSON.stringify(name)} must be a string, found ${first === '{' ? 'an object' : 'an array'}; only one level is read`,
      );
      return this.#skipNested();
    }
    scalarPattern.lastIndex = at;
    const scalar = scalarPattern.exec(this.#text)?.[0];
    if (scalar === undefined) return this.#fail('a value in double quotes');
    this.#report(at, `the value of ${JSON.stringify(name)} must be a string: put it in double quotes`);
    this.#at = at + scalar.length;
    return true;
  }

  #skipNested(): boolean {
    let depth = 0;
    do {
      const next = this.#peek();
      if (next === '') return this.#fail('a closing bracket');
      if (next === '"') {
        if (this.#string() === undefined) return this.#fail('a string');
        continue;
      }
      if (next === '{' || next === '[') depth += 1;
      if (next === '}' || next === ']') depth -= 1;
      this.#at += 1;
    } while (depth > 0);
    return true;
  }

  /** The string that starts here, or `undefined` where none does; then nothing is consumed. */
  #string(): string | undefined {
    if (this.#peek() !== '"') return undefined;
    for (let from = this.#at + 1; ; ) {
      stringStop.lastIndex = from;
      const found = stringStop.exec(this.#text);
      if (found === null || found[0] < ' ') return undefined;
      from = found.index + (found[0] === '"' ? 1 : 2);
      if (found[0] === '"') return this.#decode(from);
    }
  }

  #decode(end: number): string | undefined {
    try {
      const value: unknown = JSON.parse(this.#text.slice(this.#at, end));
      this.#at = end;
      return typeof value === 'string' ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #accept(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }

  #peek(): string {
    this.#skipBlanks();
    return this.#text[this.#at] ?? '';
  }

  #skipBlanks(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #fail(expected: string): false {
    this.#report(this.#at, `expected ${expected}`);
    return false;
  }

  #report(at: number, message: string): void {
    const before = this.#text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    if (this.#diagnostics.length < 100) this.#diagnostics.push({ message, subject: this.#subject, line, column });
  }
}
