/** The four verbs of every noun that is a plain record: put, get, list, delete. */
import type { Client, NounClient } from '@plumbd/client';
import type { CommandModule, ConnectionFlags, Example, ReasonFlag } from './command.ts';
import { argument, connectionFlags, defineCommand, reasonFlag } from './command.ts';
import type { Session } from './session.ts';
import { columns, printable, table } from './style.ts';

/** What differs from noun to noun. */
export interface NounTexts<Named> {
  /** As in a sentence. */
  readonly noun: string;
  /** How its name looks, for `--help`. */
  readonly placeholder: string;
  /** A name for the examples. */
  readonly example: string;
  /** Throws if this cannot be a name, where the address of the resource would say less. */
  readonly check?: (name: string) => void;
  readonly heading: readonly string[];
  /** Cells for the heading, the name first. */
  readonly row: (record: Named) => readonly string[];
  /** What `get` prints. Default: the cells below each other. */
  readonly print?: (session: Session, record: Named) => void;
}

type Reader<Named> = (client: Client) => Omit<NounClient<Named, never>, 'put'>;

/** `get`, `list` and `delete`. */
export function readingVerbs<Named>(texts: NounTexts<Named>, pick: Reader<Named>) {
  return { get: getCommand(texts, pick), list: listCommand(texts, pick), delete: deleteCommand(texts, pick) };
}

function getCommand<Named>(texts: NounTexts<Named>, pick: Reader<Named>): CommandModule {
  return defineCommand<ConnectionFlags, [name: string]>({
    parameters: { flags: connectionFlags, positional: nameArgument(texts) },
    examples: [{ input: `${texts.noun} get ${texts.example}`, brief: '' }],
    paged: true,
    async run(session, flags, name) {
      texts.check?.(name);
      const record = await pick(await session.connect(flags)).get(name);
      if (flags.json) session.printJson(record);
      else if (texts.print === undefined) session.print(below(texts.heading, texts.row(record)));
      else texts.print(session, record);
    },
  });
}

function listCommand<Named>(texts: NounTexts<Named>, pick: Reader<Named>): CommandModule {
  return defineCommand<ConnectionFlags, []>({
    parameters: { flags: connectionFlags },
    examples: [{ input: `${texts.noun} list`, brief: '' }],
    paged: true,
    async run(session, flags) {
      const records = await pick(await session.connect(flags)).list();
      if (flags.json) session.printJson({ items: records });
      else if (records.length > 0) session.print(table(texts.heading, records.map(texts.row), session.room));
    },
  });
}

function deleteCommand<Named>(texts: NounTexts<Named>, pick: Reader<Named>): CommandModule {
  return defineCommand<ConnectionFlags & ReasonFlag, [name: string]>({
    parameters: { flags: { ...connectionFlags, ...reasonFlag }, positional: nameArgument(texts) },
    examples: [{ input: `${texts.noun} delete ${texts.example} --reason "not used any more"`, brief: '' }],
    async run(session, { reason, ...flags }, name) {
      texts.check?.(name);
      const result = await pick(await session.connect(flags)).delete(name, reason === undefined ? {} : { reason });
      if (flags.json) session.printJson(result);
      else session.print(`deleted ${texts.noun} ${printable(name)}\nrevision ${result.revision}\n`);
    },
  });
}

/** `put`, with the flags of the noun. `input` makes the record of them; it may read files. */
export function putVerb<
  Named,
  Input,
  Flags extends Readonly<Partial<Record<keyof Flags, unknown>>>,
  Args extends readonly string[],
>(
  texts: NounTexts<Named>,
  options: {
    readonly parameters: Parameters<typeof defineCommand<Flags & PutFlags, [name: string, ...Args]>>[0]['parameters'];
    readonly description?: string;
    readonly examples: readonly Example[];
    readonly input: (session: Session, flags: Flags, ...args: Args) => Input | Promise<Input>;
    readonly pick: (client: Client) => NounClient<Named, Input>;
  },
): CommandModule {
  return defineCommand<Flags & PutFlags, [name: string, ...Args]>({
    parameters: options.parameters,
    ...(options.description === undefined ? {} : { description: options.description }),
    examples: options.examples,
    async run(session, flags, name, ...args) {
      texts.check?.(name);
      const input = await options.input(session, flags, ...args);
      const client = await session.connect(flags);
      const record = await options
        .pick(client)
        .put(name, input, flags.reason === undefined ? {} : { reason: flags.reason });
      if (flags.json) session.printJson(record);
      else session.print(`put ${texts.noun} ${printable(name)}\nrevision ${record.revision}\n`);
    },
  });
}

/** Flags of every `put`. */
export type PutFlags = ConnectionFlags & ReasonFlag;
export const putFlags = { ...connectionFlags, ...reasonFlag };

/** The positional arguments of a command that takes a name only. */
export function nameArgument({ noun, placeholder }: { readonly noun: string; readonly placeholder: string }) {
  return { kind: 'tuple', parameters: [argument(placeholder, `Name of the ${noun}`)] } as const;
}

/** A heading and one row, turned: a line for each cell. */
export function below(heading: readonly string[], row: readonly string[]): string {
  return columns(heading.map((label, index) => [label.toLowerCase(), printable(row[index] ?? '')]));
}
