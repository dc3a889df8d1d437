/** The whole chain over all files, against the anchor and what this process wrote last. */
import { PlumbError } from '#domain/errors';
import { type AuditHead, type AuditMac, auditGenesis, fullName } from './format.ts';
import { fullFiles, openIfPresent, readHeader, scan } from './scan.ts';

export interface AuditReport {
  readonly ok: boolean;
  /** Records that verify, from the first on. */
  readonly records: number;
  /** Records that the anchor vouches for. */
  readonly anchored: number;
  readonly problem?: string;
}

export interface AuditExpectation {
  readonly path: string;
  readonly mac: AuditMac;
  /** Where the chain must lead. */
  readonly end: AuditHead;
  /** A place that it must pass. */
  readonly anchored: AuditHead | undefined;
}

export async function verifyAudit(expected: AuditExpectation): Promise<AuditReport> {
  const { path, mac, end, anchored } = expected;
  const numbers = await fullFiles(path);
  const paths = [...numbers.map((number) => fullName(path, number)), path];
  let head = auditGenesis(mac);
  let passed = anchored === undefined || same(head, anchored);
  const report = (problem?: string): AuditReport => {
    const counts = { records: head.seq, anchored: anchored?.seq ?? 0 };
    return problem === undefined ? { ok: true, ...counts } : { ok: false, ...counts, problem };
  };
  for (const [index, name] of paths.entries()) {
    const onBatch = (next: AuditHead): boolean => {
      head = next;
      passed ||= anchored !== undefined && same(next, anchored);
      return same(next, end);
    };
    const found = await verifyFile(name, { ...expected, head, number: index + 1 }, onBatch).catch(told);
    if (found !== undefined) return report(found);
  }
  if (!same(head, end)) return report(`${end.seq - head.seq} of ${end.seq} records are missing or altered`);
  return passed ? report() : report(`record ${anchored?.seq} is not the one that was anchored`);
}

interface Place extends AuditExpectation {
  /** The end of the file before. */
  readonly head: AuditHead;
  readonly number: number;
}

/** Answers what is wrong. `onBatch` answers whether that was the end. */
async function verifyFile(
  name: string,
  { mac, head, number }: Place,
  onBatch: (head: AuditHead) => boolean,
): Promise<string | undefined> {
  const file = await openIfPresent(name);
  if (file === undefined) return `file ${number} is missing`;
  try {
    const header = await readHeader(file);
    if (header?.file !== number || !same(header.from, head)) {
      return `file ${number} does not go on where the one before it ended, at record ${head.seq}`;
    }
    let offset = 0;
    for await (const verified of scan(file, { offset, head }, mac)) {
      offset = verified.offset;
      if (onBatch(verified.head)) return undefined;
    }
    const { size } = await file.stat();
    return offset === size ? undefined : `the chain breaks in file ${number}, at byte ${offset}`;
  } finally {
    await file.close();
  }
}

/** What we say of the file is what is wrong with it; what the file system says is not. */
function told(error: unknown): string {
  if (error instanceof PlumbError) return error.message;
  throw error;
}

function same(one: AuditHead, other: AuditHead): boolean {
  return one.seq === other.seq && Buffer.compare(one.mac, other.mac) === 0;
}
