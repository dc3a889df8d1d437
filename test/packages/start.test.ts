/** The first file of the program keeps what V8 compiled, and takes of it only what is whole and the user's own. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildPackage } from '../../tools/build.ts';
import { startServer } from '#testing/server';

const above = mkdtempSync(join(tmpdir(), 'plumb-start-'));
const program = join(above, 'plumbd/lib/plumb.cjs');
let home: string;

beforeAll(async () => {
  await buildPackage(join(above, 'plumbd'));
});
afterAll(() => rmSync(above, { recursive: true }));
beforeEach(() => {
  home = mkdtempSync(join(above, 'home-'));
});

/** That of a server that is not there: all of the program but for the answer. */
const refused = { code: 5, stderr: expect.stringContaining('http://127.0.0.1:9') as string };

/** Runs the program; `code` is that with which it ended, or the name of the signal. */
function start(env: NodeJS.ProcessEnv = {}, words: readonly string[] = ['get', 'a/b'], cwd?: string) {
  const { PATH } = process.env;
  const given = { PATH, HOME: home, PLUMB_ADDR: 'http://127.0.0.1:9', PLUMB_TOKEN: `plumb.abcdefgh.${'x'.repeat(43)}` };
  return new Promise<{ readonly code: number | string; readonly stderr: string }>((resolve) => {
    execFile(process.execPath, [program, ...words], { env: { ...given, ...env }, cwd }, (error, _, stderr) => {
      resolve({ code: error?.signal ?? error?.code ?? 0, stderr });
    });
  });
}
const kept = (): readonly string[] =>
  readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(?:get|run)-/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name));

test('is kept when a command ends, for the user alone, and then taken as it is', async () => {
  expect(await start()).toEqual(refused);
  const [path = '', ...others] = kept();
  expect([others, statSync(path).mode & 0o777]).toEqual([[], 0o600]);
  const { ino } = statSync(path);
  expect(await start()).toEqual(refused);
  expect([kept(), statSync(path).ino]).toEqual([[path], ino]);
});

test('each command has its own, also one that another program takes the place of', async () => {
  await using server = await startServer({ dev: true });
  const env = { PLUMB_ADDR: `unix:${server.socket}`, PLUMB_TOKEN: server.token };
  const done = { code: 0, stderr: '' };
  expect(await start(env, ['get', 'changelog/test/DB_HOST'])).toEqual(done);
  expect(await start(env, ['run', '-e', 'changelog/test', '--', 'true'])).toEqual(done);
  const names = kept().map((path) => basename(path).replace(/-.*/, ''));
  expect(names.sort()).toEqual(['get', 'run']);
});

/** What may stand where the code was. */
const damages: readonly (readonly [string, (path: string) => void])[] = [
  ['a flipped bit', (path) => change(path, (code) => code.with(code.length / 4, (code[code.length / 4] ?? 0) ^ 1))],
  ['half of it', (path) => change(path, (code) => code.subarray(0, code.length / 2))],
  ['zeros', (path) => change(path, (code) => code.fill(0))],
  ['nothing', (path) => change(path, () => new Uint8Array())],
  ['one byte more', (path) => change(path, (code) => Buffer.concat([code, Buffer.from('x')]))],
  ['what others may write', (path) => chmodSync(path, 0o666)],
  [
    'a link',
    (path) => {
      renameSync(path, `${path}.elsewhere`);
      symlinkSync(`${path}.elsewhere`, path);
    },
  ],
];
function change(path: string, edit: (code: Uint8Array) => Uint8Array): void {
  writeFileSync(path, edit(readFileSync(path)));
}

test.each(damages)('%s is not run but replaced', async (_, damage) => {
  await start();
  const [path = ''] = kept();
  const { size } = statSync(path);
  damage(path);
  const { ino } = lstatSync(path);
  expect(await start()).toEqual(refused);
  const now = lstatSync(path);
  expect([now.isFile(), now.mode & 0o777, Math.abs(now.size - size) < size / 10]).toEqual([true, 0o600, true]);
  expect(now.ino).not.toBe(ino);
  expect(await start()).toEqual(refused);
  expect(lstatSync(path).ino).toBe(now.ino);
});

test('nothing is kept where Node may keep nothing, and that is no fault', async () => {
  expect(await start({ NODE_DISABLE_COMPILE_CACHE: '1' })).toEqual(refused);
  expect(await start({ NODE_COMPILE_CACHE: '' })).toEqual(refused);
  expect(await start({ HOME: '/dev/null' })).toEqual(refused);
  expect(kept()).toEqual([]);
});

/** Every file below the home that V8's code could stand in. */
const codeBelow = (path: string): readonly string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));

test('nothing is kept in a folder that others may write to', async () => {
  const folder = join(home, '.cache/plumb/compile');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o777);
  expect(await start()).toEqual(refused);
  expect(codeBelow(home)).toEqual([]);
});

test('nothing is kept below the working folder, which somebody else may have filled', async () => {
  expect(await start({ XDG_CACHE_HOME: '.' }, undefined, home)).toEqual(refused);
  expect(codeBelow(join(home, '.cache')).length).toBeGreaterThan(0);
  expect(readdirSync(home)).toEqual(['.cache']);
  expect(await start({ HOME: '' }, undefined, home)).toEqual(refused);
  expect(readdirSync(home)).toEqual(['.cache']);
});

test.runIf(process.getuid?.() === 0)('nothing is kept in the home of somebody else', async () => {
  chownSync(home, 65_534, 65_534);
  expect(await start()).toEqual(refused);
  expect(readdirSync(home)).toEqual([]);
  chownSync(home, 0, 0);
  expect(await start()).toEqual(refused);
  const [path = ''] = kept();
  expect(statSync(join(home, '.cache/plumb')).mode & 0o777).toBe(0o700);
  chownSync(join(home, '.cache'), 65_534, 65_534);
  rmSync(path);
  expect(await start()).toEqual(refused);
  expect(kept()).toEqual([]);
});

test('it stands where Node keeps its own', async () => {
  const elsewhere = join(home, 'elsewhere');
  expect(await start({ NODE_COMPILE_CACHE: elsewhere })).toEqual(refused);
  expect(kept().map((path) => path.startsWith(elsewhere))).toEqual([true]);
});
