/**
 * The image for containers (https://github.com/opencontainers/image-spec), made by buildah from nothing: the single
 * file, the libraries that it is linked with, and a user without rights. No shell, no package manager. Nothing is
 * run while it is made, so it needs no container engine and no rights but those of whoever makes it.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { manifest } from './build.ts';

/** As numbers, so that "not root" can be told without looking into the image. */
const user = '65532';
const program = '/usr/local/bin/plumb';

/** Writes an archive of the image, its layer compressed, to `output`. Throws what buildah says when it cannot. */
export function buildImage(single: string, output: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'plumb-image-'));
  try {
    const files = join(folder, 'files');
    fill(files, single);
    mkdirSync(join(folder, 'volume'));
    mkdirSync(join(folder, 'volume', 'data'), { mode: 0o700 });
    const at = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
    const buildah = (...args: readonly string[]): string => run('buildah', [...at, ...args]);
    const { name, version, description, license } = manifest();
    const container = buildah('from', 'scratch');
    buildah('copy', '--quiet', container, files, '/');
    buildah('copy', '--quiet', '--chown', `${user}:${user}`, container, join(folder, 'volume'), '/');
    const labels = { title: name, version, description, licenses: license };
    const set = Object.entries(labels).flatMap(([key, text]) => [
      '--label',
      `org.opencontainers.image.${key}=${String(text)}`,
    ]);
    const environment = { PLUMB_DATA: '/data', HOME: '/data' };
    const env = Object.entries(environment).flatMap(([key, text]) => ['--env', `${key}=${text}`]);
    const entry = ['--entrypoint', JSON.stringify([program]), '--cmd', 'server', '--workingdir', '/data'];
    const rest = ['--user', `${user}:${user}`, '--volume', '/data', '--stop-signal', 'SIGTERM'];
    buildah('config', ...entry, ...env, ...rest, ...set, container);
    buildah('commit', '--quiet', '--format', 'oci', '--timestamp', '0', container, 'plumb');
    rmSync(output, { force: true });
    buildah(
      'push',
      '--quiet',
      '--compression-format',
      'gzip',
      'plumb',
      `oci-archive:${output}:plumb:${String(version)}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is in the image beside the folder for data. */
function fill(files: string, single: string): void {
  for (const [from, to] of [[single, program] as const, ...libraries(single).map((path) => [path, path] as const)]) {
    mkdirSync(dirname(join(files, to)), { recursive: true });
    copyFileSync(realpathSync(from), join(files, to));
    chmodSync(join(files, to), 0o755);
  }
  mkdirSync(join(files, 'etc'));
  writeFileSync(join(files, 'etc/passwd'), `plumb:x:${user}:${user}::/data:/sbin/nologin\n`);
  writeFileSync(join(files, 'etc/group'), `plumb:x:${user}:\n`);
}

/** Those that the dynamic linker names, itself included. */
function libraries(file: string): readonly string[] {
  return run('ldd', [file])
    .split('\n')
    .flatMap((line) => /(\/\S+)/.exec(line)?.[1] ?? []);
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error !== undefined || status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout.trim();
}
