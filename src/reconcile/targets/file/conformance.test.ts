import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FileTarget } from './target.ts';
import type { TargetUnderTest } from '../../target.conformance.ts';
import { targetConformance } from '../../target.conformance.ts';
import type { TargetOptions } from '../../target.ts';
import { formatNames, loadFormat } from '#format/formats';
import type { FormatName } from '#format/formats';

type Made = Pick<TargetUnderTest, 'set'> & { readonly refused?: string };

function make(at: string, options: TargetOptions, rest: (file: string) => Made | Promise<Made>) {
  return async (): Promise<TargetUnderTest> => {
    const root = await mkdtemp(join(tmpdir(), 'plumb-file-'));
    const file = join(root, at);
    await mkdir(dirname(file), { recursive: true });
    return {
      target: new FileTarget({ root }),
      at,
      other: `elsewhere${at.replace(/^.*?(?=\.|$)/, '')}`,
      options,
      remove: () => rm(file, { recursive: true }),
      end: () => rm(root, { recursive: true }),
      ...(await rest(file)),
    };
  };
}

/** A name is set by somebody who appends a line, or edits the one that is there, in place. */
function byLine(around: readonly [string, string]) {
  return (file: string): Made => ({
    set: async (name, value) => {
      const line = `${name}=${value}\n`;
      const text = await readFile(file, 'utf8').catch(() => '');
      const present = new RegExp(`^${name}=.*\n`, 'm');
      await writeFile(
        file,
        text === '' ? around[0] + line + around[1] : present.test(text) ? text.replace(present, line) : text + line,
      );
    },
  });
}

/** The same by somebody who knows the format. */
function byFormat(name: FormatName, refused: string) {
  return async (file: string): Promise<Made> => {
    const format = await loadFormat(name);
    return {
      refused,
      set: async (key, value) => {
        const text = await readFile(file, 'utf8').catch(() => '');
        await writeFile(file, format.edit(text, [[key, value]], file));
      },
    };
  };
}

targetConformance('file, whole', make('app.env', {}, byLine(['', ''])));
targetConformance('file, below a folder', make('deep/er/app.env', {}, byLine(['', ''])));
targetConformance(
  'file, block',
  make('shared.env', { block: 'x' }, byLine(['# plumb: begin x\n', '# plumb: end x\n'])),
);
targetConformance(
  'one file for each name',
  make('run/app', { layout: 'files' }, (folder) => ({
    refused: '../x',
    set: async (name, value) => {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, name), value);
    },
  })),
);

/** Of each format a name that it cannot carry; those that cannot carry the values of the suite have tests of their own. */
const refusedNames: Readonly<Partial<Record<FormatName, string>>> = {
  'dotenv-export': 'not a name',
  shell: 'not a name',
  tfvars: 'not a name',
  json: '__proto__',
  'json-nested': 'a..b',
  dotnet: 'a:b',
  yaml: 'a..b',
  toml: 'a..b',
  kubernetes: 'not a name',
};
for (const name of formatNames) {
  const refused = refusedNames[name];
  if (refused !== undefined)
    targetConformance(`file, ${name}`, make('app.conf', { format: name }, byFormat(name, refused)));
}
