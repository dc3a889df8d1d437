import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommand } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'plumb-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a script of the shell, whose name for its files is `$F`. */
function run(script: string, timeoutMs = 1000): Promise<string | undefined> {
  const { PATH = '' } = process.env;
  const { signal } = new AbortController();
  return runCommand({
    command: ['sh', '-c', script],
    env: { PATH, F: join(folder, 'pid') },
    timeoutMs,
    graceMs: 100,
    signal,
  });
}

/** Whether a process is there and goes on. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('it is told how it ended, and nothing that it printed', async () => {
  expect(await run('echo hush')).toBeUndefined();
  expect(await run('echo hush; exit 3')).toBe('ended with exit code 3');
  expect(await run('kill -9 $$')).toBe('was ended by SIGKILL');
});

test.runIf(process.platform === 'linux')(
  'what takes too long is ended with what it started, also where that does not listen',
  async () => {
    // The shell itself ends when it is asked to; what it has started does not.
    const stubborn = `(trap '' TERM; sh -c 'echo $$ > "$F"; while :; do sleep 0.1; done') & wait`;
    expect(await run(stubborn)).toBe('took longer than 1 s');
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    expect(pid).toBeGreaterThan(1);
    while (runs(pid)) await new Promise((resolve) => setImmediate(resolve));
  },
);
