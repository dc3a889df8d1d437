/** What `npm run check` does: every check, one line each, then what was found. `--warnings` shows the warnings too; names run only those. */
import { resolve } from 'node:path';
import { checks, type Promised, type Report } from './checks.ts';
import { readTree, type Tree } from './tree.ts';

const root = resolve(import.meta.dirname, '..');
const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const showWarnings = process.argv.includes('--warnings');

const unknown = names.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(`error: no check is named ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`);
  process.exit(2);
}

let loaded: Tree | undefined;
const tree = () => (loaded ??= readTree(root));

interface Result {
  readonly name: string;
  readonly report: Report;
  readonly seconds: string;
}

async function measure(name: string, promised: Promised): Promise<Result> {
  const started = performance.now();
  const report = await promised(root, tree);
  return { name, report, seconds: ((performance.now() - started) / 1000).toFixed(1) };
}

function print({ name, report, seconds }: Result): void {
  const warnings = report.warnings === 0 ? '' : `  ${report.warnings} warnings`;
  console.log(`${report.ok ? 'ok  ' : 'FAIL'} ${name.padEnd(9)} ${seconds} s${warnings}`);
  for (const line of report.lines) {
    if (showWarnings || (!report.ok && !line.startsWith('warning:'))) console.log(`       ${line}`);
  }
}

const chosen = Object.entries(checks).filter(([name]) => names.length === 0 || names.includes(name));
// All are started before the first is waited for; programs run beside our own.
const running = chosen.map(([name, promised]) => measure(name, promised));
let failed = 0;
for (const result of running) {
  const done = await result;
  print(done);
  if (!done.report.ok) failed += 1;
}
if (failed > 0) {
  console.error(`${failed} of ${chosen.length} checks failed`);
  process.exitCode = 1;
}
