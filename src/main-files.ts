/** The files of the command line, a part of the edge like main-io.ts. What goes wrong is said as it is for the rest of Plumb. */
import { dirname } from 'node:path';
import type { CliFiles, FileStatus } from '#cli/io';
import { PlumbError } from '#domain/errors';
import { makePrivateFolder, remove, space } from './main-world.ts';

// As in main-io.ts: only what is used of a built-in module is loaded.
const fs = process.getBuiltinModule('node:fs');

export function realFiles(uniqueName: () => string): CliFiles {
  return {
    read: readBounded,
    status(path) {
      const found = attempt(() => fs.statSync(path, { throwIfNoEntry: false }), path, ['EACCES']);
      return found && { kind: kindOf(found), owner: found.uid, mode: found.mode & 0o7777 };
    },
    list: (path) => guarded(path, () => fs.readdirSync(path).sort()),
    create(path, text) {
      try {
        fs.writeFileSync(path, text, { flag: 'wx' });
      } catch (cause) {
        if (codeOf(cause) === 'EEXIST') throw new PlumbError('exists', `${path} exists already`);
        throw unusable(path, cause);
      }
    },
    writePrivate(path, bytes) {
      const temporary = `${path}.${uniqueName()}`;
      try {
        fs.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
        fs.writeFileSync(temporary, bytes, { flag: 'wx', mode: 0o600, flush: true });
        fs.renameSync(temporary, path);
      } catch (cause) {
        fs.rmSync(temporary, { force: true });
        throw unusable(path, cause);
      }
    },
    makePrivateFolder: (within) => guarded(within, () => makePrivateFolder(within)),
    remove: (path) => guarded(path, () => remove(path)),
    space,
  };
}

function readBounded(path: string, maxBytes: number): Uint8Array | null {
  const descriptor = attempt(() => fs.openSync(path, 'r'), path);
  if (descriptor === null) return null;
  try {
    const chunks: Buffer[] = [];
    let total = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.max(4096, fs.fstatSync(descriptor).size + 1 - total));
      const length = fs.readSync(descriptor, chunk);
      if (length === 0) return Buffer.concat(chunks);
      total += length;
      if (total > maxBytes) throw new PlumbError('too-large', `${path} is larger than ${maxBytes} bytes`);
      chunks.push(chunk.subarray(0, length));
    }
  } catch (cause) {
    throw cause instanceof PlumbError ? cause : unusable(path, cause);
  } finally {
    fs.closeSync(descriptor);
  }
}

/** `null` where nothing is there. */
function attempt<T>(act: () => T | undefined, path: string, alsoNothing: readonly string[] = []): T | null {
  try {
    return act() ?? null;
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR', ...alsoNothing].includes(codeOf(cause))) return null;
    throw unusable(path, cause);
  }
}

function guarded<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function unusable(path: string, cause: unknown): PlumbError {
  const code = codeOf(cause);
  if (code === 'EISDIR') return new PlumbError('invalid', `${path} is a folder, expected a file`, { cause });
  return new PlumbError(code === 'EACCES' ? 'forbidden' : 'unavailable', `${path} cannot be used (${code})`, { cause });
}

export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return code ?? 'unknown fault';
}

function kindOf(found: { isFile(): boolean; isDirectory(): boolean; isSocket(): boolean }): FileStatus['kind'] {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'folder';
  return found.isSocket() ? 'socket' : 'other';
}
