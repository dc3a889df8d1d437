import { join } from 'node:path';
import { parsePath } from '#domain/path';
import { argument, defineCommand, switchFlag, textFlag } from '../command.ts';
import { projectFileName } from '../session.ts';
import { printable } from '../style.ts';

interface Flags {
  readonly address?: string;
  readonly json?: boolean;
}

export const command = defineCommand<Flags, [environment: string]>({
  parameters: {
    flags: {
      address: textFlag('ADDRESS', 'Where the server is, for people to see; never followed'),
      json: switchFlag('Print JSON'),
    },
    positional: { kind: 'tuple', parameters: [argument('FOLDER', 'The folder that single names are looked up in')] },
  },
  description: 'Written into the working folder, to be kept with the project. A file that is there is left as it is.',
  examples: [{ input: 'init changelog/development', brief: '' }],
  run(session, flags, environment) {
    const path = join(session.io.cwd, projectFileName);
    const lines = [
      '# The folder that single names are looked up in. Neither values nor tokens belong here.',
      `environment: ${JSON.stringify(parsePath(environment.replace(/\/$/, '')))}`,
      ...(flags.address === undefined ? [] : [`address: ${JSON.stringify(flags.address)}`]),
    ];
    session.io.files.create(path, `${lines.join('\n')}\n`);
    if (flags.json) session.printJson({ path, environment });
    else session.print(`wrote ${printable(path)}\n`);
  },
});
