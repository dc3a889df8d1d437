/** What `npm run build` does: what users install. One CommonJS file, since it starts far faster than modules do. */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  conditions: ['plumb-source'],
  logLevel: 'warning',
} as const;
