import { isAbsolute, join, resolve } from 'node:path';
import { readTargets, withFiles } from './config-targets.ts';
import type { TargetConfig } from './config-targets.ts';
import { flagOf, optionNames, options, variableOf } from './options.ts';
import type { Option, OptionName, OptionValues } from './options.ts';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import { readYaml } from '#format/yaml';

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

type Written = Map<OptionName, { readonly text: string; readonly where: string }>;

/** Throws `invalid` with a diagnostic for each thing that is wrong, wherever it stands. */
export async function readConfig(sources: ConfigSources): Promise<Config> {
  const diagnostics: Diagnostic[] = [];
  const flags = readFlags(sources.argv, diagnostics);
  const file = await readFile(sources, flags.config, diagnostics);
  const written: Written = new Map([...file.options, ...readEnvironment(sources.env), ...flags.options]);
  const values = parseAll(written, flags.dev, diagnostics);
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

function parseAll(written: Written, dev: boolean, diagnostics: Diagnostic[]): OptionValues {
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const name of optionNames) {
    const option: Option<unknown> = options[name];
    const byDefault = name === 'data' && dev ? '.plumb/dev' : option.default;
    const { text, where } = written.get(name) ?? { text: byDefault, where: name };
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
  port: number | undefined;
  dev: boolean;
}

function readFlags(argv: readonly string[], diagnostics: Diagnostic[]): Flags {
  const flags: Flags = { options: new Map(), config: undefined, port: undefined, dev: false };
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [flag, inline] = splitOnce(word, '=');
    const name = optionNames.find((candidate) => flagOf(candidate) === flag);
    const bare = flag === '--dev' || (name !== undefined && (options[name] as Option<unknown>).bare === true);
    const known = name !== undefined || ['--dev', '--config', '--port'].includes(flag);
    const valued = known || (flag.startsWith('--') && rest[0]?.startsWith('--') === false);
    const text = inline ?? (bare ? 'true' : valued ? rest.shift() : '');
    if (!known) diagnostics.push({ subject: flag, message: 'there is no such flag; plumb server --help lists them' });
    else if (text === undefined) diagnostics.push({ subject: flag, message: 'expected a value behind it' });
    else if (name !== undefined) flags.options.set(name, { text, where: flag });
    else setOwnFlag(flags, flag, text, diagnostics);
  }
  return flags;
}

/** The flags that are no options. */
function setOwnFlag(flags: Flags, flag: string, text: string, diagnostics: Diagnostic[]): void {
  if (flag === '--config') flags.config = text;
  else if (flag === '--dev') flags.dev = text === 'true';
  else if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) flags.port = Number(text);
  else diagnostics.push({ subject: flag, message: 'expected a port, 0 to 65535' });
}

function splitOnce(word: string, separator: string): readonly [string, string | undefined] {
  const at = word.indexOf(separator);
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

interface ConfigFile {
  readonly name: string;
  readonly options: Written;
  readonly targets: unknown;
}

async function readFile(
  { cwd, readText }: ConfigSources,
  name: string | undefined,
  diagnostics: Diagnostic[],
): Promise<ConfigFile> {
  const file: ConfigFile = { name: name ?? '', options: new Map(), targets: undefined };
  if (name === undefined) return file;
  const text = await readText(isAbsolute(name) ? name : resolve(cwd, name));
  if (text === undefined) throw new PlumbError('not-found', `there is no configuration file ${name}`);
  const content = readYaml(text, name) ?? {};
  if (!isMapping(content)) throw new PlumbError('invalid', `${name} must be a mapping of names to values`);
  const { targets, ...rest } = content;
  for (const [key, value] of Object.entries(rest)) {
    const option = optionNames.find((candidate) => candidate === key);
    const written = scalarText(value);
    if (option === undefined) diagnostics.push({ ...placeOf(name, text, key), message: `${key} is no option` });
    else if (written === undefined)
      diagnostics.push({ ...placeOf(name, text, key), message: `${key} must be one value` });
    else file.options.set(option, { text: written, where: `${name}: ${key}` });
  }
  return { ...file, targets };
}

function placeOf(subject: string, text: string, key: string): { subject: string; line?: number } {
  const line = text.split('\n').findIndex((each) => each.startsWith(`${key}:`)) + 1;
  return line === 0 ? { subject } : { subject, line };
}

function scalarText(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.every((each) => typeof each === 'string') ? value.join(',') : undefined;
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function freeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freeze(member);
  return Object.freeze(value);
}
