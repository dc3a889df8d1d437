/** What a format promises about every text, however damaged: tried with one text and some edits of it. */
import type { Diagnostic } from '#domain/errors';
import type { Edit, Format, Parsed, ParsedEntry } from '#format/format';
import { PlumbError } from '#domain/errors';
import { valuesOf } from '#format/edit';
import { staysInPlace } from './places.ts';

export interface Trial {
  readonly text: string;
  readonly edits: readonly Edit[];
}

/** A value that no message may say. */
export const secret = 's3cret-VALUE';

const subject = 'file';

/** Throws what the format does wrong; its message starts with what is promised, before a colon. */
export function tryText(format: Format, { text, edits }: Trial): void {
  const parsed = format.parse(text, subject);
  checkParsed(text, parsed);
  checkUnchanged(format, text, parsed);
  checkPrinted(format, parsed);
  checkEdits(format, { text, parsed, edits });
  for (const edit of edits) checkPlace(format, { text, parsed, edit });
}

/** Everything has a place in the text; what has no value has a diagnostic. */
function checkParsed(text: string, { entries, diagnostics }: Parsed): void {
  const lines = text.split(/\n|\r(?!\n)/);
  const lone = /\r(?!\n)/.test(text);
  for (const { line, column } of [...entries, ...diagnostics.filter(hasPlace)]) {
    const length = (lone ? text : lines[(line ?? 0) - 1])?.length ?? -1;
    const fits = line !== undefined && column !== undefined && line >= 1 && line <= lines.length && column >= 1;
    if (!fits || column > length + 1) throw new Error(`places are in the text: ${line}:${column}`);
  }
  if (diagnostics.length === 0 && entries.some(({ value }) => value === null)) {
    throw new Error('what has no value has a diagnostic');
  }
}

/** All but the line that counts the ones that are not listed. */
function hasPlace({ message, line }: Diagnostic): boolean {
  return line !== undefined || !/^and \d+ more problems$/.test(message);
}

/** No edit, and one to the value that is there, change nothing. */
function checkUnchanged(format: Format, text: string, { entries, diagnostics }: Parsed): void {
  const whole = diagnostics.length === 0;
  const same = orRefused(() => format.edit(text, [], subject), whole);
  if ((same ?? text) !== text) throw new Error('no edit changes nothing');
  for (const { name, value } of whole ? [entries[0], entries.at(-1)].filter((one) => one !== undefined) : []) {
    const again = orRefused(() => format.edit(text, [[name, value]], subject), whole);
    if ((again ?? text) !== text) throw new Error('the value that is there changes nothing');
  }
}

/** What was read is printed so that it reads the same, and prints the same again. */
function checkPrinted(format: Format, { entries, diagnostics }: Parsed): void {
  if (diagnostics.length > 0) return;
  const printed = orRefused(() => format.print(entries.map((one) => ({ ...one, value: one.value ?? '' }))), true);
  if (printed === undefined) return;
  const again = format.parse(printed, subject);
  if (again.diagnostics.length > 0 || !isSame(facts(again.entries), facts(entries))) {
    throw new Error('what was printed is read as the same');
  }
  if (format.print(again.entries.map((one) => ({ ...one, value: one.value ?? '' }))) !== printed) {
    throw new Error('what was printed prints the same');
  }
}

interface EditOf {
  readonly text: string;
  readonly parsed: Parsed;
}

/** Edits do what they say, once, and nothing else. */
function checkEdits(format: Format, { text, parsed, edits }: EditOf & Pick<Trial, 'edits'>): void {
  const whole = parsed.diagnostics.length === 0;
  const result = orRefused(() => format.edit(text, edits, subject), whole);
  if (result === undefined) return;
  const after = format.parse(result, subject);
  checkParsed(result, after);
  const found = valuesOf(after.entries);
  const expected = valuesOf(parsed.entries);
  const wanted = new Map(edits.map((edit) => [edit[0], edit]));
  for (const [name, [, value]] of wanted) {
    if ((found.get(name) ?? null) !== value) throw new Error('an edit reads as asked');
    if (value === null) expected.delete(name);
    else expected.set(name, value);
  }
  const before = new Set(parsed.entries.map(({ name }) => name));
  for (const { name, secret: is } of after.entries) {
    const asked = wanted.get(name)?.[2];
    // One that is a secret already stays one.
    const wrong = asked === true ? is === false : asked === false && is === true && !before.has(name);
    if (wrong) throw new Error('a secret stands where secrets do');
  }
  if (whole && (after.diagnostics.length > 0 || !isSame(found, expected))) {
    throw new Error('an edit changes nothing else: a value');
  }
  for (const [name, value] of expected) {
    if (value !== null && found.get(name) !== value) throw new Error('an edit changes nothing else: a damaged text');
  }
  if (format.edit(result, edits, subject) !== result) throw new Error('an edit is made once');
}

function checkPlace(format: Format, { text, parsed, edit }: EditOf & { readonly edit: Edit }): void {
  const after = orRefused(() => format.edit(text, [edit], subject), parsed.diagnostics.length === 0);
  if (after === undefined) return;
  // A value that becomes a secret, or is none any more, moves to where those are.
  if (edit[2] !== undefined && parsed.entries.some(({ name }) => name === edit[0])) return;
  const { entries } = format.parse(after, subject);
  if (!staysInPlace({ before: { text, entries: parsed.entries }, after: { text: after, entries }, name: edit[0] })) {
    throw new Error('an edit changes nothing else: a place');
  }
}

/** `undefined` for a refusal that is one: with a code, a reason, and no value. */
function orRefused(act: () => string, whole: boolean): string | undefined {
  let refusal: unknown;
  try {
    return act();
  } catch (error) {
    refusal = error;
  }
  if (!(refusal instanceof PlumbError)) throw refusal;
  const { code, message, diagnostics, hint } = refusal;
  if (code !== 'invalid' && (whole || code !== 'corrupt')) throw new Error(`a refusal has its code: ${code}`);
  if (diagnostics.length === 0) throw new Error(`a refusal says why: ${message}`);
  if (JSON.stringify([message, hint, diagnostics]).includes(secret)) throw new Error('a refusal says no value');
  return undefined;
}

/** Name → value, and whether it stands with the secrets. */
function facts(entries: readonly ParsedEntry[]): Map<string, string> {
  return new Map(entries.map((one) => [one.name, JSON.stringify([one.value, one.secret])]));
}

function isSame<V>(a: ReadonlyMap<string, V>, b: ReadonlyMap<string, V>): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}
