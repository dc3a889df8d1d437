import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { takeLock } from './lock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plumb-lock-'));
  path = join(folder, 'agent.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('one has it at a time, and nothing is written into it', () => {
  const first = takeLock(path);
  expect(() => takeLock(path)).toThrow(expect.objectContaining({ code: 'conflict' }));
  first.release();
  takeLock(path).release();
  expect(statSync(path).size).toBe(0);
});

test('another process has it until it ends, however it does', async () => {
  const hold = `import(process.argv[1]).then(({ takeLock }) => {
    takeLock(process.argv[2]);
    process.stdout.write('held');
    setInterval(() => {}, 1000);
  })`;
  const argv = ['--conditions=plumb-source', '-e', hold, join(import.meta.dirname, 'lock.ts'), path];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    expect(() => takeLock(path)).toThrow('another agent runs with this state folder');
  } finally {
    child.kill('SIGKILL');
  }
  await once(child, 'exit');
  takeLock(path).release();
});

test('what cannot be one is said', () => {
  writeFileSync(path, 'no lock');
  expect(() => takeLock(path)).toThrow(expect.objectContaining({ code: 'unavailable' }));
  expect(() => takeLock(join(folder, 'none/agent.lock'))).toThrow(`the lock ${folder}/none/agent.lock cannot be taken`);
});
