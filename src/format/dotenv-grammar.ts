import type { Diagnostic } from '#domain/errors';

/** Sizes in bytes of UTF-8; `names` counts assignments in one file. A name is measured in characters. */
export const dotenvLimits = { file: 16 * 1024 * 1024, value: 1024 * 1024, name: 255, names: 10_000 } as const;

/** One `NAME=value`. Offsets are UTF-16 code units into the text as it was given, byte order mark included. */
export interface DotenvAssignment {
  readonly name: string;
  readonly value: string;
  /** Of the first character of `export` or of the name. */
  readonly start: number;
  /** Behind the last character of the value, its closing quote included; a comment behind it is not. */
  readonly end: number;
  /** Of the first character of the line it starts on, and behind the line end (if any) of the line it ends on. */
  readonly lineStart: number;
  readonly lineEnd: number;
  /** 1-based place of the name. */
  readonly line: number;
  readonly column: number;
}

/** A line that holds nothing but a comment. */
export interface DotenvComment {
  /** From the `#` to the end of the line, without trailing blanks. */
  readonly text: string;
  readonly lineStart: number;
  readonly lineEnd: number;
  readonly line: number;
}

export interface DotenvFile {
  /** In the order of the file; those that a diagnostic is about may be missing or appear twice. */
  readonly assignments: readonly DotenvAssignment[];
  readonly comments: readonly DotenvComment[];
  /** Everything that is wrong, in the order of the file; at most {@link maxDiagnostics} and one that says that there are more. */
  readonly diagnostics: readonly Diagnostic[];
}

/** How many problems of one file are listed. */
export const maxDiagnostics = 100;

const namePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Says whether a name can be written in such a file: `[A-Za-z_][A-Za-z0-9_]*`, at most 255 characters. */
export function isDotenvName(name: string): boolean {
  return name.length <= dotenvLimits.name && namePattern.test(name);
}
