import { describe, expect, test } from 'vitest';
import type { FakeFile } from '#testing/terminal';
import { FakeTerminal } from '#testing/terminal';

const project = `environment: app/development
branches:
  main: app/production
  release/*: app/staging/
  feature/*: app/development
  '*-hotfix': app/production
`;
const folder: FakeFile = { text: '', kind: 'folder', mode: 0o755 };

function terminal(files: Readonly<Record<string, string | FakeFile>>, env: Record<string, string> = {}): FakeTerminal {
  return new FakeTerminal({
    cwd: '/home/ada/app/web/src',
    env: { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 't', ...env },
    files: { '/home/ada/app/web/plumb.yaml': project, ...files },
    answers: { 'GET /api/v1/entries': { folder: '', folders: [], entries: [] } },
  });
}
const onBranch = (branch: string) => ({
  '/home/ada/app/.git': folder,
  '/home/ada/app/.git/HEAD': `ref: refs/heads/${branch}\n`,
});

/** The folder that a list asked for. */
async function listed(user: FakeTerminal, ...argv: string[]): Promise<string | null> {
  const { stderr } = await user.run('list', ...argv);
  expect(stderr).toBe('');
  return new URL(user.requests[0]?.url ?? '').searchParams.get('folder');
}

describe('the environment of a branch', () => {
  test.each([
    ['main', 'app/production'],
    ['release/1.2', 'app/staging'],
    ['feature/a/b', 'app/development'],
    ['urgent-hotfix', 'app/production'],
    ['main2', 'app/development'],
    ['something', 'app/development'],
  ])('%s stands for %s', async (branch, expected) => {
    expect(await listed(terminal(onBranch(branch)))).toBe(expected);
  });

  test('is found at once, whatever pattern and branch a repository comes with', async () => {
    const hostile = { '/home/ada/app/web/plumb.yaml': `environment: x/y\nbranches:\n  ${'a*'.repeat(40)}b: z\n` };
    expect(await listed(terminal({ ...onBranch('a'.repeat(240)), ...hostile }))).toBe('x/y');
  });

  test('in a linked worktree, by an absolute and by a relative name', async () => {
    const head = { '/home/ada/app/.git/worktrees/w/HEAD': 'ref: refs/heads/main\n' };
    const absolute = { '/home/ada/app/web/.git': 'gitdir: /home/ada/app/.git/worktrees/w\n', ...head };
    const relative = { '/home/ada/app/web/.git': 'gitdir: ../.git/worktrees/w\n', ...head };
    expect(await listed(terminal(absolute))).toBe('app/production');
    expect(await listed(terminal(relative))).toBe('app/production');
  });

  test.each<[what: string, files: Record<string, string | FakeFile>]>([
    ['without a repository', {}],
    ['with a commit checked out', { ...onBranch('main'), '/home/ada/app/.git/HEAD': '1f0c3a\n' }],
    ['with a damaged .git', { '/home/ada/app/.git': 'nothing\n' }],
    ['without HEAD', { '/home/ada/app/.git': folder }],
  ])('is that of the project file %s', async (_, files) => {
    expect(await listed(terminal(files))).toBe('app/development');
  });

  test('is weaker than PLUMB_ENV and -e', async () => {
    expect(await listed(terminal(onBranch('main'), { PLUMB_ENV: 'x/y' }))).toBe('x/y');
    expect(await listed(terminal(onBranch('main')), '-e', 'z')).toBe('z');
  });

  test('is told on a terminal', async () => {
    const user = new FakeTerminal({
      cwd: '/home/ada/app',
      terminal: true,
      env: { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 't' },
      files: { '/home/ada/app/plumb.yaml': project, ...onBranch('main') },
      answers: { 'GET /api/v1/entries': { folder: '', folders: [], entries: [] } },
    });
    expect((await user.run('list')).stderr).toBe('note: app/production, by the branch main\n');
  });
});

describe('a branch does not decide where something is written', () => {
  const refused =
    'error: the branch main stands for app/production, but a branch does not decide where something is written\n' +
    'hint: name it by -e app/production, in PLUMB_ENV, or give paths in full\n';

  test.each([[['set', 'A=1', '--kind', 'config']], [['delete', 'A']], [['unset', 'A']]])('%j', async (argv) => {
    const user = terminal(onBranch('main'));
    expect(await user.run(...argv)).toEqual({ code: 2, stdout: '', stderr: refused });
    expect(user.requests).toEqual([]);
  });

  test('unless the project file names the same', async () => {
    const user = terminal(onBranch('feature/x'));
    await user.run('delete', 'A');
    expect(JSON.parse(user.requests[0]?.body ?? '')).toMatchObject({ ops: [{ path: 'app/development/A' }] });
  });
});
