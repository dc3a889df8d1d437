/**
 * Kubeconfigs that come over the API: everything they need stands in them. What would read a file, run a program, go
 * through a proxy, skip a check or act as somebody else is refused by name, all at once.
 */
import type { ClusterAccess, Credential } from './cluster.ts';
import { authorityFrom, clientCertificateFrom } from './kubeconfig-material.ts';
import { hostMatches } from './hosts.ts';
import { PlumbError } from '#domain/errors';
import type { Diagnostic } from '#domain/errors';
import { readYaml } from '#format/yaml';

export interface KubeconfigRules {
  /** Default: what the kubeconfig itself calls current. */
  readonly context?: string;
  /** Hosts that may be connected to: `host`, `host:port`, `*.example.com`. Absent: any. */
  readonly hosts?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Kubeconfig {
  readonly context: string;
  /** `https://host:port[/path]`. */
  readonly server: string;
  /** PEM. */
  readonly ca?: string;
  readonly serverName?: string;
  readonly credential: Credential;
  /** That of the context. */
  readonly namespace?: string;
  readonly access: ClusterAccess;
}

const maxBytes = 256 * 1024;
type Fields = ReadonlyMap<string, unknown>;
type Complain = (message: string) => void;

/** Reads a kubeconfig in YAML or JSON. Throws `invalid` with everything that is wrong in the context that is used, or `forbidden` for its host. */
export function parseInlineKubeconfig(text: string, rules: KubeconfigRules): Kubeconfig {
  if (Buffer.byteLength(text) > maxBytes) {
    throw new PlumbError('too-large', `the kubeconfig has more than ${maxBytes} bytes`);
  }
  const diagnostics: Diagnostic[] = [];
  const complain: Complain = (message) => void diagnostics.push({ subject: 'kubeconfig', message });
  const kubeconfig = read(fieldsOf(documentIn(text)), rules, complain);
  if (kubeconfig === undefined || diagnostics.length > 0) {
    throw new PlumbError('invalid', 'the kubeconfig cannot be used', { diagnostics });
  }
  const url = new URL(kubeconfig.server);
  if (rules.hosts === undefined || rules.hosts.some((pattern) => hostMatches(pattern, url))) return kubeconfig;
  throw new PlumbError('forbidden', `the configuration of this server does not allow the host ${url.host}`);
}

/** Without a word of the text: it is secret. */
function documentIn(text: string): unknown {
  try {
    return readYaml(text, 'kubeconfig');
  } catch (error) {
    const [place] = error instanceof PlumbError ? error.diagnostics : [];
    const { line, column } = place ?? {};
    const where = { ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
    const message = 'is neither YAML nor JSON, or has aliases, names given twice or too many levels';
    throw new PlumbError('invalid', 'the kubeconfig cannot be read', {
      diagnostics: [{ subject: 'kubeconfig', message, ...where }],
    });
  }
}

function read(document: Fields, rules: KubeconfigRules, complain: Complain): Kubeconfig | undefined {
  const name = rules.context ?? textIn(document, 'current-context');
  if (name === undefined || name === '') {
    complain('names no current-context, and none was asked for');
    return undefined;
  }
  const context = itemOf(document, 'context', name, complain);
  if (context === undefined) return undefined;
  const cluster = itemOf(document, 'cluster', textIn(context, 'cluster') ?? '', complain);
  const user = itemOf(document, 'user', textIn(context, 'user') ?? '', complain);
  const reached = cluster === undefined ? undefined : readCluster(cluster, rules, complain);
  const credential = user === undefined ? undefined : readUser(user, rules, complain);
  if (reached === undefined || credential === undefined) return undefined;
  const namespace = textIn(context, 'namespace');
  return {
    context: name,
    ...reached,
    credential,
    ...(namespace === undefined || namespace === '' ? {} : { namespace }),
    access: { ...reached, credential: () => Promise.resolve(credential) },
  };
}

/** What stands under a name in one of the three lists. */
function itemOf(
  document: Fields,
  kind: 'context' | 'cluster' | 'user',
  ...rest: [name: string, complain: Complain]
): Fields | undefined {
  const [name, complain] = rest;
  const list = document.get(`${kind}s`);
  const items = (Array.isArray(list) ? list : []).map(fieldsOf);
  const found = items.find((item) => item.get('name') === name);
  if (name === '') complain(`the context names no ${kind}`);
  else if (found === undefined) complain(`has no ${kind} of the name ${name}`);
  return found === undefined ? undefined : fieldsOf(found.get(kind));
}

const clusterRefusals: Readonly<Record<string, string>> = {
  'certificate-authority': 'certificate-authority reads a file: expected certificate-authority-data',
  'proxy-url': 'proxy-url goes through a proxy, which is not allowed here',
};
const clusterFields: ReadonlySet<string> = new Set([
  'server',
  'certificate-authority-data',
  'tls-server-name',
  'insecure-skip-tls-verify',
  'disable-compression',
  'extensions',
]);

function readCluster(
  cluster: Fields,
  rules: KubeconfigRules,
  complain: Complain,
): Pick<Kubeconfig, 'server' | 'ca' | 'serverName'> | undefined {
  refuse(cluster, { refusals: clusterRefusals, known: clusterFields, complain });
  if (![undefined, null, false].includes(cluster.get('insecure-skip-tls-verify') as null)) {
    complain(
      'insecure-skip-tls-verify trusts whoever answers, which is not allowed here: expected certificate-authority-data',
    );
  }
  const server = readServer(textIn(cluster, 'server') ?? '', complain);
  const ca = authorityFrom(cluster.get('certificate-authority-data'), rules.now, complain);
  const serverName = textIn(cluster, 'tls-server-name');
  if (serverName !== undefined && !/^[A-Za-z0-9.-]{1,253}$/.test(serverName))
    complain('tls-server-name is no host name');
  if (server === undefined) return undefined;
  return { server, ...(ca === undefined ? {} : { ca }), ...(serverName === undefined ? {} : { serverName }) };
}

function readServer(text: string, complain: Complain): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) {
    complain('server is no address: expected https://host:port');
    return undefined;
  }
  if (url.protocol !== 'https:') complain('server is not https');
  if (url.username !== '' || url.password !== '') complain('server has credentials in it: expected them under users');
  if (url.search !== '' || url.hash !== '') complain('server has a query or a fragment: expected https://host:port');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

const inline = 'client-certificate-data and client-key-data, or token';
const userRefusals: Readonly<Record<string, string>> = {
  exec: `exec runs a program: expected ${inline}`,
  'auth-provider': `auth-provider is not supported: expected ${inline}`,
  'client-certificate': 'client-certificate reads a file: expected client-certificate-data',
  'client-key': 'client-key reads a file: expected client-key-data',
  tokenFile: 'tokenFile reads a file: expected token',
  as: 'as acts as somebody else, which is not allowed here',
  'as-uid': 'as-uid acts as somebody else, which is not allowed here',
  'as-groups': 'as-groups acts as somebody else, which is not allowed here',
  'as-user-extra': 'as-user-extra acts as somebody else, which is not allowed here',
  username: `username and password are not taken: expected ${inline}`,
  password: `username and password are not taken: expected ${inline}`,
};
const userFields: ReadonlySet<string> = new Set(['token', 'client-certificate-data', 'client-key-data', 'extensions']);

function readUser(user: Fields, { now }: KubeconfigRules, complain: Complain): Credential | undefined {
  let isRefused = false;
  refuse(user, {
    refusals: userRefusals,
    known: userFields,
    complain: (message) => {
      isRefused = true;
      complain(message);
    },
  });
  const token = user.get('token');
  const [certificate, key] = [user.get('client-certificate-data'), user.get('client-key-data')];
  const hasCertificate = certificate !== undefined || key !== undefined;
  if (token !== undefined && hasCertificate)
    complain('the user has a token and a client certificate: expected one of them');
  if (hasCertificate) return clientCertificateFrom({ certificate, key, now }, complain);
  if (typeof token === 'string' && /^[\u0021-\u007E]{1,65536}$/.test(token)) return { type: 'token', token };
  if (token !== undefined) complain('token is no token: expected one line of printable characters without spaces');
  else if (!isRefused) complain(`the user has no credential: expected ${inline}`);
  return undefined;
}

interface Refusing {
  readonly refusals: Readonly<Record<string, string>>;
  readonly known: ReadonlySet<string>;
  readonly complain: Complain;
}

function refuse(fields: Fields, { refusals, known, complain }: Refusing): void {
  const complaints = [...fields].flatMap(([name, value]) => {
    if (known.has(name) || value === null) return [];
    return [Object.hasOwn(refusals, name) ? (refusals[name] ?? '') : `${name.slice(0, 64)} is not known here`];
  });
  for (const message of new Set(complaints)) complain(message);
}

function fieldsOf(value: unknown): Fields {
  return new Map(typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []);
}

function textIn(fields: Fields, name: string): string | undefined {
  const value = fields.get(name);
  return typeof value === 'string' ? value : undefined;
}
