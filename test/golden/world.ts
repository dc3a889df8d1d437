import type { Change, TruthOp } from '#domain/change';
import { compilePolicies } from '#domain/decider';
import type { EntryMetadata, Head, Kind, ValueType } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import type { Path } from '#domain/path';
import { parsePolicy } from '#domain/policy';
import { serverPrincipal } from '#domain/principal';
import type { FolderLoaders } from '#eval/evaluate';
import { TruthState } from '#state/truth';

/** The input of one case. */
export interface Case {
  readonly title: string;
  /** What each extends. */
  readonly environments?: Readonly<Record<string, string | null>>;
  /** By path; a text is a literal of kind `config`. */
  readonly entries?: Readonly<Record<string, string | EntryInput>>;
  readonly generate?: readonly Generated[];
  /** Rules of the reader; default: everything is allowed. */
  readonly policy?: readonly string[];
  readonly evaluate?: readonly string[];
  readonly folders?: readonly string[];
  readonly lookUp?: readonly string[];
  /** Show counts instead of what is long. */
  readonly brief?: boolean;
}

interface EntryInput {
  readonly text?: string;
  readonly expression?: string;
  /** How often the text stands one after the other. */
  readonly repeat?: number;
  readonly kind?: Kind;
  readonly type?: ValueType;
  readonly version?: number;
  readonly state?: 'deleted' | 'unset';
  readonly destroyed?: boolean;
  /** Its bytes cannot be decrypted. */
  readonly corrupt?: boolean;
}

/** `chain`: entries numbered from 1, each an expression of the next, the last a literal. `wide`: one expression of many literals. */
type Generated =
  | { readonly chain: string; readonly length: number }
  | { readonly wide: string; readonly references: number };

/** The loaders of a case, over a real state and a real policy. */
export function loadersOf(input: Case): FolderLoaders<Head> {
  const { view } = stateOf(input);
  const decider = deciderOf(input.policy ?? ['allow * on **']);
  const may = (action: 'read' | 'list', path: Path, stored: Head | undefined) =>
    decider.decide({ action, path, kind: stored?.current.kind, tags: stored?.metadata.tags }).allow;
  return {
    head: (path) => view.head(path),
    children: (folder) => view.children(folder),
    chain: (environment) => view.chain(environment),
    mayRead: (path, stored) => may('read', path, stored),
    mayList: (path, stored) => may('list', path, stored),
    text: (stored) => textOf(stored),
  };
}

const corrupt: EntryMetadata = { owner: 'corrupt' };

function textOf(stored: Head): string {
  if (stored.metadata.owner === corrupt.owner) throw new PlumbError('corrupt', 'the value cannot be decrypted');
  return Buffer.from(stored.current.value?.bytes ?? []).toString();
}

function deciderOf(lines: readonly string[]) {
  const parsed = parsePolicy(lines.join('\n'));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return compilePolicies([{ name: 'reader', rules: parsed.rules }]);
}

function stateOf(input: Case): TruthState {
  const entries = {
    ...input.entries,
    ...Object.assign({}, ...(input.generate ?? []).map(generated)),
  } as Case['entries'];
  const ops: TruthOp[] = Object.entries(input.environments ?? {}).map(([name, base]) => ({
    op: 'record',
    noun: 'environment',
    name,
    record: { defaultKind: 'config', ...(base === null ? {} : { extends: base }) },
  }));
  for (const [path, entry] of Object.entries(entries ?? {})) {
    ops.push(...opsOf(path as Path, typeof entry === 'string' ? { text: entry } : entry));
  }
  const change: Change<TruthOp> = {
    revision: 1,
    author: serverPrincipal,
    reason: '',
    requestId: '',
    accessor: '',
    time: 0,
    ops,
  };
  const state = new TruthState();
  state.apply({ changes: [change] });
  return state;
}

function generated(rule: Generated): Record<string, EntryInput> {
  if ('wide' in rule) {
    const numbers = Array.from({ length: rule.references }, (_none, index) => index);
    const literals = numbers.map((number) => [`${rule.wide}${number}`, { text: 'x' }] as const);
    const name = rule.wide.slice(rule.wide.lastIndexOf('/') + 1);
    const expression = numbers.map((number) => `\${${name}${number}}`).join('');
    return { ...Object.fromEntries(literals), [rule.wide]: { expression } };
  }
  const name = rule.chain.slice(rule.chain.lastIndexOf('/') + 1);
  const links = Array.from({ length: rule.length }, (_none, index): readonly [string, EntryInput] => {
    const isLast = index === rule.length - 1;
    return [`${rule.chain}${index + 1}`, isLast ? { text: 'end' } : { expression: `\${${name}${index + 2}}` }];
  });
  return Object.fromEntries(links);
}

function opsOf(path: Path, entry: EntryInput): readonly TruthOp[] {
  const { kind = 'config', type = 'string', version = 1, state, repeat = 1 } = entry;
  if (state !== undefined) return [{ op: 'end', path, version, incarnation: 1, state, kind }];
  const text = (entry.expression ?? entry.text ?? '').repeat(repeat);
  const put: TruthOp = {
    op: 'put',
    path,
    version,
    incarnation: 1,
    kind,
    type,
    form: entry.expression === undefined ? 'literal' : 'expression',
    references: [],
    value: { id: path, digest: '', bytes: Buffer.from(text) },
    ...(entry.corrupt === true ? { metadata: corrupt } : {}),
  };
  return entry.destroyed === true ? [put, { op: 'destroy', path, versions: [version] }] : [put];
}
