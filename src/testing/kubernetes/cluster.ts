/** A real API server over a real etcd, fresh and empty, for tests. */
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programPath } from '../../../tools/builds.ts';
import { type Program, startProgram, untilReady } from '../programs.ts';
import { KubeClient, type KubeUser } from './client.ts';
import { type Etcd, startEtcd } from './etcd.ts';
import type { Kubernetes, KubernetesOptions } from './kubernetes.ts';
import { newServiceAccount } from './rights.ts';
import { apiServerArguments, kubeconfigOf, prepare, type Setting } from './setting.ts';

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
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
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
      serviceAccount: (namespace, name) => newServiceAccount(kube, namespace, name),
      clientOf,
      kubeconfig: (user = admin, more = {}) => kubeconfigOf(setting, user, more),
      kubectl: (...argv) => runKubectl(setting, argv),
      async restartApiServer(signal = 'SIGKILL') {
        await end(signal);
        await started.startServer();
      },
      killApiServer: () => started.server.kill(),
      startApiServer: () => started.startServer(),
      pauseApiServer: () => started.server.pause(),
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
