/**
 * What a file format is: text to names and values with places, names and values to text, and the smallest edit of a
 * text that gives some names other values. Every format is one object of this shape; `formats.ts` finds them by name.
 *
 * A document is a flat, ordered list of names and texts. Formats with nesting join the levels by their own separator
 * (`.`, or `:` where the format has a custom) and take names apart at it when they print; what cannot be carried, a
 * name or a value, is refused by name and never altered.
 */
import type { Diagnostic } from '#domain/errors';

/** In bytes of UTF-8 of a file; `names` counts the names in it; `value` is in bytes; `depth` counts levels. */
export const formatLimits = { file: 16 * 1024 * 1024, names: 10_000, value: 1024 * 1024, depth: 32 } as const;

/** A name and its value, to be written. */
export interface FormatEntry {
  readonly name: string;
  readonly value: string;
  /** Only told by formats that keep secrets apart (`kubernetes`). Default false. */
  readonly secret?: boolean;
}

/** A name and its value as they stand in a file. */
export interface ParsedEntry {
  readonly name: string;
  /** `null`: it is there, but what it says cannot be read; a diagnostic tells why. */
  readonly value: string | null;
  /** Of the name; both from 1, columns in UTF-16 code units. */
  readonly line: number;
  readonly column: number;
  /** Where it stands is for secrets, or is not. Only told by formats that keep them apart (`kubernetes`). */
  readonly secret?: boolean;
}

export interface Parsed {
  /** In the order of the file; a name may stand twice, with a diagnostic. */
  readonly entries: readonly ParsedEntry[];
  /** Everything that is wrong, with line and column where there is one. None: the text is valid. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * What is to be different: a value, or the name gone (`null`). `secret` is for formats that keep secrets apart: a secret
 * moves to where secrets are; absent, a name stays where it is, and a new one is none.
 */
export type Edit = readonly [name: string, value: string | null, secret?: boolean];

export interface PrintOptions {
  /** Of the object, where the format has named objects (`kubernetes`). Default `plumb`. */
  readonly title?: string;
}

export interface Format {
  /** One line, lower case, for help. */
  readonly brief: string;
  /** Of new files, without the dot. */
  readonly extension: string;
  /**
   * Never throws: what is wrong is in `diagnostics`, with `subject` (the file's name) in them. Takes time
   * proportional to the text; a text above the limits is a diagnostic.
   */
  parse(text: string, subject: string): Parsed;
  /** Says why a name or its value cannot stand in such a file (`is not a name of …`, `has a value …`); `undefined`: both can. */
  problem(name: string, value: string): string | undefined;
  /**
   * The whole file, in the order given, with a line feed at the end; parsing it gives the same names and values, unless it is
   * larger than a file may be. Throws `invalid` with a diagnostic for every name and value that cannot be carried, and for names
   * that exclude each other (given twice; `a` beside `a.b`).
   */
  print(entries: Iterable<FormatEntry>, options?: PrintOptions): string;
  /**
   * The text with those names changed, new ones at the end (of their section); every other byte stays: comments, order,
   * quotes, line ends, a byte order mark. An empty text is an empty document. Throws `corrupt`, with places, when the text is too
   * damaged to be edited so that the result reads as asked, and `invalid` for what cannot be carried.
   */
  edit(text: string, edits: readonly Edit[], subject: string): string;
}
