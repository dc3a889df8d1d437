import type { Gate } from './gate.ts';
import type { OpenTargets } from './parts.ts';
import type { Keyring } from '#crypto/keyring';
import type { TruthOp } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { nounPaths } from '#domain/path';
import { serverPrincipal } from '#domain/principal';
import { decodeValue } from '#domain/value';
import type { Target } from '#reconcile/target';
import type { ExaminedTarget, TargetKind } from '#reconcile/target-kind';
import type { View } from '#state/view';
import type { Commit } from '#store/log';
import type { Clock, Timer } from '#util/clock';

export interface RegistryOptions {
  readonly gate: Gate;
  readonly state: View;
  readonly keyring: Keyring;
  /** Opened from the server's configuration; closed with the registry. */
  readonly configured: ReadonlyMap<string, Target>;
  readonly kinds: readonly TargetKind[];
  readonly clock: Clock;
}

interface Retired {
  readonly target: ExaminedTarget;
  readonly timer: Timer;
}

/** Longer than any call to a target. */
const retirementMs = 15_000;

/** Every target that a sync may name: those of the configuration, and stored ones, made when they are asked for first. */
export class TargetRegistry implements OpenTargets {
  readonly #options: RegistryOptions;
  readonly #made = new Map<string, ExaminedTarget>();
  readonly #retired = new Set<Retired>();

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Throws what the kind says against it, such as a host that is not allowed any more. */
  get(name: string): Target | undefined {
    const { configured, state, kinds } = this.#options;
    const known = configured.get(name) ?? this.#made.get(name);
    if (known !== undefined) return known;
    const record = state.record('target', name);
    const kind = kinds.find(({ type }) => type === record?.type);
    if (record === undefined || kind === undefined) return undefined;
    const target = kind.make(name, { record, credential: () => this.#credential(name) });
    this.#made.set(name, target);
    return target;
  }

  opened(): Iterable<readonly [string, Target]> {
    return [...this.#options.configured, ...this.#made];
  }

  /** Stored targets of which a commit changes the record or the credential. */
  concerned(commit: Commit<TruthOp>): ReadonlySet<string> {
    const names = new Set<string>();
    for (const { ops } of commit.changes) {
      for (const op of ops) {
        if (op.op === 'record') {
          if (op.noun === 'target') names.add(op.name);
        } else {
          const name = /^sys\/targets\/([^/]+)\/credential$/.exec(op.path)?.[1];
          if (name !== undefined) names.add(name);
        }
      }
    }
    return names;
  }

  /** The next one who asks gets a new one; what still runs with the old one has time to end. */
  renew(name: string): void {
    const old = this.#made.get(name);
    if (old === undefined) return;
    this.#made.delete(name);
    const retired: Retired = {
      target: old,
      timer: this.#options.clock.timer(retirementMs, () => this.#retire(retired)),
    };
    this.#retired.add(retired);
  }

  async close(): Promise<void> {
    const retired = [...this.#retired];
    this.#retired.clear();
    for (const { timer } of retired) timer.cancel();
    const open = [...this.#options.configured.values(), ...this.#made.values(), ...retired.map(({ target }) => target)];
    this.#made.clear();
    for (const target of new Set(open)) await target.close();
  }

  #retire(retired: Retired): void {
    this.#retired.delete(retired);
    // What it still held ends with the process at the latest.
    retired.target.close().catch(() => undefined);
  }

  /** The server uses it as what it is: a secret, with a record of each use. */
  async #credential(name: string): Promise<string> {
    const { gate, state, keyring } = this.#options;
    const path = nounPaths.targetCredential(name);
    const current = state.head(path)?.current;
    if (current?.value === undefined) {
      throw new PlumbError('unavailable', `the credential of the target ${name} is gone`, {
        hint: 'put the target again with a new one',
      });
    }
    await gate.recordOwn({ action: 'read', path }, serverPrincipal, [`${path}@${current.version}`]);
    return decodeValue(current.type, keyring.decrypt(current.value, current.kind));
  }
}
