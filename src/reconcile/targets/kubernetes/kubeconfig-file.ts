/**
 * How to reach API servers that the server's own configuration names: anything a kubeconfig can say about who we are,
 * files and plug-ins included. The one place that knows `@kubernetes/client-node`, which is loaded when a kubeconfig
 * needs it: it takes a third of a second and 80 MB.
 */
import { dirname, resolve } from 'node:path';
import type { RequestOptions } from 'node:https';
import { readFile } from 'node:fs/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ClusterAccess, Credential } from './cluster.ts';
import { parseInlineKubeconfig } from './kubeconfig.ts';
import { PlumbError } from '#domain/errors';
import { readYaml } from '#format/yaml';
import { systemClock } from '#util/clock';
import type { Clock } from '#util/clock';

export interface ConfiguredAccess {
  /** Absolute. */
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly inCluster?: boolean;
}

export interface FileAccess {
  readonly access: ClusterAccess;
  /** That of the context, or of the service account. */
  readonly namespace?: string;
}

/** A plug-in that asks somebody something would wait for ever. */
const credentialTimeoutMs = 30_000;
const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Of either a kubeconfig or our own pod. Throws as the two below do. */
export async function clusterAccess(from: ConfiguredAccess, clock: Clock = systemClock): Promise<ClusterAccess> {
  const { kubeconfig, context } = from;
  if (kubeconfig === undefined) return (await accessInCluster(clock)).access;
  return (await accessFromKubeconfigFile(kubeconfig, clock, context)).access;
}

/**
 * Throws `invalid` when the file or the context in it cannot be used, `unavailable` when it cannot be read. What it
 * says of who we are is read again when it may have changed.
 */
export async function accessFromKubeconfigFile(path: string, clock: Clock, context?: string): Promise<FileAccess> {
  const rules = context === undefined ? {} : { context };
  const text = await textOf(path);
  const inline = inlineAccess(text, { ...rules, now: clock.now() });
  if (inline === undefined) return await pluggedAccess({ path, clock, ...rules });
  const { access, namespace } = inline;
  const credential = async (): Promise<Credential> =>
    parseInlineKubeconfig(await textOf(path), { ...rules, now: clock.now() }).credential;
  return { access: { ...access, credential }, ...(namespace === undefined ? {} : { namespace }) };
}

/** As the pod's own service account. Throws `invalid` outside of a cluster. */
export async function accessInCluster(clock: Clock): Promise<FileAccess> {
  if (process.env['KUBERNETES_SERVICE_HOST'] === undefined) {
    throw new PlumbError('invalid', 'this process runs in no cluster: KUBERNETES_SERVICE_HOST is not set');
  }
  const config = await emptyConfig();
  config.loadFromCluster();
  const access = await accessOf(config, clock);
  const namespace = (await textOf(`${accountFolder}/namespace`)).trim();
  return { access, namespace };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new PlumbError('unavailable', `${path} cannot be read`, { cause });
  }
}

/** Most kubeconfigs of machines carry all they need. `undefined`: this one does not, or is wrong, which the other reader says. */
function inlineAccess(text: string, rules: Parameters<typeof parseInlineKubeconfig>[1]): FileAccess | undefined {
  try {
    const { access, namespace } = parseInlineKubeconfig(text, rules);
    return { access, ...(namespace === undefined ? {} : { namespace }) };
  } catch {
    return undefined;
  }
}

interface Plugged {
  readonly path: string;
  readonly clock: Clock;
  readonly context?: string;
}

async function pluggedAccess({ path, clock, context }: Plugged): Promise<FileAccess> {
  const config = await emptyConfig();
  try {
    config.loadFromFile(path);
  } catch {
    // Its message may quote the file.
    throw new PlumbError('invalid', `${path} is no kubeconfig that can be read`);
  }
  if (context !== undefined) config.setCurrentContext(context);
  readTokenFile(config, path, await textOf(path));
  const found = config.getContextObject(config.getCurrentContext());
  if (found === null)
    throw new PlumbError('invalid', `${path} has no context of the name ${config.getCurrentContext()}`);
  const access = await accessOf(config, clock);
  return { access, ...(found.namespace === undefined ? {} : { namespace: found.namespace }) };
}

