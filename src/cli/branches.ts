/**
 * The environment that a branch of git stands for, as `branches` in `plumb.yaml` says. Git itself is not asked: what
 * is checked out stands in a file, in linked worktrees too.
 */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { glob } from '#util/glob';
import { findUpward } from './address.ts';
import { UsageError } from './failures.ts';
import type { CliIo } from './io.ts';
import type { ProjectFile } from './project-file.ts';
import { printable } from './style.ts';

const maxBytes = 4096;

/** The branch that is checked out around this folder; `undefined`: none, or no repository. */
export function currentBranch(io: CliIo, folder: string): string | undefined {
  const found = findUpward(io, '.git', folder);
  const git = found === undefined ? undefined : gitFolder(io, found);
  const head = git === undefined ? undefined : textOf(io, join(git, 'HEAD'));
  return head === undefined ? undefined : /^ref: refs\/heads\/(.+)$/.exec(head.trim())?.[1];
}

/** In a linked worktree and in a submodule `.git` is a file that says where the folder is. */
function gitFolder(io: CliIo, path: string): string | undefined {
  if (io.files.status(path)?.kind === 'folder') return path;
  const said = /^gitdir: (.+)$/.exec(textOf(io, path)?.trim() ?? '')?.[1];
  if (said === undefined) return undefined;
  return isAbsolute(said) ? said : resolve(dirname(path), said);
}

function textOf(io: CliIo, path: string): string | undefined {
  const bytes = io.files.read(path, maxBytes);
  return bytes === null ? undefined : new TextDecoder().decode(bytes);
}

/** The first pattern of the file that fits; `*` stands for anything, `/` included. */
function folderOf(branches: Readonly<Record<string, string>>, branch: string): string | undefined {
  return Object.entries(branches).find(([pattern]) => glob(pattern)(branch))?.[1];
}

/**
 * What the project file says for the branch, else its `environment`. Throws a usage error where something is to be
 * written and only the branch says where: nobody should change production because it was checked out.
 */
export function projectEnvironment(
  session: { readonly io: CliIo; readonly note: (kind: 'note', text: string) => void },
  { path, branches = {}, environment }: ProjectFile,
  use: 'read' | 'write',
): string | undefined {
  const branch = currentBranch(session.io, dirname(path));
  const folder = branch === undefined ? undefined : folderOf(branches, branch);
  if (branch === undefined || folder === undefined || folder === environment) return environment;
  if (use === 'write') {
    throw new UsageError(
      `the branch ${printable(branch)} stands for ${folder}, but a branch does not decide where something is written`,
      `name it by -e ${folder}, in PLUMB_ENV, or give paths in full`,
    );
  }
  if (session.io.stderr.isTerminal) session.note('note', `${folder}, by the branch ${branch}`);
  return folder;
}
