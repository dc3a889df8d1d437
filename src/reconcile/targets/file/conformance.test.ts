import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FileTarget } from './target.ts';
import { targetConformance } from '../../target.conformance.ts';
import type { TargetOptions } from '../../target.ts';

/** A name is set by somebody who appends a line, or edits the one that is there, in place. */
function make(at: string, options: TargetOptions, around: readonly [string, string]) {
  return async () => {
    const root = await mkdtemp(join(tmpdir(), 'plumb-file-'));
    const file = join(root, at);
    await mkdir(dirname(file), { recursive: true });
    return {
      target: new FileTarget({ root }),
      at,
      other: 'elsewhere.env',
      options,
      set: async (name: string, value: string) => {
        const line = `${name}=${value}\n`;
        const text = await readFile(file, 'utf8').catch(() => '');
        if (text.includes(`${name}=`)) await writeFile(file, text.replace(new RegExp(`^${name}=.*\n`, 'm'), line));
        else if (text === '') await writeFile(file, around[0] + line + around[1]);
        else await appendFile(file, line);
      },
      remove: () => rm(file),
      end: () => rm(root, { recursive: true }),
    };
  };
}

targetConformance('file, whole', make('app.env', {}, ['', '']));
targetConformance('file, below a folder', make('deep/er/app.env', {}, ['', '']));
targetConformance('file, block', make('shared.env', { block: 'x' }, ['# plumb: begin x\n', '# plumb: end x\n']));
