import type { Client } from '@plumbd/client';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import { readTagged } from '#format/tagged';
import type { EnvironmentFlags, ReasonFlag } from '../command.ts';
import { argument, defineCommand, environmentAliases, environmentFlags, reasonFlag, switchFlag } from '../command.ts';
import type { EditableFolder } from '../edit-folder.ts';
import { readEditable } from '../edit-folder.ts';
import type { EditRow } from '../edit-plan.ts';
import { planEdit, printEdit } from '../edit-plan.ts';
import type { Marked } from '../edit-text.ts';
import { reasonIn, textFor, withErrors, withoutErrors } from '../edit-text.ts';
import { EditedFile, Interrupted } from '../editor.ts';
import { exitCodeOf, isFailure } from '../failures.ts';
import { during } from '../progress.ts';
import { printWarnings } from '../results.ts';
import type { Session } from '../session.ts';

interface Flags extends EnvironmentFlags, ReasonFlag {
  readonly reveal?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export const command = defineCommand<Flags, [path?: string]>({
  parameters: {
    flags: {
      ...environmentFlags,
      ...reasonFlag,
      reveal: switchFlag('Show secrets in the editor'),
      force: switchFlag('Go on although a reference would break'),
      dryRun: switchFlag('Say what would happen and write nothing'),
    },
    aliases: environmentAliases,
    positional: {
      kind: 'tuple',
      parameters: [{ ...argument('PATH', 'A folder, or one entry. Default: the environment'), optional: true }],
    },
  },
  description: [
    'Opens the entries of a folder in $VISUAL or $EDITOR (else vi) as lines of NAME: value, and writes what you change as',
    'one change. Secrets stand there as !unchanged, unless --reveal is given. A mistake opens the editor again, with the',
    'error above its line; close it without a change to give up. If somebody else has changed an entry meanwhile, or the',
    'change is refused, nothing is written and the file with what you typed is kept and named.',
    'The file is in a folder of its own that is yours alone, and is removed afterwards.',
  ].join('\n'),
  examples: [
    { input: 'edit changelog/development', brief: '' },
    { input: 'edit -e changelog/production TLS_KEY --reveal', brief: 'one entry' },
    { input: 'edit changelog/development --dry-run', brief: 'shows what would be changed' },
  ],
  see: ['set', 'list', 'import'],
  async run(session, flags, given) {
    const path =
      given === undefined ? await session.folder(undefined, flags, 'write') : await session.path(given, flags, 'write');
    const client = await session.connect(flags);
    let progress = 'reading names';
    const reading = readEditable(client, path.replace(/\/$/, ''), {
      reveal: flags.reveal === true,
      onRead: (read, all) => (progress = `reading ${read} of ${all} values`),
    });
    const folder = await during(session, () => progress, reading);
    await new Edit(session, client, { flags, folder }).run();
  },
});

/** An editor that is a program would go on for ever; a person gives up. */
const maxRounds = 10;

class Edit {
  readonly #session: Session;
  readonly #client: Client;
  readonly #flags: Flags;
  readonly #folder: EditableFolder;
  readonly #file: EditedFile;
  /** As it was first opened. */
  readonly #original: string;

  constructor(
    session: Session,
    client: Client,
    { flags, folder }: { readonly flags: Flags; readonly folder: EditableFolder },
  ) {
    this.#session = session;
    this.#client = client;
    this.#flags = flags;
    this.#folder = folder;
    this.#original = textFor(folder, flags.reason ?? '');
    this.#file = new EditedFile(session.io, `${folder.folder}.yaml`);
  }

