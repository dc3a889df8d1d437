import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifest } from '../../tools/build.ts';
import { artefacts, release } from '../../tools/release.ts';
import { pythonProgram } from '../../tools/python.ts';
import { runtimePath } from '../../tools/runtimes.ts';
import { without } from '../fault/without.ts';
import { unpackImage } from './image.ts';
import type { Image } from './image.ts';
import { startServer, travel } from './journey.ts';

const version = String(manifest()['version']);
const above = mkdtempSync(join(tmpdir(), 'plumb-release-'));
const folder = join(above, 'release');
const at = (name: keyof typeof artefacts): string => join(folder, artefacts[name]);
afterAll(() => rmSync(above, { recursive: true, maxRetries: 10 }));

const finished = { version, value: 'hello', seen: 'hello', exitCode: 0 };

describe('the package', () => {
  const installed = join(above, 'installed');
  const program = join(installed, 'node_modules/plumbd/lib/plumb.cjs');
  let files: readonly string[] = [];

  beforeAll(async () => {
    await release(folder, ['package']);
    files = execFileSync('tar', ['-tzf', at('package')], { encoding: 'utf8' })
      .trim()
      .split('\n');
    mkdirSync(installed);
    const npm = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', installed];
    execFileSync('npm', [...npm, at('package')], { cwd: installed, stdio: 'pipe' });
  });

  test('is all that it needs: it is installed with nothing else within reach', () => {
    const { dependencies } = JSON.parse(
      execFileSync('npm', ['ls', '--json', '--all'], { cwd: installed, encoding: 'utf8' }),
    ) as {
      readonly dependencies: Readonly<Record<string, object>>;
    };
    expect(Object.keys(dependencies)).toEqual(['plumbd']);
    expect(dependencies['plumbd']).not.toHaveProperty('dependencies');
  });

  test('has the program, what it reads, and the licences of what is in it; no source, no test', () => {
    const ours = files.map((name) => name.replace(/^package\//, ''));
    expect(ours).toEqual(
      expect.arrayContaining(['package.json', 'LICENSE', 'README.md', 'lib/plumb.cjs', 'lib/server.cjs']),
    );
    expect(ours).toContain('examples/changelog/project.yaml');
    expect(ours.filter((name) => /\.ts$|test|node_modules|\.env$/.test(name))).toEqual([
      'examples/changelog/environments/test.yaml',
    ]);
    const licences = readFileSync(join(installed, 'node_modules/plumbd/LICENSES-OF-DEPENDENCIES.txt'), 'utf8');
    for (const name of ['fastify', 'pino', '@stricli/core']) expect(licences).toMatch(new RegExp(`^${name} \\d`, 'm'));
  });

  test('brings its manual, and npm puts it where man looks', () => {
    const prefix = join(above, 'global');
    const npm = ['install', '--global', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', prefix];
    execFileSync('npm', [...npm, at('package')], { cwd: above, stdio: 'pipe' });
    const pages = files.filter((name) => name.startsWith('package/man/')).map((name) => basename(name));
    expect(pages).toEqual(
      expect.arrayContaining(['plumb.1', 'plumb-get.1', 'plumb-sync-create.1', 'plumb-help-paths.1']),
    );
    const manual = join(prefix, 'share/man/man1');
    expect(readdirSync(manual).sort()).toEqual([...pages].sort());
    const shown = execFileSync(process.execPath, [program, 'help', '--man', 'sync', 'create'], { encoding: 'utf8' });
    expect(readFileSync(join(manual, 'plumb-sync-create.1'), 'utf8')).toBe(shown);
  });

  test.each([
    ['the Node of this clone', () => process.execPath],
    ['the oldest Node that it takes', () => runtimePath('node24')],
  ])('works under %s', async (_, node) => {
    expect(await travel([node(), program])).toEqual(finished);
  });

  test('is the same to the byte when it is made again', async () => {
    const again = join(above, 'again');
    await release(again, ['package']);
    for (const name of [artefacts.package, artefacts.bill]) {
      expect(digest(join(again, name))).toBe(digest(join(folder, name)));
    }
  });

  test('has a bill of materials that keeps to the standard and names what is in it', async () => {
    const bill = JSON.parse(readFileSync(at('bill'), 'utf8')) as {
      readonly components: readonly { readonly name: string; readonly version: string; readonly hashes?: unknown }[];
    };
    const names = bill.components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['fastify', 'yaml', 'node']));
    expect(names).not.toContain('vitest');
    const validate = (content: object) => {
      const input = JSON.stringify(content);
      return spawnSync(pythonProgram(), [join(import.meta.dirname, 'bill.py')], { input, encoding: 'utf8' });
    };
    expect(validate(bill)).toMatchObject({ status: 0, stderr: '' });
    expect(validate({ ...bill, components: [{ name: 'nameless kind' }] }).status).toBe(1);
  });
});

describe('the single file', () => {
  beforeAll(async () => {
    await release(folder, ['single']);
  });

  test('works where there is no Node', async () => {
    expect(await travel([at('single')])).toEqual(finished);
  });

  test('does not obey NODE_OPTIONS', () => {
    const env = { PATH: '/nonexistent', NODE_OPTIONS: '--require /nonexistent.cjs' };
    expect(execFileSync(at('single'), ['--version'], { env, encoding: 'utf8' })).toBe(`${version}\n`);
  });

  describe.skipIf(without('buildah'))('in the image', () => {
    let image: Image;
    beforeAll(async () => {
      await release(folder, ['image']);
      image = unpackImage(at('image'), join(above, 'image'));
    });

    test('is small, and runs as nobody', () => {
      expect(statSync(at('image')).size).toBeLessThan(150_000_000);
      expect(image.config.User).toBe('65532:65532');
      expect(image.config.StopSignal).toBe('SIGTERM');
      expect(Object.keys(image.config.Volumes)).toEqual(['/data']);
      expect(image.config.Labels['org.opencontainers.image.version']).toBe(version);
      expect(existsSync(join(image.files, 'bin/sh'))).toBe(false);
    });

    /**
     * No container engine can run here. What one would do is done by the system's own tools: a mount namespace, the
     * image's files read-only as the root folder, a volume for data, the image's user without capabilities.
     */
    test('answers on a read-only root folder, and stops on SIGTERM', async () => {
      const { command, env } = image.contained();
      const server = await startServer(command, ['--listen', '127.0.0.1:0'], { cwd: above, env });
      const ready = await fetch(`${server.address}/readyz`);
      expect([ready.status, await server.stop()]).toEqual([200, 0]);
      expect(existsSync(join(image.data, 'plumb.sock'))).toBe(false);
      expect(statSync(join(image.data, 'root.key'))).toMatchObject({ uid: 65532 });
    });
  });
});

test('the checksums are those of the files', () => {
  const sums = execFileSync('sha256sum', ['--check', '--strict', artefacts.checksums], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(sums).toMatch(/^plumbd-\S+: OK$/m);
});

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
