/**
 * Writes what is generated from the code: `proto/openapi.json`, from that the types of the client, and pages of the
 * reference. With `--check` it writes nothing and fails when one is not current.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openapi } from '../src/protocol/rest/openapi.ts';
import { routes } from '../src/protocol/rest/routes.ts';
import { referencePages } from './reference.ts';

type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
};

const root = join(import.meta.dirname, '..');

/** Every generated file by its path, as it should be. */
export function generated(): ReadonlyMap<string, string> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const document = openapi(routes, version);
  const { schemas } = document['components'] as unknown as { schemas: Record<string, Schema> };
  return new Map([
    ['proto/openapi.json', formatted('openapi.json', JSON.stringify(document))],
    ['client/src/types.ts', formatted('types.ts', clientTypes(schemas))],
    ...referencePages(document),
  ]);
}

/** Paths of generated files that are not as they should be. */
export function outdated(): readonly string[] {
  return [...generated()].filter(([path, text]) => readOrEmpty(join(root, path)) !== text).map(([path]) => path);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function formatted(name: string, text: string): string {
  const biome = join(root, 'node_modules/.bin/biome');
  return execFileSync(biome, ['format', `--stdin-file-path=${name}`], { cwd: root, input: text, encoding: 'utf8' });
}

const header = `/**
 * The words of the API, generated from proto/openapi.json by tools/generate-api.ts. Times are milliseconds since the
 * epoch.
 */
`;

function clientTypes(schemas: Readonly<Record<string, Schema>>): string {
  const declarations = Object.entries(schemas).map(([name, schema]) =>
    schema.properties === undefined
      ? `export type ${name} = ${typeOf(schema)};`
      : `export interface ${name} ${typeOf(schema)}`,
  );
  return `${header}\n${declarations.join('\n\n')}\n`;
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' | ');
  if (schema.const !== undefined) return `'${schema.const}'`;
  if (schema.enum !== undefined) return schema.enum.map((word) => `'${word}'`).join(' | ');
  return [schema.type ?? 'object']
    .flat()
    .map((type) => typeNamed(type, schema))
    .join(' | ');
}

function typeNamed(type: string, schema: Schema): string {
  if (type === 'array') return `readonly ${grouped(typeOf(schema.items ?? {}))}[]`;
  if (type === 'object') return schema.properties === undefined ? 'Readonly<Record<string, unknown>>' : members(schema);
  return type === 'integer' ? 'number' : type;
}

function grouped(type: string): string {
  return type.includes(' | ') && !type.startsWith('{') ? `(${type})` : type;
}

function members(schema: Schema): string {
  const lines = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const optional = schema.required?.includes(name) === true ? '' : '?';
    const comment = property.description === undefined ? '' : `/** ${sentence(property.description)} */\n`;
    return `${comment}readonly ${name}${optional}: ${typeOf(property)};`;
  });
  return `{\n${lines.join('\n')}\n}`;
}

function sentence(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}.`;
}

if (import.meta.main) {
  const stale = outdated();
  if (process.argv.includes('--check')) {
    for (const path of stale) console.error(`${path} is not current; run node tools/generate-api.ts`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    const files = generated();
    for (const path of stale) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), files.get(path) ?? '');
    }
  }
}
