/**
 * Starts the program from within one file: its parts are assets, each with the code that V8 made of it when the file
 * was built, so that nothing is compiled anew. What a part asks for by `./name.cjs` is another part; everything else
 * comes with Node.
 */
import { dirname, join } from 'node:path';
import { getAsset, getRawAsset } from 'node:sea';
import { compile, type Part, run } from './part.ts';

const folder = dirname(process.execPath);
const loaded = new Map<string, Part>();

function load(name: string): object {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const filename = join(folder, name);
  const script = compile(getAsset(name, 'utf8'), filename, Buffer.from(getRawAsset(`${name}.code`)));
  const part: Part = { exports: {} };
  loaded.set(name, part);
  run(script, part, { require: requireOf, filename, folder });
  return part.exports;
}

function requireOf(name: string): object {
  if (name.startsWith('./')) return load(name.slice(2));
  const builtIn = process.getBuiltinModule(name);
  if (builtIn === undefined) throw new Error(`${name} is no part of the program`);
  return builtIn;
}

load('main.cjs');
