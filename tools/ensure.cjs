'use strict';
/*
 * Installs the dependencies if they are not those of the lock file. Runs before anything is installed,
 * so it is plain CommonJS for any Node from 18 on and needs nothing. The stamp is written last: an
 * install that was cut off is done again.
 */
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { delimiter, join, resolve } = require('node:path');

const root = resolve(__dirname, '..');
const stampFile = join(root, 'node_modules', '.plumb-stamp');
const bin = join(root, 'node_modules', '.bin');

/** What is installed depends on the lock file and, through optional packages, on the platform. */
function wanted() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform}-${process.arch}\n`;
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
  if (result.status !== 0) {
    console.error('error: npm ci failed; its own message is above');
    process.exit(result.status || 1);
  }
  if (!existsSync(join(bin, 'node'))) {
    console.error(`error: no Node is packaged for ${process.platform}-${process.arch}`);
    process.exit(1);
  }
}

const stamp = wanted();
if (installed() !== stamp) {
  install();
  writeFileSync(`${stampFile}.new`, stamp);
  renameSync(`${stampFile}.new`, stampFile);
}
