import { expect, test } from 'vitest';
import { FakeTerminal } from '#testing/terminal';

/** The command lines that are shown for a folder with these files. */
async function shown(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const placed = Object.fromEntries(Object.entries(files).map(([name, text]) => [`/home/ada/app/${name}`, text]));
  const { code, stdout } = await new FakeTerminal({ files: placed }).run('init', 'a/b', '--json');
  expect(code).toBe(0);
  const { found } = JSON.parse(stdout) as { readonly found: readonly { readonly commands: readonly string[] }[] };
  return found.flatMap(({ commands }) => commands);
}

test('a line that is shown to be typed runs nothing that a file is named after', async () => {
  expect(await shown({ '.env.x;touch obeyed': 'A=1\n', '.env.$(touch obeyed)': '=\n' })).toEqual([
    "plumb import a/b '.env.$(touch obeyed)' --dry-run",
    "plumb import a/b '.env.x;touch obeyed' --dry-run",
  ]);
});

test('a file that another one names is no flag and no command', async () => {
  const compose = JSON.stringify({ services: { web: { env_file: ['--yes', "it's `x`.env"] } } });
  expect(await shown({ 'compose.yaml': compose })).toEqual([
    'plumb import a/b ./--yes --format docker --dry-run',
    "plumb import a/b 'it'\\''s `x`.env' --format docker --dry-run",
  ]);
});
