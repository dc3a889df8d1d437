/**
 * Starts the program from within one file: its parts are assets, each with the code that V8 made of it when the file
 * was built, so that nothing is compiled anew. What a part asks for by `./name.cjs` is another part; everything else
 * comes with Node.
 */
import { Module } from 'node:module';
import { dirname, join } from 'node:path';
import { getAsset, getRawAsset } from 'node:sea';
import { Script } from 'node:vm';

interface Part {
  exports: object;
}
type Wrapped = (
  this: object,
  exports: object,
  require: (name: string) => object,
  module: Part,
  filename: string,
  dirname: string,
) => void;

const folder = dirname(process.execPath);
const loaded = new Map<string, Part>();

function load(name: string): object {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const filename = join(folder, name);
  const cachedData = Buffer.from(getRawAsset(`${name}.code`));
  const script = new Script(Module.wrap(getAsset(name, 'utf8')), { filename, cachedData });
  const part: Part = { exports: {} };
  loaded.set(name, part);
  const run = script.runInThisContext() as Wrapped;
  run.call(part.exports, part.exports, requireOf, part, filename, folder);
  return part.exports;
}

function requireOf(name: string): object {
  if (name.startsWith('./')) return load(name.slice(2));
  const builtIn = process.getBuiltinModule(name);
  if (builtIn === undefined) throw new Error(`${name} is no part of the program`);
  return builtIn;
}

load('main.cjs');
