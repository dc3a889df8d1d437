/** A real API server over a real etcd, fresh and empty, for tests. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programPath } from '../../../tools/builds.ts';
import { type Authority, loopbackHosts, newAuthority } from '../certificates.ts';
import { freePort, type Program, startProgram, untilReady } from '../programs.ts';
import { KubeClient, type KubeUser } from './client.ts';
import { type Etcd, startEtcd } from './etcd.ts';

export interface KubernetesOptions {
  /** Run kube-controller-manager: `true` all of its controllers, or those named, such as `deployment-controller`. Default: none. */
  readonly controllers?: true | readonly string[];
  /** Resources whose watches and lists go to etcd, not to the cache: after `compactEtcd` an old revision is gone (410). As `secrets`. */
  readonly uncached?: readonly string[];
  /** Further options of kube-apiserver. */
  readonly argv?: readonly string[];
}

export interface KubeconfigOptions {
  /** Instead of the cluster's own: a proxy in front of it. */
  readonly server?: string;
  /** Default: `default`. */
  readonly namespace?: string;
}

export interface Kubernetes extends AsyncDisposable {
  /** `https://127.0.0.1:<port>`; stays the same when the server is started again. */
  readonly server: string;
  readonly port: number;
  /** PEM. Also of the proxies that are given `authority`. */
  readonly ca: string;
  readonly authority: Authority;
  readonly folder: string;
  /** May everything (`system:masters`), by a token. */
  readonly admin: KubeUser & { readonly token: string };
  readonly adminToken: string;
  /** May nothing but what a test grants, by a token. */
  readonly limited: KubeUser & { readonly token: string };
  /** As the admin. */
  readonly kube: KubeClient;
  /** A client certificate of the cluster's authority: a user who may nothing yet, or the member of groups. */
  addUser(name: string, options?: { readonly groups?: readonly string[]; readonly until?: number }): KubeUser;
  clientOf(user: KubeUser): KubeClient;
  /** Text of a file for kubectl and its like; everything is inline. */
  kubeconfig(user?: KubeUser, options?: KubeconfigOptions): string;
  /** What it prints, as the admin. Throws with its error. */
  kubectl(...argv: readonly string[]): Promise<string>;
  /** SIGTERM as in an upgrade, or SIGKILL; resolves when it answers again. */
  restartApiServer(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Its port refuses from then on. */
  killApiServer(): Promise<void>;
  /** After `killApiServer`. */
  startApiServer(): Promise<void>;
  /** Connections are held, and nobody answers. */
  pauseApiServer(): void;
  resumeApiServer(): void;
  /** Forgets everything but what is there now: see `uncached`. */
  compactEtcd(): Promise<void>;
  /** Last lines of everything that runs. */
  logs(): Promise<string>;
  stop(): Promise<void>;
}

/** Everything that is decided before a program starts. */
interface Setting {
  readonly options: KubernetesOptions;
  readonly folder: string;
  readonly port: number;
  readonly server: string;
  readonly authority: Authority;
  readonly admin: KubeUser & { readonly token: string };
  readonly limited: KubeUser & { readonly token: string };
}

const token = () => randomBytes(16).toString('hex');

async function prepare(options: KubernetesOptions): Promise<Setting> {
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

function apiServerArguments({ options, folder, port, server }: Setting, etcd: Etcd): readonly string[] {
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

function kubeconfigOf(setting: Setting, user: KubeUser, options: KubeconfigOptions = {}): string {
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

/** kube-apiserver, kube-controller-manager, and what is done to them. */
class Running {
  readonly #setting: Setting;
  readonly #etcd: Etcd;
  readonly #kube: KubeClient;
  #server: Program | undefined;
  #controllers: Program | undefined;

  constructor(setting: Setting, etcd: Etcd, kube: KubeClient) {
    this.#setting = setting;
    this.#etcd = etcd;
    this.#kube = kube;
  }

  async startServer(): Promise<void> {
    if (this.#server?.ended === false) throw new Error('the API server runs already, expected killApiServer before');
    const { folder } = this.#setting;
    const argv = apiServerArguments(this.#setting, this.#etcd);
    const file = programPath('kube-apiserver');
    this.#server = await startProgram({ name: 'kube-apiserver', file, argv, folder });
    await untilReady(this.#server, async () => (await this.#kube.request<string>('GET', '/readyz')) === 'ok');
  }

  async startControllers(): Promise<void> {
    const { options, folder, admin } = this.#setting;
    if (options.controllers === undefined) return;
    await writeFile(join(folder, 'admin.kubeconfig'), kubeconfigOf(this.#setting, admin), { mode: 0o600 });
    const argv = [
      `--kubeconfig=${join(folder, 'admin.kubeconfig')}`,
      '--leader-elect=false',
      '--secure-port=0',
      `--service-account-private-key-file=${join(folder, 'sa.key')}`,
      `--root-ca-file=${join(folder, 'ca.crt')}`,
      `--controllers=${options.controllers === true ? '*' : options.controllers.join(',')}`,
    ];
    const file = programPath('kube-controller-manager');
    this.#controllers = await startProgram({ name: 'kube-controller-manager', file, argv, folder });
  }

  get server(): Program {
    if (this.#server === undefined) throw new Error('the API server was not started');
    return this.#server;
  }

  get #programs(): readonly Program[] {
    return [this.#controllers, this.#server, this.#etcd.program].filter((program) => program !== undefined);
  }

  async logs(): Promise<string> {
    const tails = this.#programs.map(async (program) => `--- ${program.name}\n${await program.tail()}`);
    return (await Promise.all(tails)).join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()));
  }
}

async function runKubectl(setting: Setting, argv: readonly string[]): Promise<string> {
  const { folder, admin } = setting;
  const config = join(folder, 'kubectl.kubeconfig');
  const home = join(folder, 'home');
  await mkdir(home, { recursive: true });
  await writeFile(config, kubeconfigOf(setting, admin), { mode: 0o600 });
  const env = { ...process.env, HOME: home, KUBECONFIG: config };
  return new Promise((resolve, reject) => {
    execFile(programPath('kubectl'), argv, { env, encoding: 'utf8' }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`kubectl ${argv.join(' ')}: ${stderr.trim()}`));
    });
  });
}

/** An empty cluster of its own. Throws with the last lines of the program that did not start. */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<Kubernetes> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Between asking for a free port and listening on it somebody else may have taken it.
      if (tries === 3 || !String(error).includes('address already in use')) throw error;
    }
  }
}

async function startOnce(options: KubernetesOptions): Promise<Kubernetes> {
  const setting = await prepare(options);
  const { folder, port, server, authority, admin, limited } = setting;
  const clients: KubeClient[] = [];
  const clientOf = (user: KubeUser): KubeClient => {
    const client = new KubeClient({ server, ca: authority.ca, user });
    clients.push(client);
    return client;
  };
  const kube = clientOf(admin);
  let running: Running | undefined;
  const stop = async (): Promise<void> => {
    await running?.stop();
    for (const client of clients) client[Symbol.dispose]();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const etcd = await startEtcd(folder);
    const started = new Running(setting, etcd, kube);
    running = started;
    await started.startServer();
    await started.startControllers();
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      started.server.signal(signal);
      await started.server.exited;
    };
    return {
      server,
      port,
      ca: authority.ca,
      authority,
      folder,
      admin,
      adminToken: admin.token,
      limited,
      kube,
      addUser: (name, more = {}) => ({ name, ...authority.issue({ name, ...more }) }),
      clientOf,
      kubeconfig: (user = admin, more = {}) => kubeconfigOf(setting, user, more),
      kubectl: (...argv) => runKubectl(setting, argv),
      async restartApiServer(signal = 'SIGKILL') {
        await end(signal);
        await started.startServer();
      },
      killApiServer: () => started.server.kill(),
      startApiServer: () => started.startServer(),
      pauseApiServer: () => started.server.signal('SIGSTOP'),
      resumeApiServer: () => started.server.signal('SIGCONT'),
      compactEtcd: () => etcd.compact(),
      logs: () => started.logs(),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
