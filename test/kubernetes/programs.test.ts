import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandsNaming } from '#testing/programs';

/** Starts a program that does not end by itself nor when asked to. */
const script = `
  const { startProgram } = await import('#testing/programs');
  const { mkdtempSync } = await import('node:fs');
  const folder = mkdtempSync('/tmp/plumb-programs-');
  const idle = "for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => 0); setInterval(() => 0, 1e6); console.log('on')";
  const program = await startProgram({ name: 'idle', file: process.execPath, argv: ['-e', idle, folder], folder });
  while ((await program.tail()) !== 'on') await new Promise((resolve) => setTimeout(resolve, 5));
  console.log(folder);`;

test.each([
  ['is killed', (pid: number) => process.kill(pid, 'SIGKILL')],
  ['is ended with its group', (pid: number) => process.kill(-pid, 'SIGTERM')],
])('programs end with the process that has started them when it %s', async (_how, end) => {
  const child = spawn(process.execPath, ['--conditions=plumb-source', '--input-type=module', '-e', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const folder = text.toString().trim();
  expect(commandsNaming(folder)).toHaveLength(1);
  end(child.pid ?? 0);
  await once(child, 'exit');
  while (commandsNaming(folder).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  rmSync(folder, { recursive: true, maxRetries: 10 });
});
