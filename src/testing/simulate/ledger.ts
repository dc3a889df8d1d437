import type { Services, ChangeResult, Caller } from '#service/services';

/** What one change was to do: path → new value, `null`: to delete. */
export type Attempted = ReadonlyMap<string, string | null>;

interface Attempt {
  readonly ops: Attempted;
  outcome: 'unknown' | 'refused' | 'acknowledged';
  result: ChangeResult | undefined;
}

/** A version as the store has it in the end. */
interface Stored {
  readonly revision: number;
  /** `null`: a deletion. */
  readonly value: string | null;
}

/** What clients were told, to be compared with what the store holds in the end. A value is put by one attempt only. */
export class Ledger {
  readonly #attempts: Attempt[] = [];

  /** Notes an attempt; answers how to note what became of it. Without that it stays unknown. */
  attempt(ops: Attempted): { acknowledged(result: ChangeResult): void; refused(): void } {
    const attempt: Attempt = { ops, outcome: 'unknown', result: undefined };
    this.#attempts.push(attempt);
    return {
      acknowledged: (result) => {
        attempt.outcome = 'acknowledged';
        attempt.result = result;
      },
      refused: () => {
        attempt.outcome = 'refused';
      },
    };
  }

  count(outcome: Attempt['outcome']): number {
    return this.#attempts.filter((attempt) => attempt.outcome === outcome).length;
  }

  /** Every promise that was broken, one line each. */
  async verify(services: Services, caller: Caller): Promise<readonly string[]> {
    const stored = await readAll(services, caller, [...new Set(this.#attempts.flatMap(({ ops }) => [...ops.keys()]))]);
    const made = new Map<string, number>();
    for (const [path, versions] of stored) {
      for (const { value, revision } of versions.values()) made.set(`${path}=${value}`, revision);
    }
    return this.#attempts.flatMap((attempt) => [
      ...(attempt.outcome === 'acknowledged' ? lost(attempt, stored) : []),
      ...halfMade(attempt, made),
    ]);
  }
}

type Versions = ReadonlyMap<string, ReadonlyMap<number, Stored>>;

function lost({ ops, result }: Attempt, stored: Versions): readonly string[] {
  const { revision = 0, entries = [] } = result ?? {};
  return entries.flatMap(({ path, version }) => {
    const found = stored.get(path)?.get(version);
    const kept = found?.revision === revision && found.value === ops.get(path);
    return kept ? [] : [`an acknowledged change was lost: ${path} version ${version} of revision ${revision}`];
  });
}

/** A change is there with all of its values, under one revision, or with none; one that was refused with none. */
function halfMade({ ops, outcome }: Attempt, made: ReadonlyMap<string, number>): readonly string[] {
  const puts = [...ops].filter(([, value]) => value !== null);
  const revisions = puts.flatMap(([path, value]) => made.get(`${path}=${value}`) ?? []);
  if (outcome === 'refused' && revisions.length > 0)
    return [`a refused change was made: ${[...ops.keys()].join(', ')}`];
  const half = (revisions.length > 0 && revisions.length < puts.length) || new Set(revisions).size > 1;
  return half ? [`half of a change was made: ${[...ops.keys()].join(', ')}`] : [];
}

async function readAll(services: Services, caller: Caller, paths: readonly string[]): Promise<Versions> {
  const all = new Map<string, Map<number, Stored>>();
  for (const path of paths) {
    const versions = new Map<number, Stored>();
    all.set(path, versions);
    for (let before: number | undefined; ; ) {
      const page = await services.entries
        .history(caller, { path, ...(before === undefined ? {} : { before }) })
        .catch(() => undefined);
      for (const { version, state, revision } of page?.versions ?? []) {
        const value =
          state === 'present' ? (await services.entries.get(caller, { path, version, raw: true })).value : null;
        versions.set(version, { revision, value });
      }
      before = page?.next;
      if (before === undefined) break;
    }
  }
  return all;
}
