import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandReference } from './reference.ts';

test('docs/cli.md is what the program says; PLUMB_ACCEPT=1 writes it', async () => {
  const path = join(import.meta.dirname, '../../docs/cli.md');
  const reference = await commandReference();
  if (process.env['PLUMB_ACCEPT'] === '1') writeFileSync(path, reference);
  expect(readFileSync(path, 'utf8')).toBe(reference);
});
