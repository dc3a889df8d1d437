/**
 * What `npm test` does: the components, every check, the unit tests and those of the whole. All of it runs even
 * if a part fails, vitest comes last so that its closing lines are the last, and the exit code says whether
 * anything was wrong. `--long` runs the long tests instead.
 */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { buildComponents, parseWithout, prepare, thisMachine } from './components.ts';

const root = resolve(import.meta.dirname, '..');

function run(...args: readonly string[]): boolean {
  return (
    spawnSync(process.execPath, ['--conditions=plumb-source', ...args], { cwd: root, stdio: 'inherit' }).status === 0
  );
}

/** Installs and builds; says what is left out and what is missing; true if nothing is missing. */
async function ready(): Promise<boolean> {
  const without = parseWithout(process.env.PLUMB_TEST_WITHOUT);
  const found = prepare(thisMachine, without);
  for (const name of found.without) console.log(`components: ${name} left out by PLUMB_TEST_WITHOUT`);
  for (const name of found.unknown) console.error(`components: PLUMB_TEST_WITHOUT names ${name}, which is none`);
  for (const { name, debian } of found.missing) {
    console.error(`components: ${name} is missing (Debian package ${debian}); its tests will fail`);
  }
  const faults = await buildComponents(without);
  for (const fault of faults) console.error(`components: ${fault}`);
  return found.missing.length === 0 && found.unknown.length === 0 && faults.length === 0;
}

const vitest = 'node_modules/vitest/vitest.mjs';
const long = process.argv.includes('--long');
const failed: string[] = [];
if (!(await ready())) failed.push('components');
if (!long && !run('tools/check.ts')) failed.push('check');
const sizes = long ? ['--project', 'long'] : ['--project', 'unit', '--project', 'whole'];
if (!run(vitest, 'run', ...sizes)) failed.push('tests');
if (failed.length > 0) {
  console.error(`failed: ${failed.join(', ')}`);
  process.exitCode = 1;
}
