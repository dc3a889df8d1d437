import { checkReason } from './change-request.ts';
import type { Gate } from './gate.ts';
import { notFound } from './rights.ts';
import type { Rights } from './rights.ts';
import type { Caller, Named, NounDeleteOptions, NounPutOptions, Nouns } from './services.ts';
import type { TruthOp } from '#domain/change';
import { PlumbError } from '#domain/errors';
import type { TruthNoun, TruthNouns } from '#domain/records';
import type { TruthDraft, View } from '#state/view';
import type { Log } from '#store/log';

/** What is particular to one noun. */
export interface NounRule<N extends TruthNoun, Input> {
  readonly noun: N;
  /** Throws `invalid` unless the name is one of this noun. */
  readonly parseName: (name: string) => string;
  /** Where policies find it. */
  readonly pathOf: (name: string) => string;
  /** The record to be kept. Throws what is wrong with the input, or with the state that it would make. */
  readonly toRecord: (input: Input, context: NounContext<N>) => TruthNouns[N];
  /** Throws `conflict` if something needs it. */
  readonly checkDelete: (context: NounContext<N>) => void;
  /** Before a record is created, and after one is removed: for what hangs on its name elsewhere. */
  readonly clear?: (name: string, caller: Caller) => Promise<void>;
}

export interface NounContext<N extends TruthNoun> {
  readonly view: View;
  readonly name: string;
  readonly present: TruthNouns[N] | undefined;
  readonly rights: Rights;
}

export interface NounsOptions {
  readonly gate: Gate;
  readonly state: View;
  readonly truth: Log<TruthOp, TruthDraft>;
}

/** Plain records: declaring one takes `admin` on its path, seeing it `list`, `read` or `admin`. */
export class PlainRecords<N extends TruthNoun, Input> implements Nouns<TruthNouns[N], Input> {
  readonly #options: NounsOptions;
  readonly #rule: NounRule<N, Input>;

  constructor(options: NounsOptions, rule: NounRule<N, Input>) {
    this.#options = options;
    this.#rule = rule;
  }

  async get(caller: Caller, name: string): Promise<Named<TruthNouns[N]>> {
    const { noun, parseName, pathOf } = this.#rule;
    parseName(name);
    const path = pathOf(name);
    return this.#options.gate.read(caller, { action: 'list', path }, (rights) => {
      if (!maySee(rights, path)) throw rights.refuse('list', path);
      const record = this.#options.state.record(noun, name);
      if (record === undefined) throw notFound(path);
      return { result: { name, ...record } };
    });
  }

  async list(caller: Caller): Promise<readonly Named<TruthNouns[N]>[]> {
    const { noun, pathOf } = this.#rule;
    return this.#options.gate.read(caller, { action: 'list', path: nounsPath(noun) }, (rights) => {
      const result: Named<TruthNouns[N]>[] = [];
      for (const [name, record] of this.#options.state.records(noun)) {
        if (maySee(rights, pathOf(name))) result.push({ name, ...record });
      }
      return { result };
    });
  }

  async put(
    caller: Caller,
    name: string,
    input: Input,
    options: NounPutOptions,
  ): Promise<Named<TruthNouns[N]> & { readonly revision: number }> {
    const { gate, state, truth } = this.#options;
    const { noun, parseName, pathOf, toRecord, clear } = this.#rule;
    parseName(name);
    const path = pathOf(name);
    if (clear !== undefined && state.record(noun, name) === undefined && gate.rights(caller).may('admin', path)) {
      await clear(name, caller);
    }
    let record: TruthNouns[N] | undefined;
    const made = await gate.change(truth, caller, {
      action: 'admin',
      path,
      reason: checkReason(options.reason),
      prepare: (draft, rights) => {
        rights.requireOpenly('admin', path);
        const present = draft.record(noun, name);
        checkExpected(path, present === undefined ? undefined : { name, ...present }, options);
        record = toRecord(input, { view: draft, name, present, rights });
        return [recordOp(noun, name, record)];
      },
    });
    return { name, ...(record as TruthNouns[N]), revision: made.revision };
  }

  async delete(caller: Caller, name: string, options: NounDeleteOptions): Promise<{ readonly revision: number }> {
    const { gate, truth } = this.#options;
    const { noun, parseName, pathOf, checkDelete, clear } = this.#rule;
    parseName(name);
    const path = pathOf(name);
    const made = await gate.change(truth, caller, {
      action: 'admin',
      path,
      reason: checkReason(options.reason),
      prepare: (draft, rights) => {
        rights.requireOpenly('admin', path);
        const present = draft.record(noun, name);
        if (present === undefined) throw notFound(path);
        checkExpected(path, { name, ...present }, options);
        checkDelete({ view: draft, name, present, rights });
        return [recordOp(noun, name, null)];
      },
    });
    await clear?.(name, caller);
    return { revision: made.revision };
  }
}

const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** For nouns whose names may have dots. Throws `invalid`. */
export function parseDottedName(noun: 'policy' | 'sync', name: string): string {
  if (namePattern.test(name)) return name;
  throw new PlumbError('invalid', `a ${noun} is named by 1 to 63 of a-z 0-9 . _ -, a letter or digit first`);
}

export function maySee(rights: Rights, path: string): boolean {
  return rights.mayKnow(path) || rights.may('admin', path);
}

/** Names for a message: those that the caller may see, the first ten. */
export function namesFor(rights: Rights, names: readonly string[], pathOf: (name: string) => string): string {
  const visible = names.filter((name) => maySee(rights, pathOf(name)));
  if (visible.length === 0) return 'others that may not be listed';
  const shown = visible.slice(0, 10);
  return shown.length < names.length ? `${shown.join(', ')} and others` : shown.join(', ');
}

/** Throws `exists` or `mismatch` unless what is there, as a `get` would show what is declared of it, is as expected. */
export function checkExpected(
  path: string,
  present: object | undefined,
  { expectAbsent, expect }: Pick<NounPutOptions, 'expect' | 'expectAbsent'>,
): void {
  if (expectAbsent === true && present !== undefined) throw exists(path);
  if (expect === undefined || (present !== undefined && expect(present))) return;
  const found = present === undefined ? 'is not there any more' : 'has been changed since';
  throw new PlumbError('mismatch', `${path} ${found}`, {
    hint: 'get it again, and write with the ETag that comes with it',
    details: { path },
  });
}

export function exists(path: string): PlumbError {
  return new PlumbError('exists', `${path} exists already`, { details: { path } });
}

/** The type of an op is a union over the nouns, which does not follow from one noun that is not known yet. */
export function recordOp<N extends TruthNoun>(noun: N, name: string, record: TruthNouns[N] | null): TruthOp {
  return { op: 'record', noun, name, record } as TruthOp;
}

/** What a list of the noun is about, in the audit record. */
function nounsPath(noun: TruthNoun): string {
  const paths = { project: '', environment: '', policy: 'sys/policies', principal: 'identity' };
  return { ...paths, sync: 'sys/syncs', target: 'sys/targets' }[noun];
}
