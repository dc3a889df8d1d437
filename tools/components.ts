/**
 * Programs that tests start: a power cut, a full disk, a traced process and a cluster need the real thing.
 * On Debian as root the missing ones of the machine are installed; elsewhere they are named, and whoever runs the
 * tests may leave them out by name with `PLUMB_TEST_WITHOUT=name,…`. Nothing is skipped in silence. What no package
 * brings is built: `node tools/components.ts [program …]` does it by itself.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { buildPrograms, clusterNames, type ProgramName, programNames, readerNames } from './builds.ts';
import { buildPython } from './python.ts';
import { buildRuntimes } from './runtimes.ts';

export interface Component {
  /** As in `PLUMB_TEST_WITHOUT`. */
  readonly name: string;
  /** Programs that must be on the PATH; one with arguments must also run and end well. */
  readonly programs: readonly string[];
  /** The Debian package that brings them. */
  readonly debian: string;
  /** Files of the package that alone are put on the machine, in /usr/local/bin: nothing of it is set up or started. */
  readonly only?: readonly string[];
}

export const components: readonly Component[] = [
  { name: 'strace', programs: ['strace'], debian: 'strace' },
  { name: 'ext4', programs: ['mkfs.ext4'], debian: 'e2fsprogs' },
  { name: 'buildah', programs: ['buildah'], debian: 'buildah' },
  { name: 'jq', programs: ['jq'], debian: 'jq' },
  { name: 'mount', programs: ['mount', 'umount', 'losetup'], debian: 'mount' },
  { name: 'promtool', programs: ['promtool'], debian: 'prometheus', only: ['usr/bin/promtool'] },
  { name: 'secret-tool', programs: ['secret-tool'], debian: 'libsecret-tools' },
  { name: 'gnome-keyring', programs: ['gnome-keyring-daemon'], debian: 'gnome-keyring' },
  { name: 'dbus', programs: ['dbus-run-session'], debian: 'dbus-daemon' },
  { name: 'chromium', programs: ['chromium'], debian: 'chromium' },
  { name: 'tmux', programs: ['tmux'], debian: 'tmux' },
  { name: 'vi', programs: ['vi'], debian: 'vim-tiny' },
  { name: 'zsh', programs: ['zsh'], debian: 'zsh' },
  { name: 'fish', programs: ['fish'], debian: 'fish' },
  { name: 'mandoc', programs: ['mandoc'], debian: 'mandoc' },
  { name: 'dash', programs: ['dash'], debian: 'dash' },
  // The compiler is needed too: Java starts a program from its source.
  { name: 'java', programs: ['java', 'javac'], debian: 'default-jdk-headless' },
  { name: 'python3', programs: ['python3', 'python3 -m ensurepip --version'], debian: 'python3-venv' },
];

/** Components that are built, by their names in `PLUMB_TEST_WITHOUT`. */
export const builtComponents: Readonly<Record<string, readonly ProgramName[]>> = {
  kubernetes: clusterNames,
  'go-readers': readerNames,
};
const allNames: readonly string[] = [
  ...components.map(({ name }) => name),
  ...Object.keys(builtComponents),
  'runtimes',
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
    without: allNames.filter((name) => without.includes(name)),
    missing: needed.filter(lacks),
    unknown: without.filter((name) => !allNames.includes(name)),
  };
}

/** The list in `PLUMB_TEST_WITHOUT`. */
export function parseWithout(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function has(program: string): boolean {
  const [file = '', ...args] = program.split(' ');
  return onPath(file) && (args.length === 0 || spawnSync(file, args, { stdio: 'ignore' }).status === 0);
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
  const onlyOf = (name: string) => components.find(({ debian }) => debian === name)?.only;
  const whole = packages.filter((name) => onlyOf(name) === undefined);
  const install = () =>
    (whole.length === 0 || run('install', '-y', '-qq', '--no-install-recommends', ...whole)) &&
    packages.every((name) => unpack(name, onlyOf(name) ?? []));
  // The package lists of the machine may be too old or not there at all.
  return install() || (run('update', '-qq') && install());
}

/** Takes files out of a package without installing it; true if all of them are there afterwards. */
function unpack(name: string, files: readonly string[]): boolean {
  if (files.length === 0) return true;
  const folder = mkdtempSync(join(tmpdir(), 'plumb-package-'));
  const run = (program: string, ...args: string[]) =>
    spawnSync(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 2] }).status === 0;
  try {
    // It fetches as a user of its own where the folder lets it.
    chmodSync(folder, 0o777);
    if (!run('apt-get', 'download', '-qq', name)) return false;
    const archive = readdirSync(folder).find((file) => file.endsWith('.deb')) ?? '';
    if (!run('dpkg-deb', '--extract', archive, 'content')) return false;
    for (const file of files) cpSync(join(folder, 'content', file), join('/usr/local/bin', basename(file)));
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The machine that this runs on. */
export const thisMachine: Machine = {
  has,
  mayInstall: process.getuid?.() === 0 && existsSync('/etc/debian_version'),
  install: aptInstall,
};

/** Builds what is needed and not there; answers what went wrong, one line each. */
export async function buildComponents(without: readonly string[]): Promise<readonly string[]> {
  const faults: string[] = [];
  const tell = (line: string): void => console.log(`components: ${line}`);
  const note = (error: unknown): void => void faults.push(error instanceof Error ? error.message : String(error));
  if (!without.includes('python3')) await buildPython(tell).catch(note);
  if (!without.includes('runtimes')) await buildRuntimes(tell).catch(note);
  for (const [name, programs] of Object.entries(builtComponents)) {
    if (without.includes(name)) continue;
    await buildPrograms(programs, tell).catch(note);
  }
  return faults;
}

const isProgram = (name: string): name is ProgramName => programNames.some((known) => known === name);

/** The command line: all programs and the Python packages, or those that are named. */
async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !isProgram(name) && !['python', 'runtimes'].includes(name));
  if (unknown.length > 0) {
    throw new Error(`${unknown.join(', ')} is not built; there are ${programNames.join(', ')}, python, runtimes`);
  }
  if (names.length === 0 || names.includes('python')) await buildPython(console.log);
  if (names.length === 0 || names.includes('runtimes')) await buildRuntimes(console.log);
  await buildPrograms(names.length === 0 ? programNames : names.filter(isProgram), console.log);
}

if (import.meta.main) {
  await main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
}
