import type { TargetOptions } from '../../target.ts';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import type { FormatName } from '#format/formats';
import { formatNames, formatOfFile, isFormatName } from '#format/formats';

/** What a sync may ask of the file target. */
export interface FileOptions {
  /** Name of the managed block; absent: the file's names are wholly ours to keep, those of others still stay. */
  readonly block?: string;
  /** How names and values stand in the file; `files`: each name has a file of its own, and `at` is their folder. */
  readonly format: FormatName | 'files';
  /** Permission bits that the file is to have exactly. */
  readonly mode?: number;
}

export const fileLimits = { at: 1024, segment: 255 } as const;
/** Files of ours while they are being written: `.plumb-<process>-<counter>.tmp`. */
export const temporaryPattern = /^\.plumb-\d+-\d+\.tmp$/;

const blockPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** The owner may read; nobody runs it; others may not write it. */
const modePattern = /^0?[46][0246][04]$/;

/** The segments of a relative path in its one spelling. Throws `invalid` with every diagnostic. */
export function parseAt(at: string): readonly string[] {
  const segments = at.split('/');
  const diagnostics: Diagnostic[] = [];
  const refuse = (message: string): void => void diagnostics.push({ message, subject: 'at' });
  if (Buffer.byteLength(at) > fileLimits.at) refuse(`a file name of more than ${fileLimits.at} bytes`);
  if (at.startsWith('/')) refuse('expected a name relative to the root of the target, without a leading slash');
  else if (segments.includes('')) refuse('expected a file name without an empty segment');
  if (segments.some((segment) => segment === '.' || segment === '..')) refuse('the segments . and .. are not allowed');
  if (/[\0-\x1f\x7f\\]/.test(at)) refuse('control characters and backslashes are not allowed');
  if (!at.isWellFormed()) refuse('expected valid Unicode');
  if (segments.some((segment) => Buffer.byteLength(segment) > fileLimits.segment)) {
    refuse(`a segment of more than ${fileLimits.segment} bytes`);
  }
  if (segments.some((segment) => temporaryPattern.test(segment))) refuse('names like .plumb-1-1.tmp are ours');
  fail('the place is not a file name that the target can have', diagnostics);
  return segments;
}

/**
 * Throws `invalid` with every diagnostic, unknown options included. Without `format` the file's name says which one it is; a
 * block, and a name that says nothing, is `dotenv`.
 */
export function parseOptions(at: string, options: TargetOptions): FileOptions {
  const { block, fileMode, format, layout, ...unknown } = options;
  const diagnostics: Diagnostic[] = [];
  const refuse = (message: string): void => void diagnostics.push({ message, subject: 'options' });
  for (const name of Object.keys(unknown)) {
    refuse(`unknown option ${JSON.stringify(name)}, expected block, fileMode, format or layout`);
  }
  if (block !== undefined && !matches(block, blockPattern)) refuse('block must be 1 to 64 of A-Z a-z 0-9 . _ -');
  if (fileMode !== undefined && !matches(fileMode, modePattern)) {
    refuse('fileMode must be octal text like "0640": readable by its owner, run by nobody, not written by others');
  }
  const known = typeof format === 'string' && isFormatName(format) ? format : undefined;
  if (format !== undefined && known === undefined) refuse(`format must be one of ${formatNames.join(', ')}`);
  if (layout !== undefined && layout !== 'file' && layout !== 'files') refuse('layout must be "file" or "files"');
  if (layout === 'files' && format !== undefined) refuse('with layout files each file is its value: leave format out');
  if (layout === 'files' && block !== undefined) refuse('with layout files there is no block: leave block out');
  if (block !== undefined && known !== undefined && known !== 'dotenv') refuse('blocks are for the format dotenv only');
  fail('the options do not fit a file', diagnostics);
  const named = block === undefined ? formatOfFile(at) : undefined;
  return {
    format: layout === 'files' ? 'files' : (known ?? named ?? 'dotenv'),
    ...(typeof block === 'string' ? { block } : {}),
    ...(typeof fileMode === 'string' ? { mode: Number.parseInt(fileMode, 8) } : {}),
  };
}

function matches(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function fail(message: string, diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length > 0) throw new PlumbError('invalid', message, { diagnostics });
}
