import { meet, plan } from './change-plan.ts';
import type { PlanContext, Seal } from './change-plan.ts';
import { checkReason } from './change-request.ts';
import type { CheckedOp } from './change-request.ts';
import { describedBy } from './environments.ts';
import type { Gate } from './gate.ts';
import { checkExpected, namesFor, recordOp } from './nouns.ts';
import type { OpenTargets } from './parts.ts';
import { notFound } from './rights.ts';
import type { Rights } from './rights.ts';
import type {
  Caller,
  NounDeleteOptions,
  NounPutOptions,
  TargetCheckRequest,
  TargetPutInput,
  Targets,
  TargetSummary,
} from './services.ts';
import { checkRequest, isExamined, parseTargetName, withinTime } from './target-checks.ts';
import type { Keyring } from '#crypto/keyring';
import type { TruthOp } from '#domain/change';
import { PlumbError } from '#domain/errors';
import { nounPaths, utf8Length } from '#domain/path';
import type { PrincipalName } from '#domain/principal';
import type { StoredTarget, TargetRecord } from '#domain/records';
import { decodeValue } from '#domain/value';
import type { ParsedTarget, TargetKind, TargetReport } from '#reconcile/target-kind';
import type { TruthDraft, View } from '#state/view';
import type { Log } from '#store/log';
import type { Clock } from '#util/clock';

/** Bytes of a kubeconfig. */
export const kubeconfigLimit = 256 * 1024;

export interface TargetsOptions {
  readonly gate: Gate;
  readonly state: View;
  readonly truth: Log<TruthOp, TruthDraft>;
  readonly keyring: Keyring;
  readonly clock: Clock;
  /** From the server's configuration. */
  readonly configured: ReadonlyMap<string, TargetRecord>;
  readonly kinds: readonly TargetKind[];
  readonly open: OpenTargets;
}

/** The places that the server's configuration names, and those that were added over the API. */
export class TargetKeeper implements Targets {
  readonly #options: TargetsOptions;

  constructor(options: TargetsOptions) {
    this.#options = options;
  }

  async list(caller: Caller): Promise<readonly TargetSummary[]> {
    const { gate, configured, state } = this.#options;
    return gate.read(caller, { action: 'list', path: 'sys/targets' }, (rights) => {
      const names = new Set([...configured.keys(), ...Array.from(state.records('target'), ([name]) => name)]);
      const visible = [...names].filter((name) => maySee(rights, name)).sort();
      return { result: visible.flatMap((name) => this.#summary(name) ?? []) };
    });
  }

  async get(caller: Caller, name: string): Promise<TargetSummary> {
    const path = nounPaths.target(name);
    return this.#options.gate.read(caller, { action: 'list', path }, (rights) => {
      if (!maySee(rights, name)) throw rights.refuse('list', path);
      const result = this.#summary(name);
      if (result === undefined) throw notFound(path);
      return { result };
    });
  }

  async put(
    caller: Caller,
    name: string,
    input: TargetPutInput,
    options: NounPutOptions,
  ): Promise<TargetSummary & { readonly revision: number }> {
    const { gate, truth, configured } = this.#options;
    const path = nounPaths.target(parseTargetName(name));
    const reason = checkReason(options.reason);
    let summary: TargetSummary | undefined;
    const made = await gate.change(truth, caller, {
      action: 'admin',
      path,
      reason,
      prepare: (draft, rights) => {
        rights.requireOpenly('admin', path);
        if (configured.has(name)) throw isConfigured(name);
        const present = draft.record('target', name);
        checkExpected(path, present === undefined ? undefined : summaryOf(name, present, undefined), options);
        const parsed = this.#parse(input);
        const ops = this.#credentialOps(draft, { name, reason, rights, credential: parsed.credential });
        const record = toRecord(name, { parsed, input, present });
        summary = summaryOf(name, record, ops.version);
        return [recordOp('target', name, record), ...ops.ops];
      },
    });
    return { ...(summary as TargetSummary), revision: made.revision };
  }

  async delete(caller: Caller, name: string, options: NounDeleteOptions): Promise<{ readonly revision: number }> {
    const { gate, truth, configured } = this.#options;
    const path = nounPaths.target(parseTargetName(name));
    const reason = checkReason(options.reason);
    const made = await gate.change(truth, caller, {
      action: 'admin',
      path,
      reason,
      prepare: (draft, rights) => {
        rights.requireOpenly('admin', path);
        const present = draft.record('target', name);
        if (present === undefined) throw configured.has(name) ? isConfigured(name) : notFound(path);
        checkExpected(path, summaryOf(name, present, undefined), options);
        // A stored one that the configuration hides serves no sync.
        if (!configured.has(name)) checkUnused(draft, rights, name);
        const context = contextOf(draft, rights, reason);
        const meeting = meet(draft, { op: 'delete', path: nounPaths.targetCredential(name) });
        const ends = meeting.own?.current.state === 'present' ? [plan(meeting, context).toOp(neverSealed)] : [];
        return [recordOp('target', name, null), ...ends];
      },
    });
    return { revision: made.revision };
  }

