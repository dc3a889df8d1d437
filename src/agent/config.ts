import { isAbsolute, resolve } from 'node:path';
import { optionNames, options, prefix } from './options.ts';
import type { OptionValues } from './options.ts';
import { readRoots, readSyncs } from './declared.ts';
import type { DeclaredSync } from './declared.ts';
import type { ConfigFile } from './written.ts';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import { fromEnvironment, fromFile, fromFlags, parseAll } from '#domain/options';
import { readYaml } from '#format/yaml';
import { isMapping } from '#util/mapping';

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
  let name = defaultConfigFile;
  const own = { '--config': { take: (text: string) => void (name = text) } };
  const flags = fromFlags(options, sources.argv, { command: 'plumb agent', own }, diagnostics);
  const file = await readFile(sources, name, diagnostics);
  const environment = fromEnvironment(optionNames, prefix, sources.env);
  const values = parseAll(options, new Map([...file.options, ...environment, ...flags]), diagnostics);
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
  const { roots, syncs, ...members } = content;
  const found = fromFile(optionNames, { name, text, members }, diagnostics);
  return { name, text, options: found, roots, syncs };
}
