/** The program as one file: Node itself with every part of the bundle in it (https://nodejs.org/api/single-executable-applications.html). */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Module } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { build as esbuild } from 'esbuild';
import { manifest, resources } from './build.ts';
import { bundle, root } from './bundle.ts';

/** As in names of artefacts: `linux-x64`. */
export const platform = `${process.platform}-${process.arch}`;

/** Writes the program for this platform to `output`, made of the Node that runs this. Throws what Node says when it cannot. */
export async function buildSingle(output: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plumb-single-'));
  try {
    const assets: Record<string, string> = {};
    const { files } = await bundle({ output: folder, single: true });
    for (const name of files) {
      assets[name] = join(folder, name);
      assets[`${name}.code`] = compiled(join(folder, name));
    }
    for (const name of resources.flatMap(filesOf)) assets[name] = join(root, name);
    const packageFile = join(folder, 'package.json');
    writeFileSync(packageFile, JSON.stringify(manifest()));
    assets['package.json'] = packageFile;
    mkdirSync(dirname(output), { recursive: true });
    build(folder, { main: await bundleStart(folder), output, assets });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bundleStart(folder: string): Promise<string> {
  const outfile = join(folder, 'start.cjs');
  const entryPoints = [join(root, 'tools/single-start.ts')];
  await esbuild({ entryPoints, outfile, bundle: true, platform: 'node', target: 'node26', format: 'cjs' });
  return outfile;
}

function build(
  folder: string,
  what: { readonly main: string; readonly output: string; readonly assets: object },
): void {
  const configuration = {
    ...what,
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    // As the start script of a clone does it; NODE_OPTIONS of whoever starts it are not ours to obey.
    execArgv: ['--disable-sigusr1', '--min-semi-space-size=4'],
    execArgvExtension: 'none',
  };
  const file = join(folder, 'single.json');
  writeFileSync(file, JSON.stringify(configuration));
  const { status, stderr } = spawnSync(process.execPath, ['--build-sea', file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`node --build-sea failed: ${stderr}`);
}

/** What V8 makes of a part, in a file beside it. */
function compiled(path: string): string {
  const script = new Script(Module.wrap(readFileSync(path, 'utf8')), { filename: path });
  const file = `${path}.code`;
  writeFileSync(file, script.createCachedData());
  return file;
}

/** The file itself, or all that is in the folder; by their names in the clone. */
function filesOf(name: string): readonly string[] {
  if (statSync(join(root, name)).isFile()) return [name];
  return readdirSync(join(root, name)).flatMap((child) => filesOf(`${name}/${child}`));
}
