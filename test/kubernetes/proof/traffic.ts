/** What our server asks the API server to change, and what comes of it; on the way things may go wrong. */
import type { KubeClient, KubeObject } from '#testing/kubernetes';
import type { Fault, ProxiedRequest } from '#testing/http-faults';
import type { Group } from './history.ts';

/** A request of ours that was to change a Secret or a ConfigMap, and that the API server saw. */
export interface Write {
  readonly sync: string;
  readonly group: Group;
  readonly method: string;
  readonly body: KubeObject | undefined;
  /** Deliveries that the audit knew of when it was sent. */
  readonly audited: number;
  /** `undefined`: the server ended before it answered. */
  status?: number;
  /** What the server answered. */
  answer?: KubeObject;
}

/** What happens to a request that changes something: before it is done, instead of it, or after it. */
export interface Trap {
  readonly when: 'before' | 'after';
  /** Answers whether the request takes its course. */
  readonly spring: (write: Write) => Promise<boolean>;
}

export interface TrafficOptions {
  readonly kube: KubeClient;
  readonly audited: () => number;
}

const kinds: Readonly<Record<string, string>> = { secrets: 'Secret', configmaps: 'ConfigMap' };
const pattern = /^\/api\/v1\/namespaces\/([^/]+)\/(secrets|configmaps)\/([^/?]+)(?:\?(.*))?$/;

export class Traffic {
  readonly writes: Write[] = [];
  readonly #options: TrafficOptions;
  #trap: Trap | undefined;
  /** Decides about a request before anything else. */
  weather: (request: ProxiedRequest) => Fault | undefined = () => undefined;

  constructor(options: TrafficOptions) {
    this.#options = options;
  }

  /** The next write springs it. */
  set(trap: Trap | undefined): void {
    this.#trap = trap;
  }

  readonly rule = async (request: ProxiedRequest): Promise<Fault | undefined> => {
    const fault = this.weather(request);
    if (fault !== undefined && fault.type !== 'lose') return fault;
    const match = request.method === 'GET' ? null : pattern.exec(request.path);
    if (match === null) return fault;
    const [, namespace = '', plural = '', name = '', query = ''] = match;
    const body = request.body === '' ? undefined : (JSON.parse(request.body) as KubeObject);
    const sync = (new URLSearchParams(query).get('fieldManager') ?? '').replace(/^plumb\//, '');
    const write: Write = {
      sync,
      group: `${decodeURIComponent(namespace)}/${kinds[plural] ?? ''}/${decodeURIComponent(name)}`,
      method: request.method,
      body,
      audited: this.#options.audited(),
    };
    if (!(await this.#spring('before', write))) return { type: 'reset' };
    const answer = await this.#forward(request, write);
    if (!(await this.#spring('after', write))) return { type: 'reset' };
    return fault === undefined ? answer : { type: 'reset' };
  };

  async #spring(when: Trap['when'], write: Write): Promise<boolean> {
    const trap = this.#trap;
    if (trap?.when !== when) return true;
    this.#trap = undefined;
    return trap.spring(write);
  }

  async #forward({ method, path, headers }: ProxiedRequest, write: Write): Promise<Fault> {
    this.writes.push(write);
    const contentType = headers['content-type'];
    const { body } = write;
    const response = await this.#options.kube.open(method as 'PATCH', path, {
      ...(body === undefined ? {} : { body }),
      ...(contentType === undefined ? {} : { contentType }),
    });
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
    write.status = response.statusCode ?? 0;
    if (write.status < 300) write.answer = JSON.parse(text) as KubeObject;
    const retry = response.headers['retry-after'];
    const more = retry === undefined ? {} : { 'retry-after': retry };
    return {
      type: 'answer',
      status: write.status,
      body: text,
      headers: { 'content-type': 'application/json', ...more },
    };
  }
}
