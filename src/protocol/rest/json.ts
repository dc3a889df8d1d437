/**
 * Strict JSON for request bodies: what `JSON.parse` passes over in silence is refused with its place.
 * On the way of every write: one pass over the structure, strings skipped whole, no allocation per value.
 */
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';

/** Deeper nesting is refused; no body of the API needs more than 5. */
export const maxJsonDepth = 32;

const refusedNames = new Set(['__proto__', 'constructor']);
/** From this many names on, a set finds duplicates faster than a list. */
const manyNames = 16;

const quote = 0x22;
const backslash = 0x5c;

/**
 * The value of a body. Throws `invalid`, with a diagnostic that names the line and column, on bytes that
 * are no UTF-8, on broken JSON, on nesting deeper than {@link maxJsonDepth}, on a name given twice in one
 * object, on the names `__proto__` and `constructor`, and on an unpaired surrogate. Never quotes the text.
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes);
  new Scanner(text).scan();
  const value = parse(text);
  if (text.includes('\\u')) checkSurrogates(value);
  return value;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new PlumbError('invalid', 'the body is not valid UTF-8');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8's message quotes the text; only the offset in it may leave.
    const offset = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const at = offset === undefined ? text.length : Number(offset);
    throw refusal(text, at, at >= text.length ? 'the JSON text ends too early' : 'this is not JSON');
  }
}

function checkSurrogates(value: unknown): void {
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new PlumbError('invalid', 'a string of the body has an unpaired surrogate; text is valid Unicode');
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    checkSurrogates(name);
    checkSurrogates(member);
  }
}

function refusal(text: string, at: number, message: string): PlumbError {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const diagnostic: Diagnostic = { message, subject: 'body', line, column: at - before.lastIndexOf('\n') };
  return new PlumbError('invalid', 'the body is not acceptable JSON', { diagnostics: [diagnostic] });
}

/** Names of one open object, `null` for an open array. */
type Names = string[] | Set<string> | null;

/** Sound on text that is no JSON too: whatever it passes over, `JSON.parse` refuses afterwards. */
class Scanner {
  readonly #text: string;
  readonly #open: Names[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  scan(): void {
    const text = this.#text;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === quote) at = this.#string(at);
      else if (code === 0x7b) this.#enter(at, []);
      else if (code === 0x5b) this.#enter(at, null);
      else if (code === 0x7d || code === 0x5d) this.#open.pop();
    }
  }

  #enter(at: number, names: Names): void {
    if (this.#open.length >= maxJsonDepth) throw refusal(this.#text, at, `nested deeper than ${maxJsonDepth} levels`);
    this.#open.push(names);
  }

  /** Takes the string that starts at `start`; answers where its closing quote is. */
  #string(start: number): number {
    const text = this.#text;
    let end = text.indexOf('"', start + 1);
    while (end !== -1 && this.#escaped(start, end)) end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
    let next = end + 1;
    while (text.charCodeAt(next) <= 0x20) next += 1;
    if (text.charCodeAt(next) === 0x3a) this.#name(start, end);
    return end;
  }

  #escaped(start: number, at: number): boolean {
    let backslashes = 0;
    while (at - 1 - backslashes > start && this.#text.charCodeAt(at - 1 - backslashes) === backslash) backslashes += 1;
    return backslashes % 2 === 1;
  }

  #name(start: number, end: number): void {
    const names = this.#open.at(-1);
    if (names === undefined || names === null) return;
    const written = this.#text.slice(start + 1, end);
    const name = written.includes('\\') ? decodeName(this.#text.slice(start, end + 1)) : written;
    if (refusedNames.has(name)) throw refusal(this.#text, start, `${name} cannot be a name`);
    if (Array.isArray(names) ? names.includes(name) : names.has(name)) {
      throw refusal(this.#text, start, 'a name is given twice in one object');
    }
    if (!Array.isArray(names)) names.add(name);
    else if (names.length < manyNames) names.push(name);
    else this.#open[this.#open.length - 1] = new Set([...names, name]);
  }
}

function decodeName(written: string): string {
  try {
    return String(JSON.parse(written));
  } catch {
    return written;
  }
}
