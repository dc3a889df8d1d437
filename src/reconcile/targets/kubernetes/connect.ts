import { Budget } from './budget.ts';
import { Calls } from './calls.ts';
import { Circuit } from './circuit.ts';
import type { Cluster, ClusterAccess } from './cluster.ts';
import { Credentials } from './credentials.ts';
import { Follows } from './follow.ts';
import { Connections } from './http2.ts';
import { Requests } from './requests.ts';
import type { Link } from './requests.ts';
import type { Dial } from './session.ts';
import { Watches } from './watches.ts';
import { PlumbError } from '#domain/errors';
import type { Clock, Random } from '#util/clock';

export interface ConnectOptions {
  readonly access: ClusterAccess;
  readonly clock: Clock;
  readonly random: Random;
  /** Requests a second in the long run, and at once after a rest. Default 100 and 200. */
  readonly rate?: { readonly perSecond: number; readonly burst: number };
  /** From sending to the whole answer; the wait for the budget does not count. Default 10,000. */
  readonly requestTimeoutMs?: number;
  /** Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** A watch without an event or bookmark for so long is broken. Default 90,000. */
  readonly silenceMs?: number;
  /** Of one object, or of one event. Default 4 MiB. */
  readonly maxObjectBytes?: number;
}

const defaultRate = { perSecond: 100, burst: 200 } as const;
const defaultObjectBytes = 4 * 1024 * 1024;
const requestConnections = 4;

/** An API server to talk to. Nothing is sent before it is asked for. */
export function connectCluster(options: ConnectOptions): Cluster {
  const { access, clock, random } = options;
  const { link, counts, forRequests, forWatches, requests } = linkTo(options);
  const maxBytes = options.maxObjectBytes ?? defaultObjectBytes;
  const calls = new Calls(requests, maxBytes);
  const watches = new Watches(link, forWatches, { silenceMs: options.silenceMs ?? 90_000, maxBytes });
  const onRecovered: Cluster['onRecovered'] = (listener) => link.circuit.onRecovered(listener);
  const follows = new Follows({
    clock,
    random,
    watch: (request) => watches.watch(request),
    get: (selection, signal) => calls.listed(selection, { lane: 'drift', signal }),
    list: (selection, signal) => calls.list(selection, { lane: 'drift', signal }),
    startsWithAll: true,
    onRecovered,
  });
  const id = access.server.replace(/\/+$/, '');
  const close = (): Promise<void> => {
    const error = new PlumbError('unavailable', `API server ${id}: the connection was closed by us`);
    for (const part of [link.circuit, follows, watches]) part.stop();
    for (const pool of [forRequests, forWatches]) pool.close(error);
    link.budget.refuseAll(error);
    return Promise.resolve();
  };
  return clusterOf({ id, requests: counts, calls, follows, onRecovered, close });
}

/** What goes between us and one server: connections, who we are, how much may be asked and whether it answers. */
function linkTo({ access, clock, random, rate = defaultRate, ...options }: ConnectOptions) {
  const { origin, pathname } = new URL(access.server);
  const counts = new Map<string, number>();
  const budget = new Budget({ clock, ...rate });
  const credentials = new Credentials(access, clock, () => {
    for (const pool of [forRequests, forWatches]) pool.renew();
  });
  const dial = (): Promise<Dial> => dialOf(access, credentials, origin);
  const { connectTimeoutMs } = options;
  const shared = { dial, clock, ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }) };
  const forRequests = new Connections({ ...shared, most: requestConnections, keepOne: true });
  const forWatches = new Connections(shared);
  const probe = (): Promise<void> => requests.probe();
  const circuit = new Circuit({ clock, random, probe, opened: (error) => budget.refuseAll(error) });
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const prefix = pathname.replace(/\/+$/, '');
  const link: Link = { server: origin, prefix, clock, budget, circuit, credentials, count };
  const requests = new Requests(link, forRequests, options.requestTimeoutMs ?? 10_000);
  return { link, counts, forRequests, forWatches, requests };
}

interface Parts {
  readonly id: string;
  readonly requests: ReadonlyMap<string, number>;
  readonly calls: Calls;
  readonly follows: Follows;
  readonly onRecovered: Cluster['onRecovered'];
  readonly close: () => Promise<void>;
}

function clusterOf({ id, requests, calls, follows, onRecovered, close }: Parts): Cluster {
  return {
    id,
    requests,
    get: (ref, context) => calls.get(ref, context),
    list: async (selection, context) => (await calls.list(selection, context)).objects,
    apply: (ref, body, options) => calls.apply(ref, body, options),
    patch: (ref, body, options) => calls.patch(ref, body, options),
    create: (ref, body, options) => calls.create(ref, body, options),
    delete: (ref, options) => calls.delete(ref, options),
    version: (context) => calls.version(context),
    may: (right, context) => calls.may(right, context),
    follow: (selection, listener) => follows.follow(selection, listener),
    onRecovered,
    close,
  };
}

async function dialOf(access: ClusterAccess, credentials: Credentials, origin: string): Promise<Dial> {
  const { ca, serverName } = access;
  const credential = await credentials.current();
  return {
    origin,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(credential.type === 'certificate' ? { certificate: credential.certificate, key: credential.key } : {}),
  };
}
