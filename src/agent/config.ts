import { isAbsolute, resolve } from 'node:path';
import { flagOf, optionNames, options, variableOf } from './options.ts';
import type { Option, OptionName, OptionValues } from './options.ts';
import { readRoots, readSyncs } from './declared.ts';
import type { DeclaredSync } from './declared.ts';
import { isMapping, lineOf } from './written.ts';
import type { ConfigFile, Written } from './written.ts';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import { readYaml } from '#format/yaml';

/** Everything the agent was told. Paths are absolute. */
export interface AgentConfig extends Omit<OptionValues, 'ca' | 'maxAge'> {
  /** Of PEM. */
  readonly ca: string | undefined;
  readonly maxAgeMs: number;
  /** Folders by name; files are only ever written below one of them. */
  readonly roots: Readonly<Record<string, string>>;
  readonly syncs: readonly DeclaredSync[];
}

/** Where the configuration comes from. */
export interface ConfigSources {
  /** Flags only: of options, and `--config`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** `undefined`: there is no such file. */
  readonly readText: (path: string) => Promise<string | undefined>;
}

export const defaultConfigFile = '/etc/plumb/agent.yaml';

/** Throws `invalid` with a diagnostic for each thing that is wrong, wherever it stands; `not-found` without a file. */
export async function readConfig(sources: ConfigSources): Promise<AgentConfig> {
  const diagnostics: Diagnostic[] = [];
  const flags = readFlags(sources.argv, diagnostics);
  const file = await readFile(sources, flags.config ?? defaultConfigFile, diagnostics);
  const written: Written = new Map([...file.options, ...readEnvironment(sources.env), ...flags.options]);
  const values = parseAll(written, diagnostics);
  // Where the address could not be understood, that is what is said.
  const isPlain = diagnostics.length === 0 && !values.server.url.startsWith('https:');
  if (values.ca !== '' && isPlain) {
    diagnostics.push({ subject: 'ca', message: 'goes with a server whose address begins with https://' });
  }
  const roots = readRoots(file, diagnostics);
  const syncs = readSyncs(file, roots, diagnostics);
  if (diagnostics.length > 0) {
    throw new PlumbError('invalid', 'the configuration of the agent is wrong', { diagnostics });
  }
  return resolveConfig(values, { roots, syncs }, sources.cwd);
}

function resolveConfig(
  values: OptionValues,
  { roots, syncs }: Pick<AgentConfig, 'roots' | 'syncs'>,
  cwd: string,
): AgentConfig {
  const { ca, maxAge, ...rest } = values;
  const state = resolve(cwd, values.state);
  const rooted = Object.entries(roots).map(([name, path]) => [name, resolve(cwd, path)] as const);
  return {
    ...rest,
    state,
    tokenFile: resolve(cwd, values.tokenFile),
    keyFile: resolve(
      cwd,
      values.keyFile.replace(/^STATE(?=\/)/, () => state),
    ),
    ca: ca === '' ? undefined : resolve(cwd, ca),
    maxAgeMs: maxAge,
    roots: Object.fromEntries(rooted),
    syncs,
  };
}

function parseAll(written: Written, diagnostics: Diagnostic[]): OptionValues {
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const name of optionNames) {
    const option: Option<unknown> = options[name];
    const { text, where } = written.get(name) ?? { text: option.default, where: name };
    const parsed = option.parse(text);
    if (typeof parsed === 'string') diagnostics.push({ subject: where, message: `expected ${parsed}` });
    else values[name] = parsed.value;
  }
  return values as OptionValues;
}

function readEnvironment(env: ConfigSources['env']): Written {
  const written: Written = new Map();
  for (const name of optionNames) {
    const text = env[variableOf(name)];
    if (text !== undefined) written.set(name, { text, where: variableOf(name) });
  }
  return written;
}

interface Flags {
  readonly options: Written;
  config: string | undefined;
}

function readFlags(argv: readonly string[], diagnostics: Diagnostic[]): Flags {
  const flags: Flags = { options: new Map(), config: undefined };
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const at = word.indexOf('=');
    const flag = at === -1 ? word : word.slice(0, at);
    const name = optionNames.find((candidate) => flagOf(candidate) === flag);
    if (name === undefined && flag !== '--config') {
      diagnostics.push({ subject: flag, message: 'there is no such flag; plumb agent --help lists them' });
      continue;
    }
    const text = at === -1 ? rest.shift() : word.slice(at + 1);
    if (text === undefined) diagnostics.push({ subject: flag, message: 'expected a value behind it' });
    else if (name === undefined) flags.config = text;
    else flags.options.set(name, { text, where: flag });
  }
  return flags;
}

async function readFile(
  { cwd, readText }: ConfigSources,
  name: string,
  diagnostics: Diagnostic[],
): Promise<ConfigFile> {
  const text = await readText(isAbsolute(name) ? name : resolve(cwd, name));
  if (text === undefined) {
    throw new PlumbError('not-found', `there is no configuration file ${name}`, {
      hint: '--config FILE names another one',
    });
  }
  const content = readYaml(text, name) ?? {};
  if (!isMapping(content)) throw new PlumbError('invalid', `${name} must be a mapping of names to values`);
  const { roots, syncs, ...rest } = content;
  const file: ConfigFile = { name, text, options: new Map(), roots, syncs };
  for (const [key, value] of Object.entries(rest)) {
    const option = optionNames.find((candidate) => candidate === key);
    const place = { subject: name, ...lineOf(text, new RegExp(`^${RegExp.escape(key)}\\s*:`)) };
    const isScalar = ['string', 'number', 'boolean'].includes(typeof value);
    if (option === undefined) diagnostics.push({ ...place, message: `${key} is no option` });
    else if (!isScalar) diagnostics.push({ ...place, message: `${key} must be one value` });
    else file.options.set(option, { text: String(value), where: `${name}: ${key}` });
  }
  return file;
}
