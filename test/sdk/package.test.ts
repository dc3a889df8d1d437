/** What is in the package that users install, and that its types are good where they are used. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildClient } from '../../tools/build-client.ts';

const root = resolve(import.meta.dirname, '../..');
let folder = '';
let installed = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plumb-package-'));
  const source = join(folder, 'client');
  for (const name of ['package.json', 'README.md', 'LICENSE', 'examples', 'src']) {
    cpSync(join(root, 'client', name), join(source, name), { recursive: true });
  }
  await buildClient(join(source, 'dist'));
  const packed = spawnSync('npm', ['pack', '--pack-destination', folder], { cwd: source, encoding: 'utf8' });
  expect(packed.status).toBe(0);
  installed = join(folder, 'node_modules/@plumbd/client');
  mkdirSync(installed, { recursive: true });
  const tar = ['-xzf', join(folder, 'plumbd-client-0.1.0.tgz'), '--strip-components=1', '-C', installed];
  expect(spawnSync('tar', tar).status).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

test('only what is used is in it', () => {
  const listed = spawnSync('tar', ['-tzf', join(folder, 'plumbd-client-0.1.0.tgz')], { encoding: 'utf8' });
  const names = listed.stdout
    .trim()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''));
  expect(names.toSorted()).toEqual([
    'LICENSE',
    'README.md',
    'dist/cache.d.ts',
    'dist/cache.js',
    'dist/client.d.ts',
    'dist/connection.d.ts',
    'dist/errors.d.ts',
    'dist/fallback.d.ts',
    'dist/index.d.ts',
    'dist/index.js',
    'dist/poll.d.ts',
    'dist/retry-after.d.ts',
    'dist/retry.d.ts',
    'dist/seal.d.ts',
    'dist/sealed-cache.d.ts',
    'dist/transport.d.ts',
    'dist/types.d.ts',
    'dist/watch.d.ts',
    'dist/with-cache.d.ts',
    'examples/cached.ts',
    'examples/page.html',
    'examples/read.ts',
    'examples/watch.ts',
    'examples/write.ts',
    'package.json',
  ]);
});

test('it depends on nothing', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>;
  expect(Object.keys(manifest).filter((name) => /dependencies|scripts/i.test(name))).toEqual([]);
});

test('its types are good in a strict program of somebody else', () => {
  for (const name of ['read', 'write', 'watch', 'cached']) {
    cpSync(join(installed, 'examples', `${name}.ts`), join(folder, `${name}.ts`));
  }
  cpSync(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'), { recursive: true });
  cpSync(join(root, 'node_modules/undici-types'), join(folder, 'node_modules/undici-types'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const wrong = "import { createClient } from '@plumbd/client';\ncreateClient({ address: 1 });\n";
  writeFileSync(join(folder, 'wrong.ts'), wrong);
  const compilerOptions = { target: 'es2023', module: 'nodenext', strict: true, noEmit: true, types: ['node'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { cwd: folder, encoding: 'utf8' });
  expect(stdout.trim().split('\n')).toEqual([expect.stringContaining('wrong.ts(2,16): error TS2322')]);
});

test('what a program does not use is not in its bundle', async () => {
  const bundled = async (contents: string): Promise<string> => {
    const stdin = { contents, resolveDir: folder };
    const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', write: false, minifySyntax: true });
    return outputFiles[0]?.text ?? '';
  };
  const error = await bundled("import { PlumbApiError } from '@plumbd/client'; globalThis.found = PlumbApiError;");
  expect(error).toContain('PlumbApiError');
  expect(error).not.toContain('text/event-stream');
  expect(await bundled("import { createClient } from '@plumbd/client'; createClient();")).not.toContain('AES-GCM');
});
