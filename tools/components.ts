/**
 * Programs of the machine that tests start: a power cut, a full disk and a traced process need the real thing.
 * On Debian as root the missing ones are installed; elsewhere they are named, and whoever runs the tests may
 * leave them out by name with `PLUMB_TEST_WITHOUT=name,…`. Nothing is skipped in silence.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Component {
  /** As in `PLUMB_TEST_WITHOUT`. */
  readonly name: string;
  /** Programs that must be on the PATH. */
  readonly programs: readonly string[];
  /** The Debian package that brings them. */
  readonly debian: string;
}

export const components: readonly Component[] = [
  { name: 'strace', programs: ['strace'], debian: 'strace' },
  { name: 'ext4', programs: ['mkfs.ext4'], debian: 'e2fsprogs' },
  { name: 'mount', programs: ['mount', 'umount', 'losetup'], debian: 'mount' },
  { name: 'python3', programs: ['python3'], debian: 'python3' },
];

/** What finding and installing needs from outside. */
export interface Machine {
  readonly has: (program: string) => boolean;
  readonly mayInstall: boolean;
  /** True if it went well. */
  readonly install: (packages: readonly string[]) => boolean;
}

export interface Findings {
  /** Left out by name. */
  readonly without: readonly string[];
  readonly missing: readonly Component[];
  /** Names in `PLUMB_TEST_WITHOUT` that are no component: a typing error must not hide anything. */
  readonly unknown: readonly string[];
}

/** Installs what may be installed, then says what is still missing. */
export function prepare(machine: Machine, without: readonly string[]): Findings {
  const lacks = (component: Component) => component.programs.some((program) => !machine.has(program));
  const needed = components.filter((component) => !without.includes(component.name));
  const absent = needed.filter(lacks);
  if (absent.length > 0 && machine.mayInstall) machine.install(absent.map((component) => component.debian));
  return {
    without: components.filter((component) => without.includes(component.name)).map((component) => component.name),
    missing: needed.filter(lacks),
    unknown: without.filter((name) => !components.some((component) => component.name === name)),
  };
}

/** The list in `PLUMB_TEST_WITHOUT`. */
export function parseWithout(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function onPath(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function aptInstall(packages: readonly string[]): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (...args: string[]) => spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 2] }).status === 0;
  const install = () => run('install', '-y', '-qq', '--no-install-recommends', ...packages);
  // The package lists of the machine may be too old or not there at all.
  return install() || (run('update', '-qq') && install());
}

/** The machine that this runs on. */
export const thisMachine: Machine = {
  has: onPath,
  mayInstall: process.getuid?.() === 0 && existsSync('/etc/debian_version'),
  install: aptInstall,
};
