/** What other tools have left in a folder, and how its values would get into Plumb. Nothing is run, and no value shown. */
import { join } from 'node:path';
import { loadFormat } from '#format/formats';
import { decodeText } from '#format/text';
import { readYaml } from '#format/yaml';
import { isFailure } from './failures.ts';
import type { CliIo } from './io.ts';
import { count } from './style.ts';

/** One file that was recognised. */
export interface Found {
  /** Its name in the folder. */
  readonly file: string;
  /** What it is, in a few words. */
  readonly what: string;
  /** Where the values would go; absent: it holds none. */
  readonly folder?: string;
  /** Command lines that bring them there. */
  readonly commands: readonly string[];
  /** The values themselves, where they stand in the file. */
  readonly values?: ReadonlyMap<string, string>;
  /** Config: what stands in a file that is published with the code. Default: as the environment says. */
  readonly kind?: 'config';
}

/** What is recognised, in words. */
export const recognised =
  '.env and its kin, .infisical.json, doppler.yaml, .phase.json, [env] in fly.toml, environment and env_file in compose.yaml';

const maxBytes = 1024 * 1024;
const composeFiles = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const examples = /\.(example|sample|template|dist|defaults|vault|keys)$/;

/** Files of the working folder, in a steady order. `target` is the folder that values without an environment go to. */
export async function findOthers(io: CliIo, target: string): Promise<readonly Found[]> {
  const names = io.files.list(io.cwd);
  const found: Found[] = [];
  for (const name of names) {
    const read = name.startsWith('.env') && !examples.test(name) ? dotenv : readers[name];
    if (read === undefined || io.files.status(join(io.cwd, name))?.kind !== 'file') continue;
    try {
      const text = decodeText(io.files.read(join(io.cwd, name), maxBytes) ?? new Uint8Array(), name, maxBytes);
      found.push(...(await read({ name, text, target })));
    } catch (error) {
      if (!isFailure(error)) throw error;
      found.push({ file: name, what: `cannot be read: ${error.message}`, commands: [] });
    }
  }
  return found;
}

interface Given {
  readonly name: string;
  readonly text: string;
  readonly target: string;
}
type Reader = (given: Given) => readonly Found[] | Promise<readonly Found[]>;

/** `.env` and `.env.local` go to the folder itself; `.env.production` to the environment of that name beside it. */
async function dotenv({ name, text, target }: Given): Promise<readonly Found[]> {
  const { entries, diagnostics } = (await loadFormat('dotenv')).parse(text, name);
  const environment = /^\.env\.([\w-]+?)(?:\.local)?$/.exec(name)?.[1];
  const isOwn = environment === undefined || environment === 'local';
  const folder = isOwn ? target : `${target.split('/')[0]}/${environment}`;
  if (diagnostics.length > 0) {
    return [
      {
        file: name,
        what: 'variables, but not all of it can be read',
        commands: [`plumb import ${word(folder)} ${fileWord(name)} --dry-run`],
      },
    ];
  }
  const values = new Map(entries.map((entry) => [entry.name, entry.value ?? '']));
  return [
    {
      file: name,
      what: count(values.size, 'variable'),
      folder,
      commands: [`plumb import ${word(folder)} ${fileWord(name)} --dry-run`],
      values,
    },
  ];
}

function infisical({ name, text, target }: Given): readonly Found[] {
  const { defaultEnvironment } = jsonObject(text);
  const environment = typeof defaultEnvironment === 'string' && defaultEnvironment !== '' ? defaultEnvironment : 'dev';
  const from = `infisical export --env=${word(environment)} --format=dotenv`;
  return [
    {
      file: name,
      what: `a project of Infisical, environment ${environment}`,
      folder: target,
      commands: [`${from} | plumb import ${word(target)} - --format dotenv --dry-run`],
    },
  ];
}

