/** The store as a server opens it (driver, keys, anchor, log), under a state of numbered values that tells every loss. */
import { join } from 'node:path';
import type { SealedValue } from '#domain/entry';
import { PlumbError } from '#domain/errors';
import type { PrincipalName } from '#domain/principal';
import { sha256 } from '#crypto/digest';
import { type Keyring, openKeyring } from '#crypto/keyring';
import { openKeyFileSeal } from '#crypto/seals/key-file';
import { openAnchor } from '#store/anchor';
import { openLog } from '#store/committer';
import { openSqlite, type SqliteOptions } from '#store/drivers/sqlite/index';
import type { Log } from '#store/log';
import { type ToyDraft, ToyFold, type ToyOp } from '#testing/toy-fold';
import { systemClock } from '#util/clock';
import { openSlotFile } from '#util/files';

export interface NumberedStore {
  readonly log: Log<ToyOp, ToyDraft>;
  /** How often `name` was written, as far as is durable. */
  written(name: string): number;
  /** Writes the next number under `name`; every sixteenth write destroys the value instead. Resolves with the number. */
  write(name: string): Promise<number>;
  /** Whether what `name` holds is what write number {@link written} put there. */
  isRight(name: string): boolean;
  close(): Promise<void>;
}

/** `onFatal`: see the log. Small checkpoints, so that faults meet them too. */
export async function openNumbered(
  folder: string,
  onFatal: (error: Error) => void = () => undefined,
  sqlite: SqliteOptions = {},
): Promise<NumberedStore> {
  const closing: (() => Promise<void>)[] = [];
  const closeAll = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const driver = await openSqlite(folder, { checkpointPages: 60, ...sqlite });
    closing.push(() => driver.close());
    const create = (await driver.head('truth')) === 0;
    const seal = await openKeyFileSeal({ path: join(folder, 'root.key'), create });
    const keyring = await openKeyring({ store: driver, seal, create });
    const file = openSlotFile(join(folder, 'anchor'));
    const anchor = openAnchor({ file, mac: keyring.chain('anchor'), clock: systemClock });
    closing.push(() => anchor.close());
    const fold = new ToyFold();
    const { storeId } = keyring;
    const place = { driver, stream: 'truth', mac: keyring.chain('truth'), anchor, clock: systemClock } as const;
    const log = await openLog<ToyOp, ToyDraft>({ ...place, fold, storeId, onFatal, checkpointBytes: 32 << 10 });
    closing.push(() => log.close());
    return numbered({ log, fold, keyring, close: closeAll });
  } catch (error) {
    await closeAll();
    throw error;
  }
}

interface Parts {
  readonly log: Log<ToyOp, ToyDraft>;
  readonly fold: ToyFold;
  readonly keyring: Keyring;
  readonly close: () => Promise<void>;
}

function numbered({ log, fold, keyring, close }: Parts): NumberedStore {
  const written = (name: string) => fold.names.get(name)?.writes ?? 0;
  return {
    log,
    written,
    async write(name) {
      const number = written(name) + 1;
      const op: ToyOp = destroys(number)
        ? { op: 'destroy', name }
        : { op: 'put', name, value: keyring.encrypt(Buffer.from(contentOf(name, number)), 'secret') };
      await log.commit({ ...request, prepare: () => [op] });
      return number;
    },
    isRight(name) {
      const kept = fold.names.get(name);
      if (kept === undefined) return true;
      if (kept.bytes === null || destroys(kept.writes)) return kept.bytes === null && destroys(kept.writes);
      const bytes = Buffer.from(kept.bytes, 'base64');
      const value: SealedValue = { id: kept.id, bytes, digest: sha256(bytes) };
      return Buffer.from(keyring.decrypt(value, 'secret')).toString() === contentOf(name, kept.writes);
    },
    close,
  };
}

const request = { author: 'person/ann' as PrincipalName, reason: 'fault', requestId: 'r', accessor: '' };

function destroys(number: number): boolean {
  return number % 16 === 0;
}

function contentOf(name: string, number: number): string {
  return `${name}:${number}:`.padEnd(100 + (number % 7) * 50, '.');
}

/** What became of a store. `lost` and `wrong` must never be; `refused` only where something was damaged or taken away. */
export type Verdict =
  /** `written`: what is there; at most one write a name more than was acknowledged. */
  | { readonly outcome: 'whole'; readonly written: ReadonlyMap<string, number> }
  | { readonly outcome: 'refused'; readonly code: string; readonly message: string }
  | { readonly outcome: 'lost' | 'wrong'; readonly names: readonly string[] };

/** Opens the store and compares it with what was acknowledged; a write that was under way may be there too. */
export async function examine(folder: string, acknowledged: ReadonlyMap<string, number>): Promise<Verdict> {
  let store: NumberedStore | undefined;
  try {
    store = await openNumbered(folder);
    return await compare(store, acknowledged);
  } catch (error) {
    if (!(error instanceof PlumbError) || error.code === 'internal') throw error;
    return { outcome: 'refused', code: error.code, message: error.message };
  } finally {
    await store?.close();
  }
}

async function compare(store: NumberedStore, acknowledged: ReadonlyMap<string, number>): Promise<Verdict> {
  const names = [...acknowledged.keys()];
  const lost = names.filter((name) => store.written(name) < (acknowledged.get(name) ?? 0));
  if (lost.length > 0) return { outcome: 'lost', names: lost };
  const tooMany = (name: string) => store.written(name) > (acknowledged.get(name) ?? 0) + 1;
  const wrong = names.filter((name) => tooMany(name) || !store.isRight(name));
  if (wrong.length > 0) return { outcome: 'wrong', names: wrong };
  const { ok, problem = '' } = await store.log.verify();
  if (!ok) return { outcome: 'refused', code: 'corrupt', message: problem };
  await store.write('afterwards');
  return { outcome: 'whole', written: new Map(names.map((name) => [name, store.written(name)])) };
}
