/** The log with everything real beneath and above it: keyring, SQLite, anchor file, the fold of entries. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openKeyring } from '#crypto/keyring';
import { openKeyFileSeal } from '#crypto/seals/key-file';
import type { TruthOp } from '#domain/change';
import { parsePath } from '#domain/path';
import { serverPrincipal } from '#domain/principal';
import { dump } from '#state/dump';
import { TruthState } from '#state/truth';
import { WorkState } from '#state/work';
import type { TruthDraft } from '#state/view';
import { openAnchor } from '#store/anchor';
import { openLog } from '#store/committer';
import { openSqlite } from '#store/drivers/sqlite/index';
import type { CommitRequest } from '#store/log';
import { systemClock } from '#util/clock';
import { openSlotFile } from '#util/files';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'plumb-log-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

/** A server's store in `folder`, without the server. */
async function openStore(folder: string, more: { checkpointBytes?: number; acceptLoss?: boolean } = {}) {
  const driver = await openSqlite(folder);
  try {
    const create = (await driver.head('truth')) === 0;
    const seal = await openKeyFileSeal({ path: join(folder, 'root.key'), create });
    const keyring = await openKeyring({ store: driver, seal, create });
    const anchor = openAnchor({
      file: openSlotFile(join(folder, 'anchor')),
      mac: keyring.chain('anchor'),
      clock: systemClock,
    });
    const onFatal = (error: Error) => {
      throw error;
    };
    const shared = { driver, anchor, clock: systemClock, onFatal, storeId: keyring.storeId, ...more };
    const state = new TruthState();
    const truth = await openLog({ ...shared, stream: 'truth', fold: state, mac: keyring.chain('truth') });
    const work = await openLog({ ...shared, stream: 'work', fold: new WorkState(), mac: keyring.chain('work') });
    const close = async () => {
      for (const part of [truth, work, anchor, driver]) await part.close();
    };
    return { driver, keyring, anchor, state, truth, work, close };
  } catch (error) {
    await driver.close();
    throw error;
  }
}
type Store = Awaited<ReturnType<typeof openStore>>;

const pathOf = (name: string) => parsePath(`changelog/production/${name}`);

function put({ keyring }: Store, name: string, text: string): (draft: TruthDraft) => TruthOp {
  return (draft) => ({
    op: 'put',
    path: pathOf(name),
    version: (draft.head(pathOf(name))?.current.version ?? 0) + 1,
    incarnation: 1,
    kind: 'secret',
    type: 'string',
    form: 'literal',
    references: [],
    value: keyring.encrypt(Buffer.from(text), 'secret'),
  });
}

const request = (op: (draft: TruthDraft) => TruthOp): CommitRequest<TruthOp, TruthDraft> => ({
  author: serverPrincipal,
  reason: 'test',
  requestId: 'r',
  accessor: '',
  prepare: (draft) => [op(draft)],
});

function valueOf({ keyring, state }: Store, name: string): string | undefined {
  const value = state.view.head(pathOf(name))?.current.value;
  return value && Buffer.from(keyring.decrypt(value, 'secret')).toString();
}

const destroyPresent =
  (name: string) =>
  (draft: TruthDraft): TruthOp => {
    const version = draft.head(pathOf(name))?.current.version;
    if (version === undefined) throw new Error('there is nothing to destroy');
    return { op: 'destroy', path: pathOf(name), versions: [version] };
  };

