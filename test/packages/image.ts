/** An image as an engine would see it: unpacked, and started in a place of its own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './journey.ts';

/** https://github.com/opencontainers/image-spec/blob/main/config.md */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly StopSignal: string;
  readonly Volumes: Readonly<Record<string, object>>;
  readonly Labels: Readonly<Record<string, string>>;
}

export interface Image {
  readonly config: ImageConfig;
  /** Its root folder. */
  readonly files: string;
  /** What stands for the volume. */
  readonly data: string;
  /** Its entry point, contained; what is behind it replaces `Cmd`. */
  contained(): { readonly command: Command; readonly env: NodeJS.ProcessEnv };
}

interface Descriptor {
  readonly digest: string;
}
interface Index {
  readonly manifests: readonly Descriptor[];
}
interface Manifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** Unpacks an archive of one image into `folder`. */
export function unpackImage(archive: string, folder: string): Image {
  const layout = join(folder, 'layout');
  const files = join(folder, 'files');
  const data = join(folder, 'data');
  for (const path of [layout, files, data]) mkdirSync(path, { recursive: true });
  execFileSync('tar', ['-xf', archive, '-C', layout]);
  const blob = ({ digest }: Descriptor): string => join(layout, 'blobs', ...digest.split(':'));
  const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
  const [index] = (json(join(layout, 'index.json')) as Index).manifests;
  if (index === undefined) throw new Error('the archive holds no image');
  const manifest = json(blob(index)) as Manifest;
  const { config } = json(blob(manifest.config)) as { readonly config: ImageConfig };
  for (const layer of manifest.layers) execFileSync('tar', ['-xzf', blob(layer), '-C', files, '--numeric-owner']);
  execFileSync('cp', ['-a', `${files}/data/.`, data]);
  execFileSync('chown', ['--reference', `${files}/data`, data]);
  execFileSync('chmod', ['--reference', `${files}/data`, data]);
  mkdirSync(join(files, 'proc'));
  mkdirSync(join(files, 'dev'));
  return { config, files, data, contained: () => contained(config, files, data) };
}

/** As an engine would start it with a read-only root folder; who is not root has no capabilities. */
function contained(config: ImageConfig, files: string, data: string): { command: Command; env: NodeJS.ProcessEnv } {
  const [user = '', group = user] = config.User.split(':');
  const script = [
    'set -e',
    `mount --bind ${files} ${files}`,
    `mount --bind ${data} ${files}/data`,
    `mount --rbind /proc ${files}/proc`,
    `mount --rbind /dev ${files}/dev`,
    `mount -o remount,bind,ro ${files}`,
    `cd ${files}`,
    `exec setpriv --no-new-privs chroot --userspec=${user}:${group} --groups= ${files} "$@"`,
  ].join('\n');
  const command: Command = ['unshare', '--mount', 'sh', '-c', script, 'sh', ...config.Entrypoint];
  const env = Object.fromEntries(config.Env.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
  return { command, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env } };
}
