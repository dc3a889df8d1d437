/** What a test has of a cluster. Types only. */
import type { Authority } from '../certificates.ts';
import type { KubeClient, KubeUser } from './client.ts';

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
  /** A new one, by a token of it: the user `system:serviceaccount:<namespace>:<name>`. */
  serviceAccount(namespace: string, name: string): Promise<KubeUser & { readonly token: string }>;
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
  /** Connections are held, and nobody answers, from when it resolves. */
  pauseApiServer(): Promise<void>;
  resumeApiServer(): void;
  /** Forgets everything but what is there now: see `uncached`. */
  compactEtcd(): Promise<void>;
  /** Last lines of everything that runs. */
  logs(): Promise<string>;
  stop(): Promise<void>;
}
