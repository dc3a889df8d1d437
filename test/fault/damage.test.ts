import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '#testing/clock';
import { startWriter } from './child.ts';
import { damages, inflict } from './damage.ts';
import { examine } from './store.ts';
import { onCopy } from './rounds.ts';

describe('a store that was killed and then damaged', () => {
  let parent: string;
  let folder: string;
  let acknowledged: ReadonlyMap<string, number>;
  beforeAll(async () => {
    parent = mkdtempSync(join(tmpdir(), 'plumb-damage-'));
    folder = join(parent, 'store');
    const writer = startWriter({ folder, writers: 8, stopAfter: 400 });
    const { code, lines, errors } = await writer.ended;
    expect({ code, last: lines.at(-1), errors }).toEqual({
      code: null,
      last: expect.stringMatching(/^ack/),
      errors: '',
    });
    acknowledged = writer.acknowledged;
  });
  afterAll(() => rmSync(parent, { recursive: true }));

  test('is whole as long as it is not', async () => {
    expect(await onCopy(folder, (copy) => examine(copy, acknowledged))).toMatchObject({ outcome: 'whole' });
  });

  test.each(damages.map((damage) => [damage.file, damage.how, damage] as const))(
    'is whole or refused with %s %s',
    async (_file, _how, damage) => {
      for (const seed of [1, 2]) {
        const verdict = await onCopy(folder, (copy) => {
          inflict(damage, copy, new SeededRandom(seed));
          return examine(copy, acknowledged);
        });
        expect(verdict.outcome, `seed ${seed}`).toMatch(/^(whole|refused)$/);
      }
    },
  );

  test.each([
    ['its write-ahead log is lost', ['plumb.db-wal'], /missing/],
    ['its write-ahead log and key are lost', ['plumb.db-wal', 'root.key'], /./],
    ['its database is lost', ['plumb.db'], /./],
    ['its database and write-ahead log are lost', ['plumb.db', 'plumb.db-wal'], /./],
  ])('is refused when %s', async (_what, files, message) => {
    const verdict = await onCopy(folder, (copy) => {
      for (const file of files) rmSync(join(copy, file));
      return examine(copy, acknowledged);
    });
    expect(verdict).toMatchObject({ outcome: 'refused', message: expect.stringMatching(message) });
  });

  test('is refused for a flipped bit that SQLite itself does not see', async () => {
    await onCopy(folder, async (copy) => {
      const wal = join(copy, 'plumb.db-wal');
      const bytes = readFileSync(wal);
      const inFirstFrame = 32 + 24 + 100;
      bytes[inFirstFrame] = (bytes[inFirstFrame] ?? 0) ^ 1;
      writeFileSync(wal, bytes);
      const [integrity, records] = askSqlite(copy);
      expect(integrity).toBe('ok');
      expect(records).toBeLessThan(await recordsOf(folder));
      const message = expect.stringContaining('missing');
      expect(await examine(copy, acknowledged)).toMatchObject({ outcome: 'refused', code: 'corrupt', message });
    });
  });
});

/** What SQLite says of the store's database: its own check, and how many records it sees. */
function askSqlite(folder: string): readonly [unknown, number] {
  const database = new DatabaseSync(join(folder, 'plumb.db'), { readOnly: true });
  const integrity = database.prepare('PRAGMA integrity_check').get()?.['integrity_check'];
  const records = Number(database.prepare('SELECT max(seq) AS last FROM truth').get()?.['last']);
  database.close();
  return [integrity, records];
}

async function recordsOf(folder: string): Promise<number> {
  return onCopy(folder, async (copy) => askSqlite(copy)[1]);
}
