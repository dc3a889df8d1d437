/** The only place that names concrete classes. */
import { join } from 'node:path';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Config } from './config.ts';
import type { TargetConfig } from './config-targets.ts';
import { errorFields } from '#domain/failures';
import { RequestMeter } from './meter.ts';
import { countedResponses } from './responses.ts';
import type { Logger } from './log.ts';
import { encodeAuditRecord } from '#audit/record';
import type { AuditRecord } from '#audit/record';
import { openAuditFile } from '#audit/sinks/file';
import { TokenMethod } from '#auth/token/method';
import { sha256 } from '#crypto/digest';
import { openKeyring } from '#crypto/keyring';
import { openKeyFileSeal } from '#crypto/seals/key-file';
import { serverPrincipal } from '#domain/principal';
import type { SyncStatus, TargetRecord } from '#domain/records';
import { createRest } from '#protocol/rest/index';
import { routes } from '#protocol/rest/routes';
import { Host } from '#reconcile/host';
import type { SyncSource } from '#reconcile/reconciler';
import type { Target } from '#reconcile/target';
import { FileTarget } from '#reconcile/targets/file/target';
import { kubernetesKind, kubernetesTarget } from '#reconcile/targets/kubernetes/kind';
import { prepareBootstrap } from '#service/bootstrap';
import { createServices } from '#service/create';
import type { OpenTargets, ProcessUsage } from '#service/parts';
import type { Services } from '#service/services';
import type { TokenKeeper } from '#service/token-keeper';
import { TruthState } from '#state/truth';
import { WorkState } from '#state/work';
import { openAnchor } from '#store/anchor';
import { openLog } from '#store/committer';
import type { Driver } from '#store/driver';
import { openSqlite } from '#store/drivers/sqlite/index';
import type { Clock, Random } from '#util/clock';
import { makeFolder, openSlotFile } from '#util/files';

export interface ComposeOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** As `LogOptions` has it. */
  readonly turn: () => Promise<void>;
  readonly log: Logger;
  /** Of the program. */
  readonly version: string;
  /** Of the process, for metrics. */
  readonly usage?: () => ProcessUsage;
  /** Called once when nothing may be answered any more: the outcome of a write is not known. */
  readonly onFatal: (error: Error) => void;
}

/** Everything of a server but its sockets. */
export interface Composed {
  readonly services: Services;
  readonly handle: RequestListener;
  /** What answers are made of: they are counted. */
  readonly responses: typeof ServerResponse<IncomingMessage>;
  readonly requestId: () => string;
  /** For benchmarks and metrics. */
  readonly driver: Driver;
  /** See {@link prepareBootstrap}. */
  readonly prepareBootstrap: (renew: boolean) => Promise<string | undefined>;
  readonly bootstrapSpent: () => boolean;
  readonly onBootstrapSpent: (spent: () => void) => void;
  /** Ends event streams, and refuses new ones. */
  closeStreams(): Promise<void>;
  /** Stops the loop, waits for what is in flight, and releases everything. */
  close(): Promise<void>;
}

/** Opens the store and puts use-cases, loop and protocols over it. Throws what is wrong; then nothing stays open. */
export async function compose(config: Config, options: ComposeOptions): Promise<Composed> {
  const opened: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) {
      // What a failed store leaves behind must not keep the rest open.
      await close().catch((error: unknown) => options.log.error(errorFields(error), 'not closed cleanly'));
    }
  };
  try {
    return await build(config, options, { opened, closeAll });
  } catch (error) {
    await closeAll();
    throw error;
  }
}

interface Closing {
  /** What was opened, in order; closed in the reverse one. */
  readonly opened: (() => Promise<void>)[];
  readonly closeAll: () => Promise<void>;
}

async function build(config: Config, options: ComposeOptions, { opened, closeAll }: Closing): Promise<Composed> {
  const { clock, random, log, version } = options;
  const store = await openStore(config, options, opened);
  const { workState, work } = store;
  const openTargets = await configuredTargets(config, { clock, random });
  let host: Host | undefined;
  const meter = new RequestMeter(routes);
  const parts = {
    ...store,
    clock,
    random,
    version,
    ...(options.usage === undefined ? {} : { usage: options.usage }),
    http: () => meter.series(),
    blobs: store.driver,
    targets: new Map(Object.entries(config.targets).map(([name, target]) => [name, recordOf(target)])),
    openTargets,
    targetKinds: [kubernetesKind({ clock, random, allowedHosts: config.kubernetesHosts })],
    methods: (keeper: TokenKeeper) => [
      new TokenMethod({ storeId: store.keyring.storeId, records: keeper, clock, hash: sha256 }),
    ],
    reconciling: (source: SyncSource, targets: OpenTargets) =>
      (host = new Host({ syncs: source, targets, clock, random, saved: logSync(log), failed: logFault(log) })),
  };
  const services = createServices(parts);
  const requestId = requestIds(random);
  const rest = await createRest({
    services,
    clock,
    requestId,
    allowedHosts: hostsOf(config),
    random,
    corsOrigins: config.corsOrigins,
    onFault: (id, cause, traceId) => {
      const trace = traceId === undefined ? {} : { traceId };
      log.error({ requestId: id, ...trace, ...errorFields(cause) }, 'request failed');
    },
    limits: {
      requests: { perSecond: config.requestsPerSecond, burst: config.requestsPerSecond * 2 },
      failures: { perSecond: config.failuresPerMinute / 60, burst: config.failuresPerMinute },
    },
    streams: { total: config.streams, perPrincipal: config.streamsPerPrincipal },
  });
  host?.start();
  opened.push(async () => host?.stop());
  const spent = (): boolean => [...workState.view.records('bootstrap')].some(([, record]) => record.used);
  return {
    services,
    handle: (request, response) => rest.handle(request, response),
    responses: countedResponses(meter, clock),
    requestId,
    driver: store.driver,
    prepareBootstrap: (renew) => prepareBootstrap(parts, renew),
    bootstrapSpent: spent,
    onBootstrapSpent: (act) => {
      const stop = work.onCommit(() => {
        if (!spent()) return;
        stop();
        act();
      });
    },
    closeStreams: () => rest.close(),
    close: closeAll,
  };
}

