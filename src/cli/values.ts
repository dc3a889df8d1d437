/** Where the values of `set` come from: the command line, standard input, a file, or a prompt. */
import { resolve } from 'node:path';
import { PlumbError } from '#domain/errors';
import { changeLimits } from '#domain/change';
import { UsageError } from './failures.ts';
import type { CliIo } from './io.ts';

/** One argument of `set`, taken apart. */
export interface Assignment {
  readonly name: string;
  readonly from: 'argument' | 'stdin' | 'file' | 'prompt';
  /** The value itself for `argument`, the file's name for `file`. */
  readonly text: string;
}

/** `PATH=VALUE`, `PATH=-`, `PATH=@FILE`, or `PATH` alone. Never fails; the path is checked by the server. */
export function parseAssignment(argument: string): Assignment {
  const equals = argument.indexOf('=');
  if (equals < 0) return { name: argument, from: 'prompt', text: '' };
  const name = argument.slice(0, equals);
  const text = argument.slice(equals + 1);
  if (text === '-') return { name, from: 'stdin', text: '' };
  return text.startsWith('@') ? { name, from: 'file', text: text.slice(1) } : { name, from: 'argument', text };
}

/** Says what is wrong with a set of assignments before any value is read. */
export function checkAssignments(assignments: readonly Assignment[], terminal: boolean): void {
  if (assignments.filter(({ from }) => from === 'stdin').length > 1) {
    throw new UsageError('only one value can come from standard input');
  }
  for (const [index, { name, from }] of assignments.entries()) {
    if (name === '') throw new UsageError(`argument ${index + 1} has no path before its =`);
    if (from === 'prompt' && !terminal) {
      throw new UsageError(
        `argument ${index + 1} has no value`,
        'PATH=- reads it from standard input, PATH=@FILE from a file; on a terminal it is asked for',
      );
    }
  }
}

/** The value as the API takes it: text, or base64 where `bytes` is asked for. */
export async function readValue(io: CliIo, assignment: Assignment, bytes: boolean): Promise<string> {
  const { name, from, text } = assignment;
  if (from === 'argument') return bytes ? Buffer.from(text).toString('base64') : text;
  if (from === 'prompt') return io.stdin.readHidden(`value of ${name}: `);
  const content = from === 'stdin' ? await io.stdin.read(changeLimits.value) : readFile(io, text);
  return bytes
    ? Buffer.from(content).toString('base64')
    : oneLine(decode(content, from === 'file' ? text : 'standard input'));
}

/** The bytes of a file named by the user. Throws `not-found`. */
export function readFile(io: CliIo, name: string, maxBytes: number = changeLimits.value): Uint8Array {
  const content = io.files.read(resolve(io.cwd, name), maxBytes);
  if (content === null) throw new PlumbError('not-found', `${name} does not exist`);
  return content;
}

function decode(content: Uint8Array, subject: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new PlumbError('invalid', `${subject} is not UTF-8 text`, { hint: '--type bytes stores any bytes' });
  }
}

/** `echo value | plumb set PATH=-` means the value; the line end of a text of several lines belongs to it. */
function oneLine(text: string): string {
  const line = text.replace(/\r?\n$/, '');
  return /[\r\n]/.test(line) ? text : line;
}
