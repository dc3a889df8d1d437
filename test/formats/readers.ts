/** Programs and packages that read the same files elsewhere. Each is started once for all files that it is to read. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseNpm } from 'dotenv';
import { programPath } from '../../tools/builds.ts';
import { pythonProgram } from '../../tools/python.ts';

/** Names and values, or `null` for a file that is refused. */
export type Outcome = Readonly<Record<string, string>> | null;

type Reader = (files: readonly string[]) => readonly Outcome[];

const folder = join(import.meta.dirname, 'readers');

/** `cwd`: a shell may write there what a file tells it to. */
function run(program: string, args: readonly string[], cwd = process.cwd()): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, maxBuffer: 1 << 28, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${error?.message ?? stderr.slice(0, 2000)}`);
  return stdout;
}

/** One line of JSON for each file. */
function lines(stdout: string): readonly Outcome[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line): Outcome => JSON.parse(line) as Outcome);
}

const go =
  (name: 'docker-env' | 'hcl'): Reader =>
  (files) =>
    lines(run(programPath(name), files));
const python =
  (kind: string): Reader =>
  (files) =>
    lines(run(pythonProgram(), [join(folder, 'read.py'), ...files.map((file) => `${kind}:${file}`)]));
const java =
  (kind: string): Reader =>
  (files) =>
    lines(run('java', [join(folder, 'Read.java'), ...files.map((file) => `${kind}:${file}`)]));

/** `dotenv` never refuses a file. */
const npm: Reader = (files) => files.map((file) => ({ ...parseNpm(readFileSync(file)) }));

/** A shell without a PATH in a folder of its own, so that a file which is more than assignments cannot do much. */
const dash: Reader = (files) => {
  const own = mkdtempSync(join(tmpdir(), 'plumb-formats-'));
  try {
    const args = [join(folder, 'read.sh'), join(own, 'complaints'), ...files];
    return shellOutcomes(run('/usr/bin/env', ['-i', 'PATH=/nonexistent', '/bin/dash', ...args], own));
  } finally {
    rmSync(own, { recursive: true });
  }
};

function shellOutcomes(stdout: string): readonly Outcome[] {
  const outcomes: Outcome[] = [];
  let present: [string, string][] = [];
  for (const word of stdout.split('\0')) {
    if (word === '=begin') present = [];
    else if (word === '=end') outcomes.push(Object.fromEntries(present));
    else if (word === '=refused') outcomes.push(null);
    else if (word !== '' && word !== 'PATH=/nonexistent' && !word.startsWith('PWD=')) {
      const equals = word.indexOf('=');
      present.push([word.slice(0, equals), word.slice(equals + 1)]);
    }
  }
  return outcomes;
}

export const readers = {
  dotenv: npm,
  docker: go('docker-env'),
  sh: dash,
  java: java('text'),
  'java-xml': java('xml'),
  configparser: python('configparser'),
  csv: python('csv'),
  hcl: go('hcl'),
  json: python('json'),
  'json-keys': python('json-keys'),
  pyyaml: python('pyyaml'),
  tomllib: python('tomllib'),
} as const satisfies Record<string, Reader>;

export type ReaderName = keyof typeof readers;
