'use strict';
/*
 * Installs the dependencies if they are not those of the lock file. Runs before anything is installed,
 * so it is plain CommonJS for any Node from 18 on and needs nothing. The stamp is written last: an
 * install that was cut off is done again.
 */
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { delimiter, join, resolve } = require('node:path');

const root = resolve(__dirname, '..');
const stampFile = join(root, 'node_modules', '.plumb-stamp');
const bin = join(root, 'node_modules', '.bin');
const lockFile = join(root, '.cache', 'install.pid');

/** What is installed depends on the lock file and, through optional packages, on the platform. */
function wanted() {
  const locked = readFileSync(join(root, 'package-lock.json'));
  return `${createHash('sha256').update(locked).digest('hex')} ${process.platform}-${process.arch}\n`;
}

function installed() {
  return existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : '';
}

/** npm must not run under the Node that it is about to remove, so that one is taken off the PATH. */
function install() {
  const path = (process.env.PATH || '')
    .split(delimiter)
    .filter((folder) => resolve(folder) !== bin)
    .join(delimiter);
  console.error('installing dependencies (once per change of package-lock.json) …');
  const result = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 2, 2],
  });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error('npm ci failed; its own message is above');
  if (!existsSync(join(bin, 'node'))) throw new Error(`no Node is packaged for ${process.platform}-${process.arch}`);
}

/** Whether the process that wrote the lock file has ended without taking it away. */
function isStale() {
  try {
    const pid = Number(readFileSync(lockFile, 'utf8'));
    if (pid > 0) process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** One install at a time: two terminals may start at once. Waits while another one is at it. */
function lock() {
  mkdirSync(join(root, '.cache'), { recursive: true, mode: 0o700 });
  for (;;) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isStale()) rmSync(lockFile, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

function ensure() {
  const stamp = wanted();
  if (installed() === stamp) return;
  lock();
  try {
    // Somebody else may have done it meanwhile.
    if (installed() === stamp) return;
    install();
    writeFileSync(`${stampFile}.new`, stamp);
    renameSync(`${stampFile}.new`, stampFile);
  } finally {
    rmSync(lockFile, { force: true });
  }
}

try {
  ensure();
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
