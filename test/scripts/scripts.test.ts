/** Runs every session beside this file; `PLUMB_ACCEPT=1` writes down what was printed as what is expected. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startServer } from '#testing/server';
import { parseSession, printSession, Shell } from './session.ts';

const folder = join(import.meta.dirname, 'sessions');
const accept = process.env['PLUMB_ACCEPT'] === '1';
const names = readdirSync(folder).filter((name) => name.endsWith('.txt'));

test('there are sessions', () => {
  expect(names.length).toBeGreaterThanOrEqual(150);
});

describe('session', () => {
  test.each(names)('%s', async (name) => {
    const path = join(folder, name);
    const text = readFileSync(path, 'utf8');
    const session = parseSession(text);
    await using server = await startServer({ dev: session.dev });
    const shell = new Shell(server, session.files);
    const printed: (readonly string[])[] = [];
    for (const { command } of session.steps) printed.push(await shell.run(command));
    const played = printSession(session, printed);
    if (accept) writeFileSync(path, played);
    expect(played).toBe(accept ? played : text);
  });
});
