/** A format out of a syntax: what all nested formats have in common. */
import { PlumbError } from '#domain/errors';
import type { Splice } from './edit.ts';
import { applySplices, checkEdited, isOpen, lineEndOf } from './edit.ts';
import type { Format, Parsed } from './format.ts';
import { Reading, refuseText } from './reading.ts';
import type { NameRules, ReadTree, TreeItem } from './tree.ts';
import { nameProblem, readTree } from './tree.ts';
import type { Branch, TreeEdit } from './tree-edit.ts';
import { branchOf, planEdits } from './tree-edit.ts';
import { textProblem, writable, writableEdits } from './writing.ts';

/** What {@link treeFormat} must know of a syntax. */
export interface TreeSyntax {
  readonly brief: string;
  readonly extension: string;
  /** What errors call such a file: `a JSON file`. */
  readonly what: string;
  readonly rules: NameRules;
  readonly read: (text: string, reading: Reading<TreeItem>) => ReadTree;
  /** A text that holds nothing but blanks and, where the syntax has some, comments. */
  readonly isEmpty: (text: string) => boolean;
  /** The whole file. */
  readonly print: (branch: Branch) => string;
  /** What the edit means for a text that was read as this tree. */
  readonly edit: (text: string, edit: TreeEdit, eol: string) => readonly Splice[];
  /** Into a text that is empty: what comes behind it. */
  readonly begin: (branch: Branch) => string;
  /** Why a name cannot stand in such a file, beyond what holds for all of them. */
  readonly problem?: (name: string) => string | undefined;
}

export function treeFormat(syntax: TreeSyntax): Format {
  const { brief, extension, what, rules } = syntax;
  const problem = (name: string, value: string): string | undefined =>
    nameProblem(name, rules) ?? syntax.problem?.(name) ?? textProblem(value, 'nul');
  return {
    brief,
    extension,
    problem,
    parse: (text, subject) => {
      const { entries, diagnostics } = read(syntax, text, subject);
      return { entries, diagnostics };
    },
    print: (entries) => syntax.print(branchOf(writable(entries, what, problem), rules)),
    edit: (text, edits, subject) => {
      const wanted = writableEdits(edits, what, problem);
      const edited = editInSteps(syntax, text, { wanted, subject });
      const before: Parsed = syntax.isEmpty(text) ? { entries: [], diagnostics: [] } : read(syntax, text, subject);
      checkEdited({ before, after: emptyOr(syntax, edited, subject), wanted, subject });
      return edited;
    },
  };
}

interface ReadText extends Parsed, ReadTree {
  readonly entries: readonly TreeItem[];
}

function read(syntax: TreeSyntax, text: string, subject: string): ReadText {
  const refused = refuseText(text, subject);
  if (refused !== undefined) return { entries: [], diagnostics: refused, damaged: true };
  const reading = new Reading<TreeItem>(text, subject);
  const tree = syntax.read(text, reading);
  if (tree.root !== undefined) readTree(tree.root, syntax.rules, reading);
  const { items, diagnostics } = reading.finish();
  return { ...tree, entries: items, diagnostics };
}

function emptyOr(syntax: TreeSyntax, text: string, subject: string): Parsed {
  return syntax.isEmpty(text) ? { entries: [], diagnostics: [] } : read(syntax, text, subject);
}

interface Request {
  readonly wanted: ReadonlyMap<string, string | null>;
  readonly subject: string;
}

/** What goes may make room for what comes: `a` for `a.b`. Then one follows the other. */
function editInSteps(syntax: TreeSyntax, text: string, { wanted, subject }: Request): string {
  try {
    return editTree(syntax, text, { wanted, subject });
  } catch (error) {
    const gone = new Map([...wanted].filter(([, value]) => value === null));
    if (!(error instanceof PlumbError) || error.code !== 'invalid' || gone.size === 0) throw error;
    return editTree(syntax, editTree(syntax, text, { wanted: gone, subject }), { wanted, subject });
  }
}

function editTree(syntax: TreeSyntax, text: string, { wanted, subject }: Request): string {
  if (syntax.isEmpty(text)) {
    const entries = [...wanted].flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
    if (entries.length === 0) return text;
    const eol = lineEndOf(text);
    return text + (isOpen(text) ? eol : '') + syntax.begin(branchOf(entries, syntax.rules)).replaceAll('\n', eol);
  }
  const { root, damaged, entries: items, diagnostics } = read(syntax, text, subject);
  if (damaged || root === undefined) {
    throw new PlumbError('corrupt', `${subject} is too damaged to be edited`, {
      diagnostics,
      hint: 'put it right by hand, or remove the file: it is written anew',
    });
  }
  return applySplices(text, syntax.edit(text, planEdits({ root, items }, wanted, syntax.rules), lineEndOf(text)));
}