  async run(): Promise<void> {
    try {
      await Promise.race([this.#loop(), this.#file.interrupted]);
      this.#file.remove();
    } catch (error) {
      const kept = this.#keep();
      this.#session.fail(error);
      if (kept) this.#session.note('note', `what you typed is kept in ${this.#file.path}`);
      this.#session.exitWith(error instanceof Interrupted ? error.exitCode : exitCodeOf(error));
    } finally {
      this.#file.close();
    }
  }

  /** Whether something was typed that would be lost. */
  #keep(): boolean {
    const content = this.#file.content();
    const isKept = content !== undefined && content.trim() !== '' && content !== this.#original;
    if (!isKept) this.#file.remove();
    return isKept;
  }

  async #loop(): Promise<void> {
    let shown: Marked = { text: this.#original, marks: new Set() };
    let before: { readonly text: string; readonly diagnostics: readonly Diagnostic[] } | undefined;
    for (let rounds = 1; ; rounds += 1) {
      const text = withoutErrors(await this.#file.edit(shown.text), shown.marks);
      if (isEmpty(text) || text === this.#original) return this.#nothing();
      if (
        before !== undefined &&
        (text === before.text || (!this.#session.io.stdin.isTerminal && rounds > maxRounds))
      ) {
        throw new PlumbError('invalid', 'nothing is changed: the text still has the errors', {
          diagnostics: before.diagnostics.map((one) => ({ subject: this.#file.path, ...one })),
        });
      }
      const diagnostics = await this.#attempt(text);
      if (diagnostics === undefined) return;
      before = { text, diagnostics };
      shown = withErrors(text, diagnostics);
    }
  }

  #nothing(): void {
    if (this.#flags.json)
      this.#session.printJson({
        folder: this.#folder.folder,
        dryRun: this.#flags.dryRun === true,
        revision: 0,
        names: [],
      });
    else this.#session.print('nothing is changed\n');
  }

  /** What is wrong with the text; `undefined`: it is done. */
  async #attempt(text: string): Promise<readonly Diagnostic[] | undefined> {
    const { entries, diagnostics } = readTagged(text, '');
    if (diagnostics.length > 0) return withoutSubject(diagnostics);
    const plan = planEdit(this.#folder, entries);
    if (plan.diagnostics.length > 0) return plan.diagnostics;
    if (plan.rows.length === 0) {
      this.#nothing();
      return undefined;
    }
    const reason = reasonIn(text);
    try {
      await this.#apply(plan.rows, reason, true);
    } catch (error) {
      const places = new Map(entries.map(({ name, line, column }) => [name, { line, column }]));
      return this.#mistakes(error, places);
    }
    await this.#finish(plan.rows, reason);
    return undefined;
  }

  async #apply(rows: readonly EditRow[], reason: string, dryRun: boolean) {
    this.#file.checkInterrupted();
    const { force = false } = this.#flags;
    const request = { ops: rows.map(({ op }) => op), force, dryRun, ...(reason === '' ? {} : { reason }) };
    return await during(this.#session, dryRun ? 'checking' : 'writing', this.#client.changes.apply(request));
  }

  async #finish(rows: readonly EditRow[], reason: string): Promise<void> {
    const { dryRun = false, json = false } = this.#flags;
    const result = await this.#apply(rows, reason, dryRun);
    printWarnings(this.#session, result);
    const { folder } = this.#folder;
    const names = rows.map(({ name, effect }) => ({ name, effect }));
    if (json) this.#session.printJson({ folder, dryRun, revision: result.revision, names });
    else printEdit(this.#session, rows, dryRun ? 'dry run: nothing was written' : `revision ${result.revision}`);
  }

  /** What the server says is wrong with the text, at its lines. Throws what no other text would mend. */
  #mistakes(
    error: unknown,
    places: ReadonlyMap<string, { readonly line: number; readonly column: number }>,
  ): readonly Diagnostic[] {
    if (!isFailure(error) || !['invalid', 'too-large', 'unevaluable', 'conflict'].includes(error.code)) throw error;
    const { folder } = this.#folder;
    const hint = error.hint === undefined ? '' : ` (${error.hint})`;
    const found = error.diagnostics.length > 0 ? error.diagnostics : [{ message: error.message + hint }];
    const names = [...places.keys()].sort((a, b) => b.length - a.length);
    return found.map(({ subject, message }) => {
      const said = subject ?? message;
      const name = names.find((one) => said === `${folder}/${one}` || said.includes(`${folder}/${one} `));
      return { message, ...(name === undefined ? {} : places.get(name)) };
    });
  }
}

function isEmpty(text: string): boolean {
  return text.split('\n').every((line) => line.trim() === '' || line.startsWith('#'));
}

function withoutSubject(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.map(({ subject: _, ...rest }) => rest);
}
