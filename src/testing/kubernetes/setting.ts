/** What a cluster is given before it starts: folder, port, certificates, users; and how that is told to its programs. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, loopbackHosts, newAuthority } from '../certificates.ts';
import { freePort } from '../programs.ts';
import type { KubeUser } from './client.ts';
import type { Etcd } from './etcd.ts';
import type { KubeconfigOptions, KubernetesOptions } from './kubernetes.ts';

/** Everything that is decided before a program starts. */
export interface Setting {
  readonly options: KubernetesOptions;
  readonly folder: string;
  readonly port: number;
  readonly server: string;
  readonly authority: Authority;
  readonly admin: KubeUser & { readonly token: string };
  readonly limited: KubeUser & { readonly token: string };
}

const token = () => randomBytes(16).toString('hex');

/** Its folder, port, certificates and users. */
export async function prepare(options: KubernetesOptions): Promise<Setting> {
  const folder = await mkdtemp(join(tmpdir(), 'plumb-kubernetes-'));
  const port = await freePort();
  const authority = newAuthority();
  const tls = authority.issue({ name: 'kube-apiserver', hosts: loopbackHosts });
  const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const admin = { name: 'admin', token: token() };
  const limited = { name: 'limited', token: token() };
  const files: Readonly<Record<string, string | Buffer>> = {
    'ca.crt': authority.ca,
    'tls.crt': tls.certificate,
    'tls.key': tls.privateKey,
    'sa.key': signing.privateKey.export({ format: 'pem', type: 'pkcs8' }),
    'sa.pub': signing.publicKey.export({ format: 'pem', type: 'spki' }),
    'tokens.csv': `${admin.token},admin,admin,"system:masters"\n${limited.token},limited,limited\n`,
  };
  const write = ([name, text]: [string, string | Buffer]) => writeFile(join(folder, name), text, { mode: 0o600 });
  await Promise.all(Object.entries(files).map(write));
  return { options, folder, port, server: `https://127.0.0.1:${port}`, authority, admin, limited };
}

export function apiServerArguments({ options, folder, port, server }: Setting, etcd: Etcd): readonly string[] {
  const at = (name: string): string => join(folder, name);
  return [
    `--etcd-servers=${etcd.address}`,
    `--cert-dir=${at('certificates')}`,
    `--tls-cert-file=${at('tls.crt')}`,
    `--tls-private-key-file=${at('tls.key')}`,
    `--client-ca-file=${at('ca.crt')}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    '--endpoint-reconciler-type=none',
    `--service-account-issuer=${server}`,
    `--service-account-signing-key-file=${at('sa.key')}`,
    `--service-account-key-file=${at('sa.pub')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=RBAC',
    `--token-auth-file=${at('tokens.csv')}`,
    // Nobody makes the service account that every pod would have to have.
    '--disable-admission-plugins=ServiceAccount',
    ...((options.uncached ?? []).length === 0
      ? []
      : [`--watch-cache-sizes=${(options.uncached ?? []).map((name) => `${name}#0`).join(',')}`]),
    ...(options.argv ?? []),
  ];
}

const base64 = (value: string): string => Buffer.from(value).toString('base64');

/** Text of a kubeconfig with everything inline. */
export function kubeconfigOf(setting: Setting, user: KubeUser, options: KubeconfigOptions = {}): string {
  const credential =
    'token' in user
      ? [`    token: ${user.token}`]
      : [`    client-certificate-data: ${base64(user.certificate)}`, `    client-key-data: ${base64(user.privateKey)}`];
  return [
    'apiVersion: v1',
    'kind: Config',
    'clusters:',
    '- name: test',
    '  cluster:',
    `    server: ${options.server ?? setting.server}`,
    `    certificate-authority-data: ${base64(setting.authority.ca)}`,
    'users:',
    `- name: ${user.name}`,
    '  user:',
    ...credential,
    'contexts:',
    '- name: test',
    '  context:',
    '    cluster: test',
    `    user: ${user.name}`,
    `    namespace: ${options.namespace ?? 'default'}`,
    'current-context: test',
    '',
  ].join('\n');
}
