/**
 * Answers as YAML (RFC 9512): block style, two spaces. Every text is in double quotes, so that it is the same text for
 * a parser of YAML 1.1, to which `no` is false and `1:30` a number.
 */

/** `data` is what JSON can say; `undefined` members are left out. Ends with a line break. */
export function printYaml(data: unknown): string {
  return isCollection(data) && !isEmpty(data) ? lines(data, '').join('\n').concat('\n') : `${scalar(data)}\n`;
}

function lines(data: object, indent: string): string[] {
  if (Array.isArray(data)) {
    return data.flatMap((item: unknown) => {
      if (!isCollection(item) || isEmpty(item)) return [`${indent}- ${scalar(item)}`];
      const [first = '', ...rest] = lines(item, `${indent}  `);
      return [`${indent}- ${first.slice(indent.length + 2)}`, ...rest];
    });
  }
  return Object.entries(data).flatMap(([name, member]: [string, unknown]) => {
    if (member === undefined) return [];
    const head = `${indent}${nameOf(name)}:`;
    if (!isCollection(member) || isEmpty(member)) return [`${head} ${scalar(member)}`];
    return [head, ...lines(member, `${indent}  `)];
  });
}

function isCollection(data: unknown): data is object {
  return typeof data === 'object' && data !== null;
}

function isEmpty(data: object): boolean {
  return Array.isArray(data) ? data.length === 0 : Object.values(data).every((member) => member === undefined);
}

function scalar(data: unknown): string {
  if (typeof data === 'string') return quoted(data);
  if (typeof data === 'number') return numberText(data);
  if (isCollection(data)) return Array.isArray(data) ? '[]' : '{}';
  return data === undefined ? 'null' : JSON.stringify(data);
}

/** YAML 1.1 knows an exponent only behind a point. */
function numberText(data: number): string {
  return JSON.stringify(data).replace(/^(-?\d+)e/, '$1.0e');
}

/** Names that no version of YAML takes for anything but text. */
const plainName = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const words = /^(?:y|n|yes|no|on|off|true|false|null)$/i;

function nameOf(name: string): string {
  return plainName.test(name) && !words.test(name) ? name : quoted(name);
}

/** What YAML may not have as it is, or takes for a line break; JSON escapes the rest of it. */
const hidden = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** A text of JSON is one of YAML. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    hidden,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
