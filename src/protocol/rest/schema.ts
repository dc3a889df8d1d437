/**
 * Small words for writing schemas. A schema is JSON Schema: it validates, types the handlers, and is
 * what OpenAPI says. A schema with a `title` becomes a component of that name.
 */
import * as Type from 'typebox/type';
import type { TObject, TProperties } from 'typebox/type';

/** An object that a client sends: unknown names are refused. */
export function closed<P extends TProperties>(properties: P, title?: string): TObject<P> {
  return Type.Object(properties, { additionalProperties: false, ...(title === undefined ? {} : { title }) });
}

/** An object that the server sends: later versions may add names. */
export function open<P extends TProperties>(properties: P, title?: string): TObject<P> {
  return Type.Object(properties, title === undefined ? {} : { title });
}

export const text = (description?: string) => Type.String(described(description));
export const flag = (description?: string) => Type.Boolean(described(description));
export const count = (description?: string, limits: { minimum?: number; maximum?: number } = {}) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, ...limits, ...described(description) });
export const time = (description = 'milliseconds since the epoch') => count(description);
export const nullable = <T>(type: string, description?: string) =>
  Type.Unsafe<T | null>({
    type: [type, 'null'],
    ...(type === 'array' ? { items: { type: 'string' } } : {}),
    ...described(description),
  });
export const oneOf = <const T extends readonly string[]>(values: T, description?: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...described(description) });
/** As {@link oneOf}, a component of that name. */
export const word = <const T extends readonly string[]>(title: string, values: T, description?: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values], title, ...described(description) });
export const facts = (description?: string) =>
  Type.Unsafe<Readonly<Record<string, unknown>>>({ type: 'object', ...described(description) });
export const optional = Type.Optional;
export const list = Type.Array;

function described(description: string | undefined): { description?: string } {
  return description === undefined ? {} : { description };
}
