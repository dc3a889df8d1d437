/** The pages of the reference that are made from the code. (Those of the commands are made by test/scripts.) */
import { flagOf, variableOf } from '../src/domain/options.ts';
import type { Option } from '../src/domain/options.ts';
import { optionNames, options, prefix } from '../src/server/options.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
}
interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema?: { readonly $ref?: string } }>>;
  };
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly $ref?: string }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly parameters?: Readonly<Record<string, Parameter>> };
}

/** Every page by its path, given what openapi.json is to be. */
export function referencePages(openapi: object): readonly (readonly [path: string, text: string])[] {
  return [
    ['docs/reference/server-options.md', serverOptions()],
    ['docs/reference/rest.md', rest(openapi as Document)],
  ];
}

function serverOptions(): string {
  const rows = optionNames.map((name) => {
    const option: Option<unknown> = options[name];
    return row([`\`${flagOf(name)}\``, `\`${variableOf(prefix, name)}\``, `\`${name}\``, option.default, option.doc]);
  });
  return page('Options of the server', 'tools/generate-api.ts, from src/server/options.ts', [
    'A flag wins over the environment, that over the file. `DATA` stands for the folder that `data` names.',
    ['| flag | variable | in the file | default | |', '|---|---|---|---|---|', ...rows].join('\n'),
  ]);
}

function rest({ paths, components }: Document): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );
  const sections = operations.map(({ path, method, summary, description, parameters = [], requestBody, responses }) => {
    const known = parameters.flatMap((one) => {
      const parameter = '$ref' in one ? components.parameters?.[one.$ref.split('/').at(-1) ?? ''] : one;
      return parameter === undefined ? [] : [parameter];
    });
    const rows = known.map((one) =>
      row([`\`${one.name}\``, one.required === true ? `${one.in}, required` : one.in, one.description ?? '']),
    );
    const body = Object.values(requestBody?.content ?? {})[0]
      ?.schema?.$ref?.split('/')
      .at(-1);
    const statuses = Object.keys(responses).join(', ');
    return [
      `## \`${method} ${path}\``,
      `${summary}.${description === undefined ? '' : ` ${description}`}`,
      ...(rows.length === 0 ? [] : [['| parameter | in | |', '|---|---|---|', ...rows].join('\n')]),
      `${body === undefined ? '' : `Body: \`${body}\`. `}Answers: ${statuses}.`,
    ].join('\n\n');
  });
  return page('Operations of the API', 'tools/generate-api.ts, from proto/openapi.json', [
    'The shapes are in [openapi.json](../../proto/openapi.json).',
    ...sections,
  ]);
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function page(title: string, from: string, parts: readonly string[]): string {
  return `${[`# ${title}`, `<!-- Made by ${from}. -->`, ...parts].join('\n\n')}\n`;
}
