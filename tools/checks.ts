/** Every promise of the repository that a program can keep, as one table. Each check is proved able to fail in `checks.test.ts`. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkBudgets } from './budgets.ts';
import { checkCommands } from './commands.ts';
import { checkCycles, checkImports } from './imports.ts';
import { checkLinks } from './links.ts';
import type { Finding, Tree } from './tree.ts';
import { checkWords } from './words.ts';
import { checkWorld } from './world.ts';

export interface Report {
  readonly ok: boolean;
  /** What was found, warnings included, one a line. */
  readonly lines: readonly string[];
  readonly warnings: number;
}

/** Runs on the repository at `root`. */
export type Promised = (root: string, tree: () => Tree) => Promise<Report>;

function show({ path, line, message, level }: Finding): string {
  return `${level}: ${path}${line === undefined ? '' : `:${line}`}: ${message}`;
}

function own(check: (tree: Tree) => readonly Finding[] | Promise<readonly Finding[]>): Promised {
  return async (_root, tree) => {
    const findings = await check(tree());
    const warnings = findings.filter(({ level }) => level === 'warning').length;
    return { ok: warnings === findings.length, lines: findings.map(show), warnings };
  };
}

/** A program, of a package or our own: a script is run by this Node, whatever the PATH says. */
function program(file: string, ...args: readonly string[]): Promised {
  return (root) =>
    new Promise((resolve) => {
      const script = join(root, file);
      const isScript = /\.([cm]?js|ts)$/.test(file) || readFileSync(script, 'utf8').startsWith('#!/usr/bin/env node');
      const command = isScript ? [process.execPath, '--conditions=plumb-source', script, ...args] : [script, ...args];
      const child = spawn(command[0] ?? script, command.slice(1), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      }
      child.on('error', (error) => resolve({ ok: false, lines: [error.message], warnings: 0 }));
      child.on('close', (code) => {
        const lines = code === 0 ? [] : output.split('\n').filter((line) => line.trim() !== '');
        resolve({ ok: code === 0, lines, warnings: 0 });
      });
    });
}

/** In the order in which they are shown. */
export const checks: Readonly<Record<string, Promised>> = {
  types: program('node_modules/.bin/tsc', '--noEmit', '-p', 'tsconfig.json'),
  lint: program('node_modules/.bin/oxlint', '-f', 'unix', '.'),
  format: program('node_modules/.bin/biome', 'format', '.'),
  unused: program('tools/node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints'),
  generated: program('tools/generate-api.ts', '--check'),
  imports: own(checkImports),
  cycles: own(checkCycles),
  world: own(checkWorld),
  budgets: own(checkBudgets),
  words: own(checkWords),
  links: own(checkLinks),
  commands: own((tree) => checkCommands(tree)),
};