/** Driver, keys, anchor, audit file and the two logs, folded. */
async function openStore(config: Config, options: ComposeOptions, opened: (() => Promise<void>)[]) {
  const { clock, turn, log, onFatal } = options;
  const driver = await openSqlite(config.data);
  opened.push(() => driver.close());
  const create = (await driver.head('truth')) + (await driver.head('work')) === 0;
  const seal = await openKeyFileSeal({ path: config.keyFile, create });
  const keyring = await openKeyring({ store: driver, seal, create });
  const file = openSlotFile(join(config.data, 'anchor'));
  const anchor = openAnchor({ file, mac: keyring.chain('anchor'), clock });
  opened.push(() => anchor.close());
  const audit = await openAuditFile({ path: config.auditFile, mac: keyring.chain('audit'), anchor, clock });
  opened.push(() => audit.close());
  const truthState = new TruthState();
  const workState = new WorkState();
  const onNotice = (notice: string): void => log.warn({ notice }, 'store');
  const { storeId } = keyring;
  const shared = { driver, anchor, clock, onFatal, onNotice, turn, storeId, acceptLoss: config.acceptLoss };
  const truth = await openLog({ ...shared, stream: 'truth', fold: truthState, mac: keyring.chain('truth') });
  opened.push(() => truth.close());
  const work = await openLog({ ...shared, stream: 'work', fold: workState, mac: keyring.chain('work') });
  opened.push(() => work.close());
  for (const lost of [truth.acceptedLoss, work.acceptedLoss]) {
    if (lost === undefined) continue;
    log.warn({ lost }, 'a loss of commits was accepted');
    await audit.write(encodeAuditRecord(acceptedLoss(clock.now())));
  }
  return { driver, keyring, audit, truthState, workState, truth, work, verifyAudit: () => audit.verify() };
}

function acceptedLoss(time: number): AuditRecord {
  const by = { principal: serverPrincipal, accessor: '', address: '', requestId: '' };
  return { ...by, time, action: 'accept-loss', paths: ['sys/audit'], outcome: 'allowed' };
}

/** Nothing outside is touched before a sync needs it, but that development mode makes its folders. */
async function configuredTargets(
  config: Config,
  parts: Pick<ComposeOptions, 'clock' | 'random'>,
): Promise<ReadonlyMap<string, Target>> {
  const targets = new Map<string, Target>();
  for (const [name, target] of Object.entries(config.targets)) {
    if (target.type === 'file' && config.dev) await makeFolder(target.root);
    const opened = target.type === 'file' ? new FileTarget({ root: target.root }) : kubernetesTarget(target, parts);
    targets.set(name, opened);
  }
  return targets;
}

/** What anybody may see of it who may see the target. */
function recordOf({ type, description }: TargetConfig): TargetRecord {
  return { type, ...(description === undefined ? {} : { description }) };
}

/** A status that is news, as a line. */
function logSync(log: Logger): (name: string, status: SyncStatus) => void {
  return (sync, { conditions, note, agree, total }) => {
    const holds = conditions.filter(({ status }) => status === 'true').map(({ type }) => type);
    log.info({ sync, conditions: holds, agree, total, ...(note === undefined ? {} : { note }) }, 'sync status');
  };
}

/** Without its message, which may hold a value. */
function logFault(log: Logger): (name: string, error: unknown) => void {
  return (sync, error) => log.error({ sync, ...errorFields(error) }, 'sync failed');
}

function hostsOf({ allowedHosts, listen }: Config): readonly string[] {
  const host = listen?.host.includes(':') === true ? `[${listen.host}]` : listen?.host;
  return ['localhost', '127.0.0.1', '[::1]', ...(host === undefined ? [] : [host]), ...allowedHosts];
}

/** Unlike those of any other start, and in order within one. */
function requestIds(random: Random): () => string {
  const start = random.bytes(6).toBase64({ alphabet: 'base64url' });
  let count = 0;
  return () => `${start}-${((count += 1)).toString(36)}`;
}