/** `tokenFile` of a user, which the library does not know, as what it knows of the same meaning. */
function readTokenFile(config: KubeConfig, path: string, text: string): void {
  const name = config.getCurrentUser()?.name;
  const { users } = readYaml(text, path) as { readonly users?: readonly NamedUser[] };
  const file = users?.find((item) => item.name === name)?.user?.tokenFile;
  if (file === undefined || file === '') return;
  const tokenFile = resolve(dirname(path), file);
  config.users = config.users.map((user) =>
    user.name === name ? { ...user, authProvider: { name: 'tokenFile', config: { tokenFile } } } : user,
  );
}

interface NamedUser {
  readonly name?: string;
  readonly user?: { readonly tokenFile?: string };
}

async function emptyConfig(): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import('@kubernetes/client-node');
  return new Config();
}

async function accessOf(config: KubeConfig, clock: Clock): Promise<ClusterAccess> {
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (cluster === null || user === null) {
    throw new PlumbError('invalid', 'the context of the kubeconfig names a cluster or a user that is not in it');
  }
  const unsupported = [
    cluster.server.startsWith('https://') ? '' : 'a server without https',
    cluster.skipTLSVerify ? 'insecure-skip-tls-verify' : '',
    cluster.proxyUrl === undefined || cluster.proxyUrl === null ? '' : 'proxy-url',
    user.impersonateUser ? 'as (acting as somebody else)' : '',
    user.username ? 'username and password' : '',
  ].filter((text) => text !== '');
  if (unsupported.length > 0) {
    throw new PlumbError('unsupported', `the kubeconfig has what is not supported: ${unsupported.join(', ')}`);
  }
  const ca = cluster.caFile ? await textOf(cluster.caFile) : decode(cluster.caData);
  return {
    server: cluster.server.replace(/\/+$/, ''),
    ...(ca === undefined ? {} : { ca }),
    ...(cluster.tlsServerName === undefined ? {} : { serverName: cluster.tlsServerName }),
    credential: () => credentialOf(config, clock),
  };
}

/** Asks files and plug-ins, as `config` names them; a plug-in is not asked again while what it said holds. */
async function credentialOf(config: KubeConfig, clock: Clock): Promise<Credential> {
  const options: RequestOptions = { headers: {} };
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = clock.timer(credentialTimeoutMs, () => reject(failed(undefined)));
  try {
    await Promise.race([config.applyToHTTPSOptions(options), late]);
  } catch (cause) {
    throw failed(cause);
  } finally {
    timer.cancel();
  }
  const { cert, key, headers } = options;
  const [certificate, privateKey] = [pemOf(cert), pemOf(key)];
  if (certificate !== undefined && privateKey !== undefined) {
    return { type: 'certificate', certificate, key: privateKey };
  }
  const { Authorization: authorization } = headers as Readonly<Record<string, unknown>>;
  const token = typeof authorization === 'string' ? /^Bearer (\S+)$/.exec(authorization.trim())?.[1] : undefined;
  return token === undefined ? { type: 'none' } : { type: 'token', token };
}

function pemOf(value: unknown): string | undefined {
  if (Buffer.isBuffer(value)) return value.toString();
  return typeof value === 'string' ? value : undefined;
}

/** What a plug-in printed may be anything: it goes to the log at most, as the cause. */
function failed(cause: unknown): PlumbError {
  if (cause instanceof PlumbError) return cause;
  const message = 'the kubeconfig gives no credential: its file or plug-in fails or does not end';
  return new PlumbError('unavailable', message, { cause });
}

function decode(data: string | undefined): string | undefined {
  return data ? Buffer.from(data, 'base64').toString() : undefined;
}
