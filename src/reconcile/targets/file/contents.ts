/**
 * What is in a file: bytes → names, and steps → bytes. `.env` files, blocks in them included, are read as `text.ts` says; every
 * other format as its registry entry does. Either way only the names in a step are touched, and every other byte stays.
 */
import type { Step, Wanted } from '../../target.ts';
import { looksLikeMarker } from './block.ts';
import { decode, editFile, namesOf, notesOf, parseFile } from './text.ts';
import type { FileSubject } from './text.ts';
import { PlumbError } from '#domain/errors';
import { representationProblem } from '#format/dotenv';
import { valuesOf } from '#format/edit';
import type { Edit, Format } from '#format/format';

export interface FoundNames {
  /** `null`: damaged, or not where it belongs. */
  readonly names: ReadonlyMap<string, string | null>;
  /** Names that others define where we may not write, and where. */
  readonly outside: ReadonlyMap<string, string>;
  /** What a person should know. */
  readonly notes: readonly string[];
}

export interface EditRequest {
  readonly steps: readonly Step[];
  readonly wanted: ReadonlyMap<string, Wanted>;
}

export interface Contents {
  /** Why a name or its value cannot stand there, or `undefined`. */
  problem(name: string, value: string): string | undefined;
  /** Why the names cannot stand there together, each of which could. */
  together(wanted: ReadonlyMap<string, Wanted>): readonly string[];
  /** Throws `corrupt`, with places, for what nobody can read. */
  read(bytes: Buffer, wanted: ReadonlyMap<string, Wanted>): FoundNames;
  /** The bytes after the steps; `null`: there is no file. Throws `corrupt` when others left it too damaged to be edited. */
  edit(bytes: Buffer | null, request: EditRequest): Buffer;
}

export function dotenvContents(subject: FileSubject): Contents {
  return {
    problem: (name, value) => {
      const problem = representationProblem(name, value);
      if (problem !== undefined) return problem;
      return subject.block !== undefined && looksLikeMarker(value)
        ? 'has a value with a line like a block marker'
        : undefined;
    },
    together: () => [],
    read: (bytes) => {
      const file = parseFile(bytes, subject);
      return { names: namesOf(file.lines), outside: file.outside, notes: notesOf(file) };
    },
    edit: (bytes, { steps }) => editFile(bytes === null ? null : parseFile(bytes, subject), steps, subject),
  };
}

export function formatContents(format: Format, at: string): Contents {
  const title = titleOf(at);
  return {
    problem: (name, value) => format.problem(name, value),
    together: (wanted) => {
      try {
        format.print(entriesOf(wanted), { title });
        return [];
      } catch (error) {
        if (error instanceof PlumbError) return error.diagnostics.map(({ message }) => message);
        throw error;
      }
    },
    read: (bytes, wanted) => readNames(format, { text: decode(bytes, at), at }, wanted),
    edit: (bytes, { steps }) => {
      if (bytes === null) return Buffer.from(format.print(newEntries(steps), { title }));
      const edits = steps.map(
        (step): Edit => (step.do === 'delete' ? [step.name, null] : [step.name, step.item.value, step.item.secret]),
      );
      return Buffer.from(format.edit(decode(bytes, at), edits, at));
    },
  };
}

function readNames(
  format: Format,
  { text, at }: { readonly text: string; readonly at: string },
  wanted: ReadonlyMap<string, Wanted>,
): FoundNames {
  if (text.trim() === '') return { names: new Map(), outside: new Map(), notes: [] };
  const { entries, diagnostics } = format.parse(text, at);
  const names = valuesOf(entries);
  // A secret that stands where secrets do not belong is as good as damaged: it is written where it does.
  for (const { name, secret } of entries)
    if (secret === false && wanted.get(name)?.secret === true) names.set(name, null);
  const notes = diagnostics
    .slice(0, 5)
    .map(({ line, message }) => `${line === undefined ? '' : `line ${line}: `}${message}`);
  return { names, outside: new Map(), notes };
}

function entriesOf(wanted: ReadonlyMap<string, Wanted>): { name: string; value: string; secret: boolean }[] {
  return [...wanted].map(([name, { value, secret }]) => ({ name, value, secret }));
}

function newEntries(steps: readonly Step[]): { name: string; value: string; secret: boolean }[] {
  return steps.flatMap((step) =>
    step.do === 'delete' ? [] : [{ name: step.name, value: step.item.value, secret: step.item.secret }],
  );
}

/** Where a format names what it writes: the file's name without its extension, if it can be one. */
function titleOf(at: string): string {
  const name = (at.split('/').at(-1) ?? '').replace(/(?<=.)\.[^.]*$/, '').toLowerCase();
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name) ? name : 'plumb';
}