function doppler({ name, text, target }: Given): readonly Found[] {
  const { setup } = asObject(readYaml(text, name));
  return (Array.isArray(setup) ? (setup as readonly unknown[]) : [setup]).map((one) => {
    const { project, config } = asObject(one);
    const chosen = [
      ...(typeof project === 'string' ? ['--project', word(project)] : []),
      ...(typeof config === 'string' ? ['--config', word(config)] : []),
    ].join(' ');
    const from = `doppler secrets download --no-file --format env ${chosen}`.trim();
    return {
      file: name,
      what: `a project of Doppler${typeof config === 'string' ? `, config ${config}` : ''}`,
      folder: target,
      commands: [`${from} | plumb import ${word(target)} - --format dotenv --dry-run`],
    };
  });
}

function phase({ name, text, target }: Given): readonly Found[] {
  const { defaultEnv } = jsonObject(text);
  const chosen = typeof defaultEnv === 'string' ? ` --env ${word(defaultEnv)}` : '';
  return [
    {
      file: name,
      what: 'an app of Phase',
      folder: target,
      commands: [`phase secrets export${chosen} | plumb import ${word(target)} - --format dotenv --dry-run`],
    },
  ];
}

async function fly({ name, text, target }: Given): Promise<readonly Found[]> {
  const { entries, diagnostics } = (await loadFormat('toml')).parse(text, name);
  if (diagnostics.length > 0) return [{ file: name, what: 'cannot be read: it is not valid TOML', commands: [] }];
  const inEnv = entries.filter((entry) => entry.name.startsWith('env.') && entry.value !== null);
  if (inEnv.length === 0) return [];
  const values = new Map(inEnv.map((entry) => [entry.name.slice('env.'.length), entry.value ?? '']));
  return [
    {
      file: name,
      what: `${count(values.size, 'variable')} in [env]`,
      folder: target,
      commands: [],
      values,
      kind: 'config',
    },
  ];
}

function compose({ name, text, target }: Given): readonly Found[] {
  const services = Object.entries(asObject(asObject(readYaml(text, name))['services']));
  return services.flatMap(([service, content]) => {
    const { environment, env_file: files } = asObject(content);
    const values = composeVariables(environment);
    const named = fileNames(files).map(
      (file): Found => ({
        file: name,
        what: `${service} reads ${file}`,
        folder: target,
        commands: [`plumb import ${word(target)} ${fileWord(file)} --format docker --dry-run`],
      }),
    );
    if (values.size === 0) return named;
    const what = `${count(values.size, 'variable')} of ${service}`;
    return [{ file: name, what, folder: target, commands: [], values, kind: 'config' as const }, ...named];
  });
}

/** A mapping or a list of `NAME=VALUE`; what is taken from the caller's own environment, or put together, is left out. */
function composeVariables(environment: unknown): ReadonlyMap<string, string> {
  const pairs = Array.isArray(environment)
    ? (environment as readonly unknown[]).map((item) => String(item).split(/=(.*)/s).slice(0, 2))
    : Object.entries(asObject(environment)).map(([name, value]) => [name, scalar(value)]);
  return new Map(
    pairs.flatMap(([name = '', value]) => (value === undefined || value.includes('$') ? [] : [[name, value] as const])),
  );
}

function scalar(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function fileNames(files: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(files) ? files : [files];
  return list.flatMap((file) => {
    const path = typeof file === 'string' ? file : asObject(file)['path'];
    // Those of this folder are found by themselves.
    return typeof path === 'string' && !/^(\.\/)?\.env[^/]*$/.test(path) ? [path] : [];
  });
}

const readers: Readonly<Record<string, Reader>> = {
  '.infisical.json': infisical,
  'doppler.yaml': doppler,
  '.phase.json': phase,
  'fly.toml': fly,
  ...Object.fromEntries(composeFiles.map((name) => [name, compose])),
};

function jsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return {};
  }
}

function asObject(content: unknown): Readonly<Record<string, unknown>> {
  return typeof content === 'object' && content !== null && !Array.isArray(content)
    ? (content as Record<string, unknown>)
    : {};
}

/** A file as a word, and never taken for a flag. */
function fileWord(name: string): string {
  return word(name.startsWith('-') ? `./${name}` : name);
}

/** As a word of a command line for a shell. */
function word(text: string): string {
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
