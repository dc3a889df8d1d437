/** What the client costs a program that uses it: time to import it, beside an empty module, and bytes in a bundle. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { buildClient } from '../tools/build-client.ts';
import { type Bench, compare, formatNumber, median, type Row } from './harness.ts';

const importsInRound = 15;

/** The median time of some starts that import one module, in ms. */
function timeOf(folder: string, module: string): number {
  const times = Array.from({ length: importsInRound }, () => {
    const code = `const t = performance.now(); await import(${JSON.stringify(module)}); console.log(performance.now() - t);`;
    const args = ['--input-type=module', '-e', code];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`importing ${module} failed: ${stderr}`);
    return Number(stdout);
  });
  return median(times);
}

/** Bytes of what a program needs of it, minified and compressed, as a site would send it. */
async function sizeOf(folder: string, contents: string): Promise<{ readonly minified: number; readonly gzip: number }> {
  const stdin = { contents, resolveDir: folder };
  const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', minify: true, write: false });
  const bytes = outputFiles[0]?.contents ?? new Uint8Array();
  return { minified: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
}

async function sizeRow(folder: string, what: string, contents: string, atMost: number): Promise<Row> {
  const { minified, gzip } = await sizeOf(folder, contents);
  const ok = gzip <= atMost;
  const text = `${what}: ${formatNumber(minified)} bytes minified, ${formatNumber(gzip)} with gzip, at most ${formatNumber(atMost)}${ok ? '' : ' MISSED'}`;
  return { text, ok };
}

export const bench: Bench = {
  about: 'importing the client, beside an empty module; its size in a bundle',
  async run(print) {
    const folder = mkdtempSync(join(tmpdir(), 'plumb-bench-'));
    try {
      await buildClient(join(folder, 'client'));
      writeFileSync(join(folder, 'one.mjs'), 'export {};\n');
      // What keeps values stands beside the client and imports it.
      writeFileSync(join(folder, 'two.mjs'), "import './one.mjs';\n");
      writeFileSync(join(folder, 'client', 'package.json'), '{ "type": "module", "sideEffects": false }');
      const index = JSON.stringify('./client/index.js');
      const cache = JSON.stringify('./client/cache.js');
      print(await sizeRow(folder, 'client', `export { createClient } from ${index};`, 6000));
      const both = `export { createClient } from ${index}; export { openCache, withCache } from ${cache};`;
      print(await sizeRow(folder, 'client and cache', both, 8000));
      for (const [what, file, beside] of [
        ['import client', 'index.js', 'one.mjs'],
        ['import client and cache', 'cache.js', 'two.mjs'],
      ] as const) {
        const module = join(folder, 'client', file);
        print(
          await compare({
            what,
            unit: 'ms',
            budget: { atMost: 4 },
            yardstick: async () => ({ value: timeOf(folder, join(folder, beside)) }),
            ours: async () => ({ value: timeOf(folder, module) }),
          }),
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
