/** `?fields=`: only some names of what is answered; of a list, of each of its items. */
import * as Type from 'typebox/type';
import type { TArray, TObject, TSchema } from 'typebox/type';

/** What can be chosen from an answer. */
export interface Selectable {
  /** The member that holds the items of a list. */
  readonly list?: string;
  readonly names: readonly string[];
}

/** Members that make an answer a list, if they hold objects. */
const listNames = ['items', 'entries', 'versions'];

/** `undefined`: there is nothing to choose from. */
export function selectableOf(answer: TSchema): Selectable | undefined {
  const properties = propertiesOf(answer);
  if (properties === undefined) return undefined;
  for (const list of listNames) {
    const items = propertiesOf((properties[list] as TArray | undefined)?.items);
    if (items !== undefined) return { list, names: Object.keys(items) };
  }
  return { names: Object.keys(properties) };
}

function propertiesOf(schema: TSchema | undefined): Readonly<Record<string, TSchema>> | undefined {
  return (schema as Partial<TObject> | undefined)?.properties;
}

/** The parameter of the query. */
export function fieldsSchema({ list, names }: Selectable): TSchema {
  const one = Type.Unsafe<string>({ type: 'string', enum: [...names] });
  const of = list === undefined ? 'of the answer' : `of each of \`${list}\``;
  return Type.Array(one, { minItems: 1, description: `only these names ${of}, separated by commas` });
}

/** The body with nothing but these names; what is absent stays absent. */
export function select(body: unknown, { list }: Selectable, fields: readonly string[]): unknown {
  const chosen = new Set(fields);
  if (list === undefined) return pick(body as object, chosen);
  const items = (body as Readonly<Record<string, unknown>>)[list] as readonly object[];
  return { ...(body as object), [list]: items.map((item) => pick(item, chosen)) };
}

function pick(from: object, chosen: ReadonlySet<string>): object {
  return Object.fromEntries(Object.entries(from).filter(([name]) => chosen.has(name)));
}

/** The schema of an answer of which only some names may be there. */
export function partial(answer: TSchema, { list }: Selectable): TSchema {
  if (list === undefined) return some(answer as TObject);
  const { properties } = answer as TObject;
  const items = some((properties[list] as TArray).items as TObject);
  return { ...untitled(answer), properties: { ...properties, [list]: Type.Array(items) } } as TSchema;
}

function some(schema: TObject): TSchema {
  const { required: _required, ...rest } = untitled(schema) as TObject & { readonly required?: unknown };
  return rest as TSchema;
}

function untitled(schema: TSchema): object {
  const { title: _title, ...rest } = schema as TSchema & { readonly title?: unknown };
  return rest;
}
