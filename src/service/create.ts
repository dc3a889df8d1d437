import { Bootstrap } from './bootstrap.ts';
import { ChangeMaker } from './changes.ts';
import { EntryReader } from './entries.ts';
import { environmentRule, projectRule } from './environments.ts';
import { Feed } from './feed.ts';
import { Gate } from './gate.ts';
import { PlainRecords } from './nouns.ts';
import type { ServiceParts } from './parts.ts';
import { policyRule } from './policies.ts';
import { principalRule } from './principals.ts';
import { Rate } from './rate.ts';
import type { Reconciling } from './reconciling.ts';
import type { Services } from './services.ts';
import { Doorkeeper, recheckWith } from './sessions.ts';
import { SyncDeliveries } from './sync-deliveries.ts';
import { ServerSyncSource } from './sync-source.ts';
import { SyncWarnings } from './sync-warnings.ts';
import { SyncWishes } from './sync-wishes.ts';
import { SyncKeeper } from './syncs.ts';
import { SystemState } from './system.ts';
import { TargetRegistry } from './target-registry.ts';
import { TargetKeeper } from './targets.ts';
import { TokenKeeper } from './token-keeper.ts';
import { TokenIssuer } from './tokens.ts';
import { eventOf, eventsAfter, tokenPath } from './watch.ts';
import { nounPaths } from '#domain/path';
import type { TruthDraft } from '#state/view';

/** How often a principal may compare secrets that it may not read. */
const comparisonRate = { burst: 20, perSecond: 1, message: 'too many comparisons by this principal' } as const;

/** A change that concerns more syncs than this lets others go first. */
const waveFrom = 16;

/**
 * Wires the use-cases over opened parts. They live as long as the logs do.
 */
export function createServices(parts: ServiceParts): Services {
  const { clock, random, truth, work, keyring, blobs, audit } = parts;
  const state = parts.truthState.view;
  const workState = parts.workState.view;
  const draft = (): TruthDraft => parts.truthState.draft();
  const keeper = new TokenKeeper({ storeId: keyring.storeId, state, work, workState, clock, random });
  const methods = parts.methods(keeper);
  const gate = new Gate({ state, audit, clock, recheck: recheckWith(methods) });
  const wishes = new SyncWishes({ gate, state, keyring, blobs });
  const kept = new ServerSyncSource({ gate, state, workState, work, keyring, wishes });
  const deliveries = new SyncDeliveries(kept, wishes);
  const { openTargets: configured = new Map(), targetKinds: kinds = [] } = parts;
  const targets = new TargetRegistry({ gate, state, keyring, clock, configured, kinds });
  const reconciling = parts.reconciling(kept, targets);
  const feed = new Feed(state.revision, (after) => eventsAfter(truth, after, state), parts.feed);
  const world = { gate, state, keyring, blobs, clock };
  const plain = { gate, state, truth };
  const targetWarnings = new SyncWarnings({ state, reconciling });
  wishes.start();
  connect(parts, { targetWarnings, wishes, reconciling, feed, targets });
  return {
    sessions: new Doorkeeper({ gate, methods, keeper, bootstrap: new Bootstrap(parts, keeper) }),
    entries: new EntryReader({ world, deliveries, comparisons: { rate: new Rate(clock, comparisonRate) } }),
    changes: new ChangeMaker({ gate, state, draft, truth, keyring, feed, clock, targetWarnings }),
    projects: new PlainRecords(plain, projectRule),
    environments: new PlainRecords(plain, environmentRule),
    policies: new PlainRecords(plain, policyRule),
    principals: new PlainRecords(
      plain,
      principalRule((name, { identity, requestId }) =>
        keeper.revokeAll(name, { author: identity.principal, accessor: identity.accessor, requestId }),
      ),
    ),
    tokens: new TokenIssuer({ gate, state, work, workState, keeper, clock }),
    targets: new TargetKeeper({ ...plain, keyring, clock, configured: parts.targets, kinds, open: targets }),
    syncs: new SyncKeeper({ gate, state, draft, truth, keyring, clock, kept, wishes, reconciling }),
    system: new SystemState(gate, { ...parts, reconciling, open: targets }),
  };
}

interface Listeners {
  readonly targetWarnings: SyncWarnings;
  readonly wishes: SyncWishes;
  readonly reconciling: Reconciling;
  readonly feed: Feed;
  readonly targets: TargetRegistry;
}

/** Each commit wakes exactly those watchers and syncs whose paths it touches. */
function connect({ truth, work, truthState }: ServiceParts, listeners: Listeners): void {
  const { targetWarnings, wishes, reconciling, feed, targets } = listeners;
  truth.onCommit((commit) => {
    targetWarnings.committed(commit);
    for (const change of commit.changes) {
      feed.publish(eventOf(change, truthState.view));
      for (const op of change.ops) {
        if (op.op === 'record' && op.noun === 'principal') feed.wake(nounPaths.principal(op.name));
      }
    }
    for (const name of targets.concerned(commit)) {
      targets.renew(name);
      reconciling.retarget(name);
    }
    const concerned = wishes.concerned(commit);
    const lane = concerned.size > waveFrom ? 'wave' : 'user';
    for (const name of concerned) reconciling.wake(name, lane);
  });
  work.onCommit((commit) => {
    for (const change of commit.changes) {
      for (const op of change.ops) if (op.noun === 'token') feed.wake(tokenPath(op.name));
    }
  });
}
