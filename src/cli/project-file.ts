/**
 * `plumb.yaml`: what a project says about itself, found in the working folder or the nearest one above.
 * It comes with the project, so it is not trusted: it chooses a folder, never an address or a token.
 */
import { PlumbError } from '#domain/errors';
import { readYaml } from '#format/yaml';
import type { CliIo } from './io.ts';

export interface ProjectFile {
  /** Absolute. */
  readonly path: string;
  /** The folder that single names are looked up in. */
  readonly environment?: string;
  /** Patterns of branches, and the folders that they stand for. */
  readonly branches?: Readonly<Record<string, string>>;
  /** The server the project thinks of; only ever compared with the one in use. */
  readonly address?: string;
}

const maxBytes = 64 * 1024;
const names = ['environment', 'address', 'branches'];

/** Throws `invalid` with diagnostics for anything it does not know. */
export function readProjectFile(io: CliIo, path: string): ProjectFile {
  const text = new TextDecoder().decode(io.files.read(path, maxBytes) ?? undefined);
  return parseProjectFile(readYaml(text, path) ?? {}, path);
}

function parseProjectFile(content: unknown, path: string): ProjectFile {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new PlumbError('invalid', `${path} must be a mapping of names to text`);
  }
  const diagnostics = Object.entries(content).flatMap(([name, value]) => {
    if (!names.includes(name)) {
      return [
        {
          subject: path,
          message: `${JSON.stringify(name)} is not known here, expected ${names.join(', ').replace(/, (\w+)$/, ' or $1')}`,
        },
      ];
    }
    if (name === 'branches') return isBranches(value) ? [] : [{ subject: path, message: branchesMessage }];
    return isText(value) ? [] : [{ subject: path, message: `${name} must be text` }];
  });
  if (diagnostics.length > 0) throw new PlumbError('invalid', `${path} is not valid`, { diagnostics });
  return { path, ...content };
}

const branchesMessage = 'branches must be a mapping of branches, such as feature/*, to folders';

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isBranches(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isText);
}
