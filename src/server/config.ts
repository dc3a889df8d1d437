import { isAbsolute, join, resolve } from 'node:path';
import { readTargets, withFiles } from './config-targets.ts';
import type { TargetConfig } from './config-targets.ts';
import { optionNames, options, prefix } from './options.ts';
import type { OptionValues } from './options.ts';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import { fromEnvironment, fromFile, fromFlags, parseAll } from '#domain/options';
import type { Written } from '#domain/options';
import { readYaml } from '#format/yaml';
import { isMapping } from '#util/mapping';

/** Everything the server was told, read once and frozen. Paths are absolute. */
export interface Config extends Omit<OptionValues, 'socket' | 'tlsCert' | 'tlsKey'> {
  readonly dev: boolean;
  readonly socket: string | undefined;
  /** PEM files. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly targets: Readonly<Record<string, TargetConfig>>;
}

/** Where the configuration comes from. */
export interface ConfigSources {
  /** Behind `plumb server`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** `undefined`: there is no such file. */
  readonly readText: (path: string) => Promise<string | undefined>;
}

/** Throws `invalid` with a diagnostic for each thing that is wrong, wherever it stands. */
export async function readConfig(sources: ConfigSources): Promise<Config> {
  const diagnostics: Diagnostic[] = [];
  const flags = readFlags(sources.argv, diagnostics);
  const file = await readFile(sources, flags.config, diagnostics);
  const environment = fromEnvironment(optionNames, prefix, sources.env);
  const byDefault = flags.dev ? ([['data', { text: '.plumb/dev', where: 'data' }]] as const) : [];
  const written = new Map([...byDefault, ...file.options, ...environment, ...flags.options]);
  const values = parseAll(options, written, diagnostics);
  if ((values.tlsCert === '') !== (values.tlsKey === '')) {
    diagnostics.push({ message: 'tlsCert and tlsKey are given together or not at all' });
  }
  if (values.listen !== undefined && values.tlsKey === '' && !isLoopback(values.listen.host)) {
    const message = `${values.listen.host} is not loopback, and there is no TLS: give tlsCert and tlsKey, or listen on 127.0.0.1`;
    diagnostics.push({ message });
  }
  const targets = readTargets(file.targets, file.name, diagnostics);
  if (diagnostics.length > 0)
    throw new PlumbError('invalid', 'the configuration of the server is wrong', { diagnostics });
  const found = { values, targets, dev: flags.dev, port: flags.port };
  return freeze(resolveConfig(found, sources.cwd));
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

interface Found {
  readonly values: OptionValues;
  readonly targets: Readonly<Record<string, TargetConfig>>;
  readonly dev: boolean;
  readonly port: number | undefined;
}

function resolveConfig({ values, targets, dev, port }: Found, cwd: string): Config {
  const data = resolve(cwd, values.data);
  const file = (written: string): string => resolve(cwd, written.replace(/^DATA(?=\/)/, data));
  const { socket, tlsCert, tlsKey, listen, ...rest } = values;
  const rooted = Object.entries(targets).map(([name, target]) => [name, withFiles(target, file)] as const);
  const sample = dev ? [['local', { type: 'file', root: join(data, 'out') }] as const] : [];
  return {
    ...rest,
    // For a cluster on the developer's own machine.
    kubernetesHosts: dev ? [...rest.kubernetesHosts, 'localhost', '127.0.0.1', '[::1]'] : rest.kubernetesHosts,
    dev,
    data,
    listen: listen === undefined || port === undefined ? listen : { ...listen, port },
    socket: socket === 'none' ? undefined : file(socket),
    tls: tlsCert === '' ? undefined : { cert: file(tlsCert), key: file(tlsKey) },
    keyFile: file(values.keyFile),
    auditFile: file(values.auditFile),
    targets: Object.fromEntries<TargetConfig>([...sample, ...rooted]),
  };
}

interface Flags {
  readonly options: Written<keyof OptionValues>;
  readonly config: string | undefined;
  readonly port: number | undefined;
  readonly dev: boolean;
}

function readFlags(argv: readonly string[], diagnostics: Diagnostic[]): Flags {
  let config: string | undefined;
  let port: number | undefined;
  let dev = false;
  const own = {
    '--config': { take: (text: string) => void (config = text) },
    '--dev': { bare: true, take: (text: string) => void (dev = text === 'true') },
    '--port': {
      take: (text: string) => {
        if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) port = Number(text);
        else diagnostics.push({ subject: '--port', message: 'expected a port, 0 to 65535' });
      },
    },
  } as const;
  const found = fromFlags(options, argv, { command: 'plumb server', own }, diagnostics);
  return { options: found, config, port, dev };
}

interface ConfigFile {
  readonly name: string;
  readonly options: Written<keyof OptionValues>;
  readonly targets: unknown;
}

async function readFile(
  { cwd, readText }: ConfigSources,
  name: string | undefined,
  diagnostics: Diagnostic[],
): Promise<ConfigFile> {
  if (name === undefined) return { name: '', options: new Map(), targets: undefined };
  const text = await readText(isAbsolute(name) ? name : resolve(cwd, name));
  if (text === undefined) throw new PlumbError('not-found', `there is no configuration file ${name}`);
  const content = readYaml(text, name) ?? {};
  if (!isMapping(content)) throw new PlumbError('invalid', `${name} must be a mapping of names to values`);
  const { targets, ...rest } = content;
  const members = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, joined(value)]));
  return { name, options: fromFile(optionNames, { name, text, members }, diagnostics), targets };
}

/** A list of texts as it is written in a flag. */
function joined(value: unknown): unknown {
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value.join(',') : value;
}

function freeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freeze(member);
  return Object.freeze(value);
}