  async check(caller: Caller, name: string, request: TargetCheckRequest): Promise<TargetReport> {
    const { gate, open, clock } = this.#options;
    const path = nounPaths.target(name);
    const authorise = (rights: Rights): void => {
      if (!rights.may('admin', path)) rights.require('use', path);
      if (this.#summary(name) === undefined) throw notFound(path);
    };
    return gate.act(caller, { action: 'use', path }, authorise, async () => {
      const summary = this.#summary(name);
      const target = open.get(name);
      if (target === undefined || summary === undefined) throw notFound(path);
      if (!isExamined(target)) {
        throw new PlumbError('unsupported', `there is nothing to check of a target of type ${summary.type}`);
      }
      const asked = checkRequest(request, summary.namespaces);
      return withinTime(clock, (signal) => target.examine(asked, signal));
    });
  }

  #parse(input: TargetPutInput): ParsedTarget {
    const kind = this.#options.kinds.find(({ type }) => type === input.type);
    if (kind === undefined) {
      throw new PlumbError('invalid', 'a target of this type cannot be added over the API', {
        hint: `types that can: ${this.#options.kinds.map(({ type }) => type).join(', ') || 'none'}; others are declared in the server's configuration`,
      });
    }
    if (utf8Length(input.kubeconfig) > kubeconfigLimit) {
      throw new PlumbError('too-large', `a kubeconfig has at most ${kubeconfigLimit} bytes`, {
        hint: 'send only the context that is needed, as kubectl config view --minify --flatten prints it',
      });
    }
    const { description: _description, ...rest } = input;
    return kind.parse(rest);
  }

  /** A new version of the credential, unless it is the one that is there. */
  #credentialOps(draft: TruthDraft, { name, reason, rights, credential }: NewCredential) {
    const { keyring } = this.#options;
    const path = nounPaths.targetCredential(name);
    const own = draft.head(path)?.current;
    if (own?.value !== undefined && decodeValue(own.type, keyring.decrypt(own.value, own.kind)) === credential) {
      return { ops: [], version: own.version };
    }
    const op: CheckedOp = { op: 'put', path, value: credential, kind: 'secret', type: 'string', form: 'literal' };
    const step = plan(meet(draft, op), contextOf(draft, rights, reason));
    const seal: Seal = (bytes, kind) => keyring.encrypt(bytes, kind);
    return { ops: [step.toOp(seal)], version: step.head.current.version };
  }

  #summary(name: string): TargetSummary | undefined {
    const { configured, state } = this.#options;
    const known = configured.get(name);
    if (known !== undefined) {
      const { type, description } = known;
      return { name, type, declared: 'configuration', ...(description === undefined ? {} : { description }) };
    }
    const record = state.record('target', name);
    const current = state.head(nounPaths.targetCredential(name))?.current;
    return record && summaryOf(name, record, current?.value === undefined ? undefined : current.version);
  }
}

interface NewCredential {
  readonly name: string;
  readonly reason: string;
  readonly rights: Rights;
  readonly credential: string;
}

interface Made {
  readonly parsed: ParsedTarget;
  readonly input: TargetPutInput;
  readonly present: StoredTarget | undefined;
}

function toRecord(name: string, { parsed, input, present }: Made): StoredTarget {
  const credential = nounPaths.targetCredential(name);
  return {
    ...parsed.record,
    ...describedBy(input.description),
    credential,
    generation: (present?.generation ?? 0) + 1,
  };
}

/** Never the credential. */
function summaryOf(name: string, record: StoredTarget, version: number | undefined): TargetSummary {
  const { credential: _credential, ...shown } = record;
  return { name, declared: 'api', ...shown, ...(version === undefined ? {} : { credentialVersion: version }) };
}

function contextOf(view: TruthDraft, rights: Rights, reason: string): PlanContext {
  return { view, author: rights.principal as PrincipalName, reason, revision: view.nextRevision };
}

const neverSealed: Seal = () => {
  throw new PlumbError('internal', 'an end has no value');
};

function checkUnused(view: View, rights: Rights, name: string): void {
  const users: string[] = [];
  for (const [sync, spec] of view.records('sync')) if (spec.target === name) users.push(sync);
  if (users.length === 0) return;
  throw new PlumbError('conflict', `syncs write to ${name}: ${namesFor(rights, users, nounPaths.sync)}`, {
    hint: 'delete them or send them elsewhere first',
  });
}

function isConfigured(name: string): PlumbError {
  return new PlumbError('conflict', `the target ${name} is declared in the server's configuration`, {
    hint: 'it can only be changed there; take another name',
  });
}

function maySee(rights: Rights, name: string): boolean {
  const path = nounPaths.target(name);
  return rights.mayKnow(path) || rights.may('use', path) || rights.may('admin', path);
}