describe('a restart', () => {
  test('gives the same state, whatever was written, with and without an orderly end', async () => {
    const names = fc.constantFrom('A', 'B', 'C', 'D', 'E');
    const step = fc.record({
      name: names,
      length: fc.constantFrom(1, 200, 60_000),
      destroy: fc.integer({ max: 5, min: 0 }),
    });
    let folders = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const folder = join(parent, `${folders++}`);
        const store = await openStore(folder, { checkpointBytes: 20_000 });
        const answers = steps.map(({ name, length, destroy }) =>
          store.truth.commit(request(destroy === 0 ? destroyPresent(name) : put(store, name, 'v'.repeat(length)))),
        );
        await Promise.allSettled(answers);
        await store.anchor.flush();
        const copy = join(parent, `${folders++}`);
        cpSync(folder, copy, { recursive: true });
        const before = dump(store.state);
        await store.close();
        for (const left of [folder, copy]) {
          const again = await openStore(left);
          expect(dump(again.state)).toEqual(before);
          expect(await again.truth.verify()).toMatchObject({ ok: true });
          await again.close();
        }
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  test('reads the values that were written, under keys that were replaced meanwhile', async () => {
    const folder = join(parent, 'store');
    const first = await openStore(folder);
    await first.truth.commit(request(put(first, 'A', 'before')));
    await first.keyring.rotate();
    await first.keyring.rotateMac();
    await first.truth.commit(request(put(first, 'B', 'after')));
    await first.close();
    const second = await openStore(folder);
    expect([valueOf(second, 'A'), valueOf(second, 'B')]).toEqual(['before', 'after']);
    expect(await second.truth.verify()).toEqual({ ok: true, records: 2, anchored: 2 });
    await second.close();
  });
});

describe('what was put back or taken away', () => {
  const files = ['plumb.db', 'plumb.db-wal'];
  const take = (folder: string, names: readonly string[]) =>
    names.map((name) => [name, readFileSync(join(folder, name))] as const);

  /** A store of ten commits, closed; and its files as they were after five. */
  async function tenCommits(folder: string) {
    const store = await openStore(folder);
    let early: (readonly [string, Buffer])[] = [];
    for (let i = 0; i < 10; i++) {
      await store.truth.commit(request(put(store, `N${i}`, `${i}`)));
      if (i === 4) early = take(folder, [...files, 'anchor']);
    }
    await store.close();
    return early;
  }

  test('an older copy of the database is refused until the loss is accepted, and then it goes on from there', async () => {
    const folder = join(parent, 'store');
    const early = await tenCommits(folder);
    for (const [name, bytes] of early.filter(([file]) => files.includes(file)))
      writeFileSync(join(folder, name), bytes);
    await expect(openStore(folder)).rejects.toMatchObject({
      code: 'corrupt',
      message: 'truth: records 6 to 10 are missing',
    });
    const accepted = await openStore(folder, { acceptLoss: true });
    expect(accepted.truth.acceptedLoss).toBe('records 6 to 10 are missing');
    await accepted.truth.commit(request(put(accepted, 'N5', 'anew')));
    await accepted.close();
    const after = await openStore(folder);
    expect([after.truth.seq, after.truth.acceptedLoss, valueOf(after, 'N5')]).toEqual([6, undefined, 'anew']);
    await after.close();
  });

  test('an older copy of the anchor is what a power cut leaves, and is accepted', async () => {
    const folder = join(parent, 'store');
    const early = await tenCommits(folder);
    for (const [name, bytes] of early.filter(([file]) => file === 'anchor')) writeFileSync(join(folder, name), bytes);
    const store = await openStore(folder);
    expect([store.truth.seq, store.truth.acceptedLoss]).toEqual([10, undefined]);
    await store.close();
  });

  test('an anchor of another store is refused', async () => {
    await tenCommits(join(parent, 'one'));
    await tenCommits(join(parent, 'other'));
    cpSync(join(parent, 'other', 'anchor'), join(parent, 'one', 'anchor'));
    await expect(openStore(join(parent, 'one'))).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('another key file is refused, and says so', async () => {
    await tenCommits(join(parent, 'one'));
    await tenCommits(join(parent, 'other'));
    cpSync(join(parent, 'other', 'root.key'), join(parent, 'one', 'root.key'));
    await expect(openStore(join(parent, 'one'))).rejects.toMatchObject({
      code: 'corrupt',
      hint: expect.stringContaining('root.key') as string,
    });
  });
});
