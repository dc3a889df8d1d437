import { Compile, Errors } from 'typebox/schema';
import { Settings } from 'typebox/system';
import type { TObject, TSchema } from 'typebox/type';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';

/** Mistakes looked for in one request; a body of 10,000 wrong operations must not cost 10,000 texts. */
const maxMistakes = 100;
Settings.Set({ maxErrors: maxMistakes });

/** What a mistake is looked for in; the first segment of each diagnostic's subject. */
export type Part = 'body' | 'query';

interface Mistake {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A schema, compiled when it is first needed. */
export class Validator {
  readonly #schema: TSchema;
  readonly #part: Part;
  #compiled: { Check(value: unknown): boolean; Errors(value: unknown): unknown } | undefined;

  constructor(schema: TSchema, part: Part) {
    this.#schema = schema;
    this.#part = part;
  }

  /** Throws `invalid` with every mistake and its place, up to 100; a value is never quoted. */
  check(value: unknown): void {
    this.#compiled ??= Compile(this.#schema);
    if (this.#compiled.Check(value)) return;
    const [, mistakes] = this.#compiled.Errors(value) as [boolean, readonly Mistake[]];
    const diagnostics = explain(settleUnions(this.#schema, value, mistakes), this.#part);
    throw new PlumbError('invalid', `the ${this.#part} is not what this resource takes`, { diagnostics });
  }
}

/** Every mistake once, in the words of the API. */
function explain(mistakes: readonly Mistake[], part: Part): readonly Diagnostic[] {
  const seen = new Set<string>();
  return mistakes
    .flatMap((mistake) => toDiagnostics(mistake, part))
    .filter((diagnostic) => {
      const text = `${diagnostic.subject} ${diagnostic.message}`;
      return !seen.has(text) && seen.add(text);
    });
}

/**
 * A validator tells the mistakes of every alternative of a union. Kept are those of the alternative that
 * was meant, by its member `op`; where none was, one mistake that lists what `op` can be.
 */
function settleUnions(schema: TSchema, value: unknown, mistakes: readonly Mistake[]): readonly Mistake[] {
  return mistakes.flatMap((mistake) => {
    if (mistake.schemaPath.includes('/anyOf/')) return [];
    if (mistake.keyword !== 'anyOf') return [mistake];
    const union = follow(schema, mistake.schemaPath.slice(1)) as { readonly anyOf: readonly TObject[] };
    return mistakesOfMeant(union.anyOf, follow(value, mistake.instancePath), mistake);
  });
}

function mistakesOfMeant(alternatives: readonly TObject[], value: unknown, mistake: Mistake): readonly Mistake[] {
  const { instancePath } = mistake;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [{ ...mistake, keyword: 'type', params: { type: 'object' } }];
  }
  const written = (value as { readonly op?: unknown }).op;
  const meant = alternatives.find((alternative) => opsOf(alternative).includes(written));
  if (meant === undefined) {
    const allowedValues = alternatives.flatMap(opsOf);
    return [{ ...mistake, keyword: 'enum', instancePath: `${instancePath}/op`, params: { allowedValues } }];
  }
  const [, found] = Errors(meant, value) as [boolean, readonly Mistake[]];
  return found.map((inner) => ({ ...inner, instancePath: instancePath + inner.instancePath }));
}

function opsOf(alternative: TObject): readonly unknown[] {
  const op = alternative.properties['op'] as
    | { readonly const?: unknown; readonly enum?: readonly unknown[] }
    | undefined;
  return op?.enum ?? [op?.const];
}

function follow(from: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce((at, name) => (at as Record<string, unknown> | undefined)?.[name], from);
}

type Explain = (mistake: Mistake) => readonly (readonly [place: string, message: string])[];
const here =
  (message: (params: Mistake['params']) => string): Explain =>
  ({ instancePath, params }) => [[instancePath, message(params)]];
const each =
  (param: string, message: string): Explain =>
  ({ instancePath, params }) =>
    (params[param] as readonly string[]).map((name) => [`${instancePath}/${name.slice(0, 100)}`, message]);

/** Keyword of JSON Schema → what to say; `boolean` repeats what `additionalProperties` says. */
const explanations: Readonly<Record<string, Explain>> = {
  boolean: () => [],
  type: here((params) => `expected ${[params['type']].flat().join(' or ')}`),
  enum: here((params) => `expected one of ${(params['allowedValues'] as readonly unknown[]).join(', ')}`),
  const: here((params) => `expected ${String(params['allowedValue'])}`),
  required: each('requiredProperties', 'is missing'),
  additionalProperties: each('additionalProperties', 'there is no such name here'),
  minimum: here((params) => `expected at least ${String(params['limit'])}`),
  maximum: here((params) => `expected at most ${String(params['limit'])}`),
  uniqueItems: here(() => 'expected each only once'),
  minItems: here((params) => `expected at least ${String(params['limit'])}`),
  maxItems: here((params) => `expected at most ${String(params['limit'])}`),
};

function toDiagnostics(mistake: Mistake, part: Part): Diagnostic[] {
  const told = explanations[mistake.keyword] ?? here(() => mistake.message);
  return told(mistake).map(([place, message]) => ({ subject: part + place, message }));
}

/** The text of a query as its schema has it: numbers and flags are no text. What does not convert is left for the validator to refuse. */
export function convertQuery(schema: TObject, query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const converted = Object.create(null) as Record<string, unknown>;
  for (const [name, written] of Object.entries(query)) {
    const property: unknown = Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
    converted[name] = convert((property as { type?: string } | undefined)?.type, written);
  }
  return converted;
}

function convert(type: string | undefined, written: unknown): unknown {
  if (type === 'integer' && typeof written === 'string' && /^\d{1,16}$/.test(written)) return Number(written);
  if (type === 'array') return [written].flat().flatMap((one) => String(one).split(','));
  if (type === 'boolean' && (written === 'true' || written === 'false')) return written === 'true';
  return written;
}
