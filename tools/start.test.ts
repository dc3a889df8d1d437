/** How a clone starts: what installs, and what runs the command line. An `npm` of the test's own takes note of its calls. */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plumb-start-'));
});
afterEach(() => rmSync(folder, { recursive: true, maxRetries: 10 }));

describe('ensure.cjs', () => {
  const clone = () => join(folder, 'clone');
  const stamp = () => join(clone(), 'node_modules/.plumb-stamp');
  const installs = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n').filter(Boolean);
  const env = () => ({ ...process.env, PATH: [join(folder, 'bin'), process.env.PATH].join(delimiter) });
  const script = () => join(clone(), 'tools/ensure.cjs');
  const ensure = () => spawnSync(process.execPath, [script()], { env: env(), encoding: 'utf8' });

  /** `body` is what `npm` does after it has taken note of its arguments. */
  function writeNpm(body: string): void {
    const text = `#!/bin/sh\necho "$@" >> "${folder}/calls"\n${body}\n`;
    writeFileSync(join(folder, 'bin/npm'), text);
    chmodSync(join(folder, 'bin/npm'), 0o755);
  }

  const works = 'rm -rf node_modules; mkdir -p node_modules/.bin; sleep 0.3; : > node_modules/.bin/node';

  beforeEach(() => {
    mkdirSync(join(clone(), 'tools'), { recursive: true });
    mkdirSync(join(folder, 'bin'));
    cpSync(join(root, 'tools/ensure.cjs'), script());
    writeFileSync(join(clone(), 'package-lock.json'), '{"one": 1}');
    writeFileSync(join(folder, 'calls'), '');
    writeNpm(works);
  });

  test('installs once, without scripts, and then nothing', () => {
    expect(ensure().status).toBe(0);
    expect(ensure().status).toBe(0);
    expect(installs()).toEqual(['ci --ignore-scripts --no-audit --no-fund --loglevel=error']);
  });

  test('installs again when the lock file is another one', () => {
    ensure();
    writeFileSync(join(clone(), 'package-lock.json'), '{"two": 2}');
    ensure();
    expect(installs()).toHaveLength(2);
  });

  test('an install that fails leaves no stamp, says so, and is done again', () => {
    writeNpm('exit 7');
    const { status, stderr } = ensure();
    expect(status).toBe(1);
    expect(stderr).toContain('error: npm ci failed');
    expect(existsSync(stamp())).toBe(false);
    writeNpm(works);
    expect(ensure().status).toBe(0);
    expect(installs()).toHaveLength(2);
  });

  test('a platform without a packaged Node is named', () => {
    writeNpm('mkdir -p node_modules/.bin');
    expect(ensure().stderr).toContain(`no Node is packaged for ${process.platform}-${process.arch}`);
    expect(existsSync(stamp())).toBe(false);
  });

  test('two at once install once', async () => {
    const codes = [1, 2].map(
      () =>
        new Promise((done) => {
          spawn(process.execPath, [script()], { env: env(), stdio: 'ignore' }).on('exit', done);
        }),
    );
    expect(await Promise.all(codes)).toEqual([0, 0]);
    expect(installs()).toHaveLength(1);
  });

  test('the lock of a process that is gone does not stop anyone', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    mkdirSync(join(clone(), '.cache'));
    writeFileSync(join(clone(), '.cache/install.pid'), String(pid));
    expect(ensure().status).toBe(0);
  });
});

describe('plumb', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const run = (program: string, cwd: string, env = process.env) =>
    spawnSync(program, ['--version'], { cwd, env, encoding: 'utf8' });

  test('from another folder', () => {
    expect(run(join(root, 'plumb'), folder).stdout.trim()).toBe(version);
  });

  test('through a link to a link', () => {
    mkdirSync(join(folder, 'bin'));
    symlinkSync(join(root, 'plumb'), join(folder, 'bin/one'));
    symlinkSync('bin/one', join(folder, 'two'));
    expect(run(join(folder, 'two'), '/').stdout.trim()).toBe(version);
  });

  test('by the PATH', () => {
    const env = { ...process.env, PATH: [root, process.env.PATH].join(delimiter) };
    expect(run('plumb', folder, env).stdout.trim()).toBe(version);
  });

  test('says what to do in a clone without dependencies', () => {
    cpSync(join(root, 'plumb'), join(folder, 'plumb'));
    const { status, stderr } = run('./plumb', folder);
    expect(status).toBe(1);
    expect(stderr).toContain("hint: run 'npm start'");
  });

  test('with no core dumps, and the inspector signal disabled', () => {
    mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
    cpSync(join(root, 'plumb'), join(folder, 'plumb'));
    writeFileSync(join(folder, 'node_modules/.bin/node'), '#!/bin/sh\nulimit -c\necho "$@"\n');
    chmodSync(join(folder, 'node_modules/.bin/node'), 0o755);
    const [limit, words] = run('./plumb', folder).stdout.split('\n');
    expect(limit).toBe('0');
    expect(words).toMatch(/--disable-sigusr1 .*src\/main\.ts --version$/);
  });
});
