/**
 * The first file of the installed program: it takes the part that the command stands in. What scripts call again and
 * again runs with the code that V8 had made of it at the end of an earlier run. Node's own cache keeps what is compiled
 * while a file is loaded, but most functions are compiled when they are first called, and that is a tenth of the time
 * of such a command (docs/design/0007).
 */
import { compile, run } from './part.ts';

/** The names of the commands in hot.cjs. */
declare const hotCommands: readonly string[];
/** Of the text of hot.cjs: code that was made of another text is never taken. */
declare const hotDigest: string;

const { env, argv } = process;
const fs = process.getBuiltinModule('node:fs');

/** Where Node keeps compiled code of this version, these options and this user; `undefined`: it may not, or cannot. */
function folderOfCode(): string | undefined {
  const { enableCompileCache, getCompileCacheDir } = process.getBuiltinModule('node:module');
  const given = env['NODE_COMPILE_CACHE'];
  const own = given === undefined ? ownFolder() : undefined;
  if (own !== undefined) enableCompileCache(own);
  return own === undefined && !given ? undefined : getCompileCacheDir();
}

/**
 * In the user's own cache. Node itself runs whatever it finds there, so nobody else may be able to put anything there: in
 * the home of somebody else, as under a sudo that keeps HOME, or below the working folder nothing is kept.
 */
function ownFolder(): string | undefined {
  const { XDG_CACHE_HOME: cache = '', HOME: home = '' } = env;
  const above = cache.startsWith('/') ? [cache] : [home, `${home}/.cache`];
  if (!above.every((path) => path.startsWith('/'))) return undefined;
  const ours = `${above.at(-1)}/plumb`;
  const folder = `${ours}/compile`;
  try {
    if (!above.every((path) => isOwn(path) ?? true)) return undefined;
    if (isOwn(folder) === undefined) fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const isSafe = [...above, ours].every((path) => isOwn(path)) && isOwn(folder, 0o022);
    return isSafe === true ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is the user's, without any of these rights; `undefined`: there is nothing. */
function isOwn(path: string, without = 0): boolean | undefined {
  const found = fs.statSync(path, { throwIfNoEntry: false });
  return found && found.uid === process.getuid?.() && (found.mode & without) === 0;
}

/**
 * Whoever can write code can run what he likes with it: only a file of the user's own is read, that nobody else may
 * write. V8 looks at the head of it alone and would crash over damage behind it. It stands there twice, therefore: no
 * checksum that Node has is loaded and computed as fast as two buffers are compared. `undefined`: there is none.
 */
function readCode(path: string): Buffer | undefined {
  let file: number | undefined;
  try {
    file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    const { uid, mode } = fs.fstatSync(file);
    if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return undefined;
    const both = fs.readFileSync(file);
    const code = both.subarray(0, both.length / 2);
    return code.equals(both.subarray(code.length)) ? code : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) fs.closeSync(file);
  }
}

/** Whole or not at all. That nothing can be kept is no fault. */
function writeCode(path: string, code: Buffer): void {
  const temporary = `${path}.${process.pid}`;
  try {
    fs.writeFileSync(temporary, Buffer.concat([code, code]), { flag: 'wx', mode: 0o600, flush: true });
    fs.renameSync(temporary, path);
  } catch {
    fs.rmSync(temporary, { force: true });
  }
}

/** Code is kept for each command by itself: it has the functions that this one calls. */
function runHot(command: string, folder: string | undefined): void {
  const filename = `${__dirname}/hot.cjs`;
  const path = folder === undefined ? undefined : `${folder}/${command}-${hotDigest}`;
  const code = path === undefined ? undefined : readCode(path);
  const script = compile(fs.readFileSync(filename, 'latin1'), filename, code);
  if (path !== undefined && (code === undefined || script.cachedDataRejected === true)) {
    process.once('exit', () => writeCode(path, script.createCachedData()));
  }
  run(script, module, { require, filename, folder: __dirname });
}

const folder = folderOfCode();
if (Uint8Array.fromBase64 === undefined) module.require('./older-node.cjs');
const words = argv.slice(2);
const [command = ''] = words;
const isHot = hotCommands.includes(command) && !words.includes('--help') && !words.includes('-h');
if (isHot) runHot(command, folder);
else module.require('./main.cjs');
