/** How components are built: a `go` of the test's own takes note of its calls. */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cacheFolder } from './builds.ts';

const script = resolve(import.meta.dirname, 'components.ts');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plumb-builds-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'calls'), '');
});
afterEach(() => rmSync(folder, { recursive: true, maxRetries: 10 }));

/** `build` is what it does after it has taken note of its arguments; `$out` is where the program belongs. */
function writeGo(build: string, version = 'go1.26.8'): void {
  const lines = [
    '#!/bin/sh',
    `if [ "$1" = env ]; then echo ${version}; exit; fi`,
    `echo "$CGO_ENABLED $@" >> "${folder}/calls"`,
    'while [ $# -gt 1 ]; do if [ "$1" = -o ]; then out=$2; fi; shift; done',
    build,
  ];
  writeFileSync(join(folder, 'bin/go'), `${lines.join('\n')}\n`);
  chmodSync(join(folder, 'bin/go'), 0o755);
}

const environment = (path = [join(folder, 'bin'), '/usr/bin', '/bin'].join(delimiter)) => ({
  ...process.env,
  PATH: path,
  PLUMB_COMPONENTS: join(folder, 'cache'),
});
const build = (names: readonly string[], env = environment()) =>
  spawnSync(process.execPath, [script, ...names], { env, encoding: 'utf8' });
const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n').filter(Boolean);
const built = () =>
  readdirSync(join(folder, 'cache'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('/'))
    .map((name) => name.replace(/^[0-9a-f]{16}\//, ''))
    .sort();

const works = 'echo program > "$out"';

test('builds once, with the flags that make it the same everywhere, and then nothing', () => {
  writeGo(works);
  expect(build(['kube-apiserver', 'etcd']).stdout).toContain('built kube-apiserver in ');
  expect(build(['kube-apiserver', 'etcd']).stdout).toBe('');
  expect(built()).toEqual(['etcd', 'kube-apiserver']);
  const [first, second, ...more] = calls();
  expect(first).toMatch(
    /^0 build -tags grpcnotrace -ldflags -s -w .*version\.gitVersion=v1\.\d+\.\d+ .* k8s\.io\/kubernetes\/cmd\/kube-apiserver$/,
  );
  expect(second).toMatch(/^0 build -ldflags -s -w .* go\.etcd\.io\/etcd\/server\/v3$/);
  expect(more).toEqual([]);
});

test('two at once build once', async () => {
  writeGo(`sleep 0.3; ${works}`);
  const codes = [1, 2].map(
    () =>
      new Promise((done) => {
        spawn(process.execPath, [script, 'etcd'], { env: environment(), stdio: 'ignore' }).on('exit', done);
      }),
  );
  expect(await Promise.all(codes)).toEqual([0, 0]);
  expect(calls()).toHaveLength(1);
});

test('a build that fails says why, leaves nothing, and is done again', () => {
  writeGo('echo half > "$out"; echo "no space left" >&2; exit 1');
  const { status, stderr } = build(['etcd']);
  expect(status).toBe(1);
  expect(stderr).toContain('error: go could not build etcd: no space left');
  expect(built()).toEqual([]);
  writeGo(works);
  expect(build(['etcd']).status).toBe(0);
  expect(built()).toEqual(['etcd']);
});

test('without go it says what is missing and what is expected', () => {
  const { status, stderr } = build(['kubectl'], environment(join(folder, 'bin')));
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /error: go is missing, .* expected Go 1\.\d+\.\d+ or later on the PATH; hint: .*PLUMB_TEST_WITHOUT=kubernetes/,
  );
});

test('an old go is refused before it builds', () => {
  writeGo(works, 'go1.9');
  expect(build(['kubectl']).stderr).toContain('go is too old to build kubernetes for the tests (go1.9)');
  expect(calls()).toEqual([]);
  expect(existsSync(join(folder, 'cache')) && built()).toEqual([]);
});

test('a name that is none is refused', () => {
  const { status, stderr } = build(['etcdd']);
  expect(status).toBe(1);
  expect(stderr).toContain('error: etcdd is not built; there are etcd, ');
});

test('the cache stands below the folder for caches, unless told otherwise', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/x' })).toBe('/x/plumb/components');
  expect(cacheFolder({ XDG_CACHE_HOME: '/x', PLUMB_COMPONENTS: '/y' })).toBe('/y');
  expect(cacheFolder({})).toMatch(/\/\.cache\/plumb\/components$/);
});
