/** Every option of the agent that is one value. `STATE` stands for the folder of the option `state`. */
import { parseAddress } from './address.ts';
import type { Address } from './address.ts';
import { durationSeconds } from '#domain/duration';
import { helpRows, namesOf, oneOf, text } from '#domain/options';
import type { Option, ValuesOf } from '#domain/options';

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

export const optionNames = namesOf(options);
export type OptionName = (typeof optionNames)[number];
/** One value for each option. */
export type OptionValues = ValuesOf<typeof options>;

/** What every variable of the agent begins with. */
export const prefix = 'PLUMB_AGENT';

/** What `plumb agent --help` prints. */
export function helpText(): string {
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
    ...helpRows(options, 18),
  ].join('\n')}\n`;
}
