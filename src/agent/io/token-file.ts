import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { PlumbError } from '#domain/errors';

/**
 * The token in a file, read again whenever the file is another one. Answering throws `unauthenticated` when there is
 * none to be had: never a piece of it.
 */
export function tokenFile(path: string): () => Promise<string> {
  let known: { readonly mark: string; readonly token: string } | undefined;
  return async () => {
    const file = await opened(path);
    try {
      const { dev, ino, size, mtimeNs, ctimeNs, mode } = await file.stat({ bigint: true });
      const mark = [dev, ino, size, mtimeNs, ctimeNs].join(':');
      if (known?.mark === mark) return known.token;
      if ((mode & 0o027n) !== 0n) {
        throw new PlumbError('unauthenticated', `the token file ${path} is open to others`, {
          hint: `chmod 600 ${path}`,
        });
      }
      if (size > 4096n) throw malformed(path);
      const token = (await file.readFile('utf8')).trim();
      if (!/^[!-~]+$/.test(token)) throw malformed(path);
      known = { mark, token };
      return token;
    } finally {
      await file.close();
    }
  };
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
    throw new PlumbError('unauthenticated', `the token file ${path} cannot be read (${code ?? 'unknown fault'})`, {
      hint: 'plumb token create makes one; tokenFile says where it stands',
      cause,
    });
  }
}

function malformed(path: string): PlumbError {
  return new PlumbError('unauthenticated', `there is no token in ${path}`, {
    hint: 'expected one line, plumb.<8 characters>.<43 characters>',
  });
}
