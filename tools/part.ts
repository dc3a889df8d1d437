/** A part of the program, run from its text as Node runs a CommonJS file, with the code that V8 made of it before. */
import type { Script } from 'node:vm';

/** What stands in `module` of the part. */
export interface Part {
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

/** `code` is made by `createCachedData()` of the same text; other code is refused: `cachedDataRejected`. */
export function compile(text: string, filename: string, code?: Buffer): Script {
  const { Script } = process.getBuiltinModule('node:vm');
  const { wrap } = process.getBuiltinModule('node:module');
  return new Script(wrap(text), { filename, ...(code === undefined ? {} : { cachedData: code }) });
}

export function run(
  script: Script,
  part: Part,
  place: { readonly require: (name: string) => object; readonly filename: string; readonly folder: string },
): void {
  const { require, filename, folder } = place;
  (script.runInThisContext() as Wrapped).call(part.exports, part.exports, require, part, filename, folder);
}
