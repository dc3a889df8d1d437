import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { WriterArguments } from './writer.ts';

const program = join(import.meta.dirname, 'writer.ts');

/** A running `writer.ts`. */
export interface Writer {
  /** The last number acknowledged under each name, those handed to {@link startWriter} included. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** Resolves after `count` acknowledged writes of this process; rejects if it ends before. */
  until(count: number): Promise<void>;
  kill(): void;
  /** Everything it said, and how it ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly lines: readonly string[]; readonly errors: string }>;
}

export interface StartOptions extends WriterArguments {
  /** What earlier writers on the same folder have acknowledged. */
  readonly before?: ReadonlyMap<string, number>;
  /** A program that runs it, with its arguments (strace). */
  readonly under?: readonly string[];
}

export function startWriter({ before, under = [], ...writerArguments }: StartOptions): Writer {
  const acknowledged = new Map(before);
  const lines: string[] = [];
  let acks = 0;
  let arrived = () => {};
  const [command, ...rest] = [...under, process.execPath, program, JSON.stringify(writerArguments)];
  const child = spawn(command ?? '', rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    lines.push(line);
    const [, name, number] = /^ack (\S+) (\d+)$/.exec(line) ?? [];
    if (name === undefined) return;
    acknowledged.set(name, Number(number));
    acks += 1;
    arrived();
  });
  const ended = endOf(child).then((end) => ({ ...end, lines }));
  const until = (count: number) =>
    new Promise<void>((resolve, reject) => {
      arrived = () => acks >= count && resolve();
      arrived();
      void ended.then((end) => reject(new Error(`the writer ended: ${end.lines.slice(-3).join('; ')} ${end.errors}`)));
    });
  return { acknowledged, until, kill: () => child.kill('SIGKILL'), ended };
}

function endOf(child: ChildProcess): Promise<{ code: number | null; errors: string }> {
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, errors }));
  });
}
