/** Every version that the Secrets and ConfigMaps of a cluster ever had, as an admin's watch tells them. */
import type { KubeClient, KubeEvent, KubeObject } from '#testing/kubernetes';

/** `<namespace>/<Kind>/<object>`. */
export type Group = string;

export interface SeenVersion {
  readonly resourceVersion: string;
  /** `undefined`: it was deleted. */
  readonly object: KubeObject | undefined;
}

const kinds = { secrets: 'Secret', configmaps: 'ConfigMap' } as const;
type Plural = keyof typeof kinds;

export class History {
  readonly #kube: KubeClient;
  readonly #versions = new Map<Group, SeenVersion[]>();
  readonly #revisions: Record<Plural, string> = { secrets: '', configmaps: '' };
  readonly #waiting = new Set<() => void>();
  readonly #running: Promise<unknown>[] = [];
  #marks = 0;
  #stopped = false;
  #error: Error | undefined;

  private constructor(kube: KubeClient) {
    this.#kube = kube;
  }

  static async start(kube: KubeClient): Promise<History> {
    const history = new History(kube);
    for (const plural of ['secrets', 'configmaps'] as const) {
      const { metadata } = await kube.request('GET', `/api/v1/${plural}`);
      history.#revisions[plural] = metadata.resourceVersion ?? '';
      history.#running.push(
        history.#follow(plural).catch((error: unknown) => {
          history.#error = error instanceof Error ? error : new Error(String(error));
          history.#ring();
        }),
      );
    }
    return history;
  }

  get groups(): readonly Group[] {
    return [...this.#versions.keys()];
  }

  /** Oldest first. */
  versions(group: Group): readonly SeenVersion[] {
    return this.#versions.get(group) ?? [];
  }

  /** The version and the one before it; `undefined`: none of this number was seen. */
  step(
    group: Group,
    resourceVersion: string,
  ): { readonly before: KubeObject | undefined; readonly after: KubeObject | undefined } | undefined {
    const versions = this.versions(group);
    const index = versions.findIndex((version) => version.resourceVersion === resourceVersion);
    return index === -1 ? undefined : { before: versions[index - 1]?.object, after: versions[index]?.object };
  }

  /** When everything that was done until now was told. */
  async caughtUp(): Promise<void> {
    this.#marks += 1;
    const mark = String(this.#marks);
    for (const kind of Object.values(kinds)) {
      const metadata = { namespace: 'default', name: 'mark', labels: { mark } };
      await this.#kube.put({ apiVersion: 'v1', kind, metadata });
    }
    const isTold = (kind: string): boolean =>
      this.versions(`default/${kind}/mark`).at(-1)?.object?.metadata.labels?.['mark'] === mark;
    while (!Object.values(kinds).every(isTold)) await this.next();
  }

  /** When something more was told. */
  async next(): Promise<void> {
    this.#check();
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
    this.#check();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.caughtUp();
    await Promise.all(this.#running);
  }

  async #follow(plural: Plural): Promise<void> {
    while (!this.#stopped) {
      const query = { resourceVersion: this.#revisions[plural] };
      try {
        for await (const event of this.#kube.watch(`/api/v1/${plural}`, query)) {
          if (event.type === 'ERROR')
            throw new Gap(`the history of ${plural} has a gap: ${JSON.stringify(event.object)}`);
          this.#note(plural, event);
          if (this.#stopped) break;
        }
      } catch (error) {
        if (error instanceof Gap) throw error;
        // The server is away for a while.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  #check(): void {
    if (this.#error !== undefined) throw this.#error;
  }

  #note(plural: Plural, { type, object }: KubeEvent): void {
    const { namespace = '', name = '', resourceVersion = '' } = object.metadata;
    this.#revisions[plural] = resourceVersion;
    const group = `${namespace}/${kinds[plural]}/${name}`;
    const versions = this.#versions.get(group) ?? [];
    this.#versions.set(group, versions);
    versions.push({ resourceVersion, object: type === 'DELETED' ? undefined : { ...object, kind: kinds[plural] } });
    this.#ring();
  }

  #ring(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

class Gap extends Error {}
