/**
 * Components that tests need and no package brings: built, unchanged, from the Go modules pinned in
 * `test/components`. What was built stands in a cache folder named after what it was built from.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { locked } from './lock.ts';

export type ProgramName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kubectl' | ReaderName;
/** Small programs of our own around the packages that read files elsewhere. */
export type ReaderName = 'docker-env' | 'hcl';

interface Build {
  /** Folder below `test/components` with go.mod and go.sum. */
  readonly module: string;
  /** What Go is to build: an unchanged program, named by a `tool` directive, or `.` for the one in the folder. */
  readonly from: string;
  readonly tags: readonly string[];
  /** Settings of the linker, given go.mod. */
  readonly variables: (goMod: string) => Readonly<Record<string, string>>;
}

/** What the programs say of themselves; go.mod has it. */
function kubernetesVersion(goMod: string): Readonly<Record<string, string>> {
  const [, version, major, minor] = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\S+)/.exec(goMod) ?? [];
  if (version === undefined || major === undefined || minor === undefined) {
    throw new Error('go.mod names no version of k8s.io/kubernetes, expected one like v1.2.3');
  }
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  const variables = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
    gitCommit: 'module',
  };
  return Object.fromEntries(
    packages.flatMap((name) => Object.entries(variables).map(([variable, value]) => [`${name}.${variable}`, value])),
  );
}

const kubernetes = (program: string): Build => ({
  module: 'kubernetes',
  from: `k8s.io/kubernetes/cmd/${program}`,
  tags: ['grpcnotrace'],
  variables: kubernetesVersion,
});

const reader = (name: ReaderName): Build => ({ module: name, from: '.', tags: [], variables: () => ({}) });

const builds: Readonly<Record<ProgramName, Build>> = {
  etcd: {
    module: 'etcd',
    from: 'go.etcd.io/etcd/server/v3',
    tags: [],
    variables: () => ({ 'go.etcd.io/etcd/api/v3/version.GitSHA': 'module' }),
  },
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  kubectl: kubernetes('kubectl'),
  'docker-env': reader('docker-env'),
  hcl: reader('hcl'),
};

export const clusterNames: readonly ProgramName[] = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl'];
export const readerNames: readonly ReaderName[] = ['docker-env', 'hcl'];
export const programNames: readonly ProgramName[] = [...clusterNames, ...readerNames];

const modules = resolve(import.meta.dirname, '../test/components');
const goEnvironment = {
  CGO_ENABLED: '0',
  GOFLAGS: '-mod=readonly -buildvcs=false -trimpath',
  GOTOOLCHAIN: 'local',
} as const;

function argumentsOf(build: Build): readonly string[] {
  const goMod = readFileSync(join(modules, build.module, 'go.mod'), 'utf8');
  const variables = Object.entries(build.variables(goMod)).map(([name, value]) => `-X ${name}=${value}`);
  const tags = build.tags.length === 0 ? [] : ['-tags', build.tags.join(',')];
  return ['build', ...tags, '-ldflags', ['-s', '-w', ...variables].join(' ')];
}

/** Of everything that decides what comes out, but for the version of Go. */
function hashOf(build: Build): string {
  const hash = createHash('sha256');
  const files = ['go.mod', 'go.sum', ...(build.from === '.' ? ['main.go'] : [])];
  for (const file of files) hash.update(readFileSync(join(modules, build.module, file)));
  hash.update(JSON.stringify([goEnvironment, argumentsOf(build), process.platform, process.arch]));
  return hash.digest('hex').slice(0, 16);
}

/** Where what was built is kept: `PLUMB_COMPONENTS`, else below the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.PLUMB_COMPONENTS ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'plumb', 'components');
}

function fileOf(name: ProgramName): string {
  return join(cacheFolder(), hashOf(builds[name]), name);
}

/** Path of a program that was built. Throws, and says how to build it, if it was not. */
export function programPath(name: ProgramName): string {
  const file = fileOf(name);
  if (existsSync(file)) return file;
  throw new Error(`${name} is not built, expected ${file}; hint: run 'node tools/components.ts ${name}'`);
}

interface Ran {
  /** `undefined`: there is no such program. */
  readonly code: number | null | undefined;
  readonly output: string;
}

function go(args: readonly string[], module: string): Promise<Ran> {
  return new Promise((settle, fail) => {
    const child = spawn('go', args, {
      cwd: join(modules, module),
      env: { ...process.env, ...goEnvironment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.on('error', (error) =>
      'code' in error && error.code === 'ENOENT' ? settle({ code: undefined, output }) : fail(error),
    );
    child.on('close', (code) => settle({ code, output }));
  });
}

/** As `go1.26.8`, in figures that can be compared. */
function figures(version: string): number {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) * 1000 + Number(minor);
}

async function requireGo(module: string): Promise<void> {
  const expected = /^go (\S+)$/m.exec(readFileSync(join(modules, module, 'go.mod'), 'utf8'))?.[1] ?? '';
  const { code, output } = await go(['env', 'GOVERSION'], module);
  const hint = `expected Go ${expected} or later on the PATH; hint: install it, or leave the tests out with PLUMB_TEST_WITHOUT=${readerNames.some((name) => name === module) ? 'go-readers' : 'kubernetes'}`;
  if (code === undefined) throw new Error(`go is missing, which builds ${module} for the tests: ${hint}`);
  if (code !== 0 || figures(output) < figures(expected)) {
    throw new Error(`go is too old to build ${module} for the tests (${output.trim()}): ${hint}`);
  }
}

/** Into a name of its own first, so that what stands under the right name is whole. */
async function buildOne(name: ProgramName, tell: (line: string) => void): Promise<void> {
  const started = performance.now();
  const file = fileOf(name);
  const build = builds[name];
  const temporary = `${file}.${process.pid}.tmp`;
  mkdirSync(resolve(file, '..'), { recursive: true, mode: 0o700 });
  tell(`building ${name} (once per change of test/components/${build.module}; minutes if Go's own cache is cold) …`);
  await requireGo(build.module);
  try {
    const { code, output } = await go([...argumentsOf(build), '-o', temporary, build.from], build.module);
    if (code !== 0) throw new Error(`go could not build ${name}: ${output.trim().split('\n').slice(-20).join('\n')}`);
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
  tell(`built ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Builds what is not built yet, one after the other: a link takes up to 3 GB. Two processes do not build twice. */
export async function buildPrograms(names: readonly ProgramName[], tell: (line: string) => void): Promise<void> {
  const absent = () => names.filter((name) => !existsSync(fileOf(name)));
  if (absent().length === 0) return;
  const onWait = () => tell('another process builds components; waiting …');
  await locked(
    join(cacheFolder(), 'lock'),
    async () => {
      for (const name of absent()) await buildOne(name, tell);
    },
    onWait,
  );
}
