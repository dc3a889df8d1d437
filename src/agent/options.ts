/**
 * Every option of the agent that is one value: one table for flags, environment, file and help. In the file an option stands
 * under its name, as a flag in kebab case, in the environment in capitals behind `PLUMB_AGENT_`.
 */
import { parseAddress } from './address.ts';
import type { Address } from './address.ts';
import { durationSeconds } from '#domain/duration';

export interface Option<T> {
  /** Answers what is expected instead, as text, when it does not fit. */
  readonly parse: (written: string) => { readonly value: T } | string;
  /** As it would be written; empty: none. `STATE` stands for the folder of the option `state`. */
  readonly default: string;
  /** Contract and unit, for the help. */
  readonly doc: string;
}

const text = (byDefault: string, doc: string): Option<string> => ({
  parse: (written) => (written.includes('\0') ? 'text without NUL' : { value: written }),
  default: byDefault,
  doc,
});

/** Milliseconds. */
const duration = (byDefault: string, [least, most]: readonly [string, string], doc: string): Option<number> => ({
  parse: (written) => {
    const seconds = durationSeconds(written) ?? Number.NaN;
    const fits = seconds >= (durationSeconds(least) ?? 0) && seconds <= (durationSeconds(most) ?? 0);
    return fits ? { value: seconds * 1000 } : `a duration from ${least} to ${most}, such as 90s, 15m, 12h or 30d`;
  },
  default: byDefault,
  doc: `${doc}; ${least} to ${most}`,
});

const oneOf = <const T extends readonly string[]>(values: T, byDefault: T[number], doc: string): Option<T[number]> => ({
  parse: (written) => {
    const value = values.find((candidate) => candidate === written);
    return value === undefined ? `one of ${values.join(', ')}` : { value };
  },
  default: byDefault,
  doc: `${doc}: ${values.join(', ')}`,
});

const address: Option<Address> = {
  parse: parseAddress,
  default: '',
  doc: 'unix:/PATH, https://HOST[:PORT], or http:// of this machine; without it nothing can be delivered',
};

export const options = {
  server: address,
  ca: text('', 'PEM file of authorities that the server may be certified by; default those that Node trusts'),
  tokenFile: text('/etc/plumb/agent.token', 'the token, closed to others; it is read again when it changes'),
  state: text('/var/lib/plumb-agent', 'folder of what the agent remembers, made with mode 0700'),
  keyFile: text('STATE/agent.key', 'key of what it remembers, 0600; made at the first start'),
  maxAge: duration('7d', ['1m', '365d'], 'how old values may be that files are repaired with while no server answers'),
  logLevel: oneOf(['error', 'warn', 'info', 'debug'], 'info', 'what is logged to standard error'),
} as const;

export type OptionName = keyof typeof options;
export const optionNames = Object.keys(options) as OptionName[];
type ValueOf<O> = O extends Option<infer T> ? T : never;
/** One value for each option. */
export type OptionValues = { readonly [N in OptionName]: ValueOf<(typeof options)[N]> };

/** `tokenFile` → `--token-file`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `tokenFile` → `PLUMB_AGENT_TOKEN_FILE`. */
export function variableOf(name: string): string {
  return `PLUMB_AGENT_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** What `plumb agent --help` prints. */
export function helpText(): string {
  const rows = optionNames.map((name) => {
    const option: Option<unknown> = options[name];
    return `  ${flagOf(name).padEnd(18)}${option.doc}${option.default === '' ? '' : ` (default ${option.default})`}`;
  });
  return `${[
    'USAGE',
    '  plumb agent [--config FILE] [--check | --once] [flags]',
    '  plumb agent status [--json] [--config FILE] [flags]',
    '  plumb agent apply NAME [--config FILE] [flags]',
    '',
    'Keeps files of this machine equal to what a server says, also while that does not answer.',
    '',
    '  status            what the running agent says of its syncs; exit code 0 if all of them agree',
    '  apply             carries out the plan of one sync now, also where it waits for a person',
    '',
    'Each option can also stand in the file under its name, or in the environment: --token-file is tokenFile in',
    'the file and PLUMB_AGENT_TOKEN_FILE. A flag wins over the environment, that over the file.',
    '',
    '  --config FILE     YAML; besides the options below it holds roots and syncs (default /etc/plumb/agent.yaml)',
    '  --check           say what is wrong with the configuration, and end',
    '  --once            look at every sync once, and end with exit code 0 if all agree and no reload failed',
    ...rows,
  ].join('\n')}\n`;
}
