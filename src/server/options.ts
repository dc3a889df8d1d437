/** Every option of the server. `DATA` stands for the folder of the option `data`. */
import { helpRows, namesOf, oneOf, text } from '#domain/options';
import type { Option, ValuesOf } from '#domain/options';

const count = (byDefault: number, [minimum, maximum]: readonly [number, number], doc: string): Option<number> => ({
  parse: (written) => {
    const value = /^\d{1,12}$/.test(written) ? Number(written) : Number.NaN;
    return value >= minimum && value <= maximum ? { value } : `a whole number from ${minimum} to ${maximum}`;
  },
  default: String(byDefault),
  doc: `${doc}; ${minimum} to ${maximum}`,
});

const flag = (doc: string): Option<boolean> => ({
  parse: (written) => (written === 'true' || written === 'false' ? { value: written === 'true' } : 'true or false'),
  default: 'false',
  doc,
  bare: true,
});

const words = (doc: string): Option<readonly string[]> => ({
  parse: (written) => ({ value: written === '' ? [] : written.split(',').map((word) => word.trim()) }),
  default: '',
  doc: `${doc}; separated by commas`,
});

const hostPattern = /^(?:\[[0-9A-Fa-f:.]+\]|(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?$/;

/** Lower case, as hosts of URLs are. */
const hosts = (doc: string): Option<readonly string[]> => ({
  parse: (written) => {
    const value = words('').parse(written.toLowerCase());
    if (typeof value === 'string') return value;
    return value.value.every((host) => hostPattern.test(host))
      ? value
      : 'HOST, HOST:PORT or *.DOMAIN, separated by commas';
  },
  default: '',
  doc: `${doc}: HOST, HOST:PORT or *.DOMAIN; separated by commas`,
});

/** As browsers send them; what would let every page ask is refused. */
const origins = (doc: string): Option<readonly string[]> => ({
  parse: (written) => {
    const value = words('').parse(written.toLowerCase());
    if (typeof value === 'string') return value;
    return value.value.every((origin) => /^https?:\/\/[a-z0-9.[\]:-]+$/.test(origin) && isOrigin(origin))
      ? value
      : 'origins such as https://HOST or https://HOST:PORT, separated by commas';
  },
  default: '',
  doc: `${doc}: https://HOST or https://HOST:PORT; separated by commas`,
});

function isOrigin(written: string): boolean {
  return URL.canParse(written) && new URL(written).origin === written;
}

/** Where TCP is served. */
export interface Endpoint {
  /** A name or an address; an IPv6 address without brackets. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

const endpoint = (byDefault: string, doc: string): Option<Endpoint | undefined> => ({
  parse: (written) => {
    if (written === 'none') return { value: undefined };
    const [, bracketed, plain, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(written) ?? [];
    const host = bracketed ?? plain;
    if (host === undefined || Number(port) > 65_535) return 'HOST:PORT, with an IPv6 address in brackets, or none';
    return { value: { host, port: Number(port) } };
  },
  default: byDefault,
  doc,
});

export const options = {
  data: text('.plumb/server', 'folder of the store, made with mode 0700; in development .plumb/dev'),
  listen: endpoint('127.0.0.1:8200', 'where HTTP is served; off loopback only with TLS; port 0 takes a free one'),
  socket: text('DATA/plumb.sock', 'unix socket, in a folder of mode 0700; none: no socket'),
  tlsCert: text('', 'PEM file of the certificate chain; with tlsKey, HTTP is served over TLS'),
  tlsKey: text('', 'PEM file of the private key'),
  keyFile: text('DATA/root.key', 'key file of the seal, 0600; keep it apart from the store'),
  auditFile: text('DATA/audit.log', 'where reads and refusals are recorded, 0600'),
  allowedHosts: words('host names that are answered, besides localhost and that of listen'),
  corsOrigins: origins('pages of other sites that browsers may let ask; by default none'),
  kubernetesHosts: hosts('API servers that targets added over the API may name; in development also loopback'),
  acceptLoss: flag('start although the anchor knows changes that the store has lost; the loss is audited'),
  requestsPerSecond: count(50_000, [1, 10_000_000], 'requests of one principal, and of one address without a token'),
  failuresPerMinute: count(60, [1, 1_000_000], 'refused credentials of one address'),
  connections: count(10_000, [1, 1_000_000], 'open at once'),
  streams: count(2000, [1, 1_000_000], 'change streams open at once'),
  streamsPerPrincipal: count(1200, [1, 1_000_000], 'change streams of one principal open at once'),
  headerTimeout: count(10, [1, 3600], 'seconds for the header of a request to arrive'),
  requestTimeout: count(60, [1, 3600], 'seconds for a whole request to arrive'),
  idleTimeout: count(65, [1, 3600], 'seconds after which an idle connection is closed'),
  stopTimeout: count(10, [1, 3600], 'seconds for what is running to end when the server stops'),
  logLevel: oneOf(['error', 'warn', 'info', 'debug'], 'info', 'what is logged to standard error'),
} as const;

export const optionNames = namesOf(options);
/** One value for each option. */
export type OptionValues = ValuesOf<typeof options>;

/** What every variable of the server begins with. */
export const prefix = 'PLUMB';

/** What `plumb server --help` prints. */
export function helpText(): string {
  return `${[
    'USAGE',
    '  plumb server [--dev] [--config FILE] [flags]',
    '',
    'The server. Each option can also stand in the file under its name, or in the environment:',
    '--tls-cert is tlsCert in the file and PLUMB_TLS_CERT. A flag wins over the environment, that over the file.',
    '',
    '  --config FILE           YAML; besides the options below it holds the targets:',
    '                          targets: { NAME: { type: file, root: FOLDER, description: TEXT } } or',
    '                          { type: kubernetes, kubeconfig: FILE, context: NAME, inCluster: true,',
    '                          watch: names|namespaces, requestsPerSecond: N, description: TEXT }',
    '  --dev                   development: data in .plumb/dev, signed in as person/root, a sample project',
    '  --port PORT             the port of --listen alone',
    ...helpRows(options, 24),
  ].join('\n')}\n`;
}
