/** The formats by name. Each is loaded when it is used: a command line has little time. */
import type { Format } from './format.ts';

interface FormatRow {
  readonly load: () => Promise<Format>;
  /** Of file names that are taken for this format; of several that fit, the last row's wins. */
  readonly pattern?: RegExp;
}

const rows = {
  dotenv: { load: async () => (await import('./dotenv-format.ts')).dotenv, pattern: /(^|[/.])env($|[.-])[^/]*$/ },
  'dotenv-export': { load: async () => (await import('./dotenv-format.ts')).dotenvExport },
  docker: { load: async () => (await import('./docker.ts')).docker },
  shell: { load: async () => (await import('./shell.ts')).shell, pattern: /(\.sh|(^|\/)\.envrc)$/ },
  properties: { load: async () => (await import('./properties.ts')).properties, pattern: /\.properties$/ },
  xml: { load: async () => (await import('./xml.ts')).xml, pattern: /\.xml$/ },
  ini: { load: async () => (await import('./ini.ts')).ini, pattern: /\.(ini|cfg)$/ },
  csv: { load: async () => (await import('./csv.ts')).csv, pattern: /\.csv$/ },
  tfvars: { load: async () => (await import('./tfvars.ts')).tfvars, pattern: /\.tfvars$/ },
  json: { load: async () => (await import('./json-format.ts')).json, pattern: /\.json$/ },
  'json-nested': { load: async () => (await import('./json-format.ts')).jsonNested },
  dotnet: {
    load: async () => (await import('./json-format.ts')).dotnet,
    pattern: /(^|\/)appsettings(\.[^/]*)?\.json$/i,
  },
  yaml: { load: async () => (await import('./yaml-format.ts')).yaml, pattern: /\.ya?ml$/ },
  toml: { load: async () => (await import('./toml.ts')).toml, pattern: /\.toml$/ },
  kubernetes: { load: async () => (await import('./kubernetes.ts')).kubernetes },
} as const satisfies Record<string, FormatRow>;

export type FormatName = keyof typeof rows;
/** In the order of help. */
export const formatNames = Object.keys(rows) as FormatName[];

export function loadFormat(name: FormatName): Promise<Format> {
  return rows[name].load();
}

export function isFormatName(text: string): text is FormatName {
  return Object.hasOwn(rows, text);
}

/** The format that the file's name says, if it says one. */
export function formatOfFile(path: string): FormatName | undefined {
  return formatNames.findLast((name) => (rows[name] as FormatRow).pattern?.test(path));
}
