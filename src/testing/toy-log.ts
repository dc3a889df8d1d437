import type { PrincipalName } from '#domain/principal';
import { openLog } from '#store/committer';
import type { Driver } from '#store/driver';
import { MemoryStore } from '#store/drivers/memory/index';
import type { Log, LogOptions } from '#store/log';
import { memorySlotFile } from '#util/files';
import { FakeClock } from './clock.ts';
import { put, type ToyDraft, ToyFold, type ToyOp, toyAnchor, toyMac } from './toy-fold.ts';

export type Prepare = (draft: ToyDraft) => readonly ToyOp[];
type Options = Partial<LogOptions<ToyOp, ToyDraft>>;

const author = 'person/ann' as PrincipalName;
export const ask = (prepare: Prepare, requestId = 'r') => ({
  author,
  reason: 'test',
  requestId,
  accessor: '',
  prepare,
});
/** Refused unless the name has been written exactly `writes` times. */
export const putIf =
  (name: string, writes: number): Prepare =>
  (draft) => {
    if (draft.writes(name) !== writes) throw new Error(`${name} was written ${draft.writes(name)} times`);
    return [put(name)];
  };

/** One store with its anchor file, and writers on it. */
export function newPlace() {
  const store = new MemoryStore();
  const file = memorySlotFile();
  const fatal: Error[] = [];
  const notices: string[] = [];
  const open = async (more: Options = {}): Promise<{ log: Log<ToyOp, ToyDraft>; fold: ToyFold; driver: Driver }> => {
    const fold = new ToyFold();
    const driver = more.driver ?? store.driver();
    const log = await openLog<ToyOp, ToyDraft>({
      driver,
      stream: 'truth',
      fold,
      mac: toyMac('truth'),
      storeId: 'abcdefgh',
      anchor: toyAnchor(file),
      clock: new FakeClock(),
      onFatal: (error) => fatal.push(error),
      onNotice: (notice) => notices.push(notice),
      ...more,
    });
    return { log, fold, driver };
  };
  return { store, file, fatal, notices, open };
}

/** The driver with some calls replaced. */
export function altered(driver: Driver, calls: Partial<Driver>): Driver {
  return new Proxy(driver, {
    get(target, name: keyof Driver) {
      const there = calls[name] ?? target[name];
      return typeof there === 'function' ? there.bind(calls[name] === undefined ? target : calls) : there;
    },
  });
}
