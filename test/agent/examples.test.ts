/** What the examples show is what the agent takes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '#agent/config';
import { readTextFile } from '#util/files';

const folder = join(import.meta.dirname, '../../examples/agent');

test('the configuration is right, and the unit lets the agent write to its roots and to nothing else', async () => {
  const argv = ['--config', join(folder, 'agent.yaml')];
  const { roots, state } = await readConfig({ argv, env: {}, cwd: '/', readText: readTextFile });
  const unit = readFileSync(join(folder, 'plumb-agent.service'), 'utf8');
  const said = (name: string): readonly string[] =>
    unit.split('\n').flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []));
  expect(said('ReadWritePaths')).toEqual(Object.values(roots));
  expect([said('StateDirectory'), said('StateDirectoryMode')]).toEqual([[state.replace('/var/lib/', '')], ['0700']]);
});
