/**
 * A session in a text file: commands, what they print, and the files they need.
 *
 * - `$ plumb …` runs the command line in this process, against a server of its own for each session.
 * - Below it stands what it prints: standard output as it is (behind `| ` where it would look like something else),
 *   standard error behind `! `, an exit code that is not 0 as `[N]`.
 * - Before `plumb`: `NAME=value` sets a variable, `tty` makes all streams a terminal, `tty:TYPED` also types at prompts, `cols:N` makes it N columns wide.
 *   `head` runs it as a process of its own whose reader goes away after the first bytes, `interrupt:TEXT` interrupts one once it has printed that.
 * - `$(NAME)` stands for the content of a file, `$(NAME:FIELD)` for a member of the JSON in it; `< NAME` and `> NAME` are as in a shell. `$ cat NAME`, `$ mode NAME`,
 *   `$ edit NAME TEXT` and `$ fill NAME BYTES` look at a file or write it.
 * - `$ stop` stops the server; `$ alter FOLDER` flips a bit in every file there.
 * - `# …` is a comment. `: dev` as the first line asks for a server with the sample project.
 * - `-- NAME --` begins a file that is there from the start.
 */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCli } from '#cli/cli';
import type { CliIo } from '#cli/io';
import type { LocalServer } from '#testing/server';
import { realIo } from '../../src/main-io.ts';

export interface Step {
  /** Comments and blank lines before the command. */
  readonly before: readonly string[];
  /** What stands behind `$ `. */
  readonly command: string;
  readonly expected: readonly string[];
}
export interface Session {
  readonly dev: boolean;
  readonly head: readonly string[];
  readonly steps: readonly Step[];
  readonly files: ReadonlyMap<string, string>;
  /** Everything from the first file on, as it stands in the session. */
  readonly tail: string;
}

export function parseSession(text: string): Session {
  const at = text.search(/^-- .+ --$/m);
  const body = (at < 0 ? text : text.slice(0, at)).replace(/\n$/, '').split('\n');
  const head = body[0]?.startsWith(': ') === true ? body.splice(0, 1) : [];
  const steps: { before: string[]; command: string; expected: string[] }[] = [];
  let before: string[] = [];
  for (const line of body) {
    const step = steps.at(-1);
    if (line.startsWith('$ ')) {
      steps.push({ before, command: line.slice(2), expected: [] });
      before = [];
    } else if (line === '' || line.startsWith('# ') || step === undefined || before.length > 0) before.push(line);
    else step.expected.push(line);
  }
  const tail = at < 0 ? '' : text.slice(at);
  return { dev: head[0] === ': dev', head, steps, files: filesOf(tail), tail };
}

function filesOf(tail: string): ReadonlyMap<string, string> {
  const parts = tail.split(/^-- (.+) --\n/m).slice(1);
  return new Map(parts.flatMap((part, index) => (index % 2 === 0 ? [[part, parts[index + 1] ?? ''] as const] : [])));
}

export function printSession({ head, steps, tail }: Session, printed: readonly (readonly string[])[]): string {
  const played = steps.flatMap(({ before, command }, index) => [...before, `$ ${command}`, ...(printed[index] ?? [])]);
  return `${[...head, ...played].join('\n')}\n${tail === '' ? '' : `\n${tail}`}`;
}

/** Runs the steps of one session in a folder of its own. */
export class Shell {
  readonly #server: LocalServer;
  readonly #folder: string;

  constructor(server: LocalServer, files: ReadonlyMap<string, string>) {
    this.#server = server;
    this.#folder = join(server.folder, 'user');
    mkdirSync(this.#folder);
    mkdirSync(join(this.#folder, '.run'), { mode: 0o700 });
    for (const [name, text] of files) this.#write(name, text);
  }

  /** The lines that a command prints. */
  async run(command: string): Promise<readonly string[]> {
    const words = splitWords(command).map((word) =>
      word.replace(/\$\(([^):]+):?([^)]*)\)/g, (_, name: string, field: string) => this.#contentOf(name, field)),
    );
    const [program = '', name = '', text = ''] = words;
    if (program === 'cat')
      return lines(existsSync(this.#path(name)) ? this.#read(name) : `${name} is not there`).map(unmistakable);
    if (program === 'mode') return [(statSync(this.#path(name)).mode & 0o777).toString(8)];
    if (program === 'edit') return this.#edit(name, `${text}\n`);
    if (program === 'stop') return this.#stopServer();
    if (program === 'alter') return this.#alter(name);
    if (program === 'fill') return this.#edit(name, 'x'.repeat(Number(text)));
    return this.#plumb(words);
  }

  /** From now on it does not answer. */
  async #stopServer(): Promise<readonly string[]> {
    await this.#server.running.stop();
    return [];
  }

  /** One bit of every file in a folder is another. */
  #alter(name: string): readonly string[] {
    for (const file of readdirSync(this.#path(name))) {
      const path = join(this.#path(name), file);
      const bytes = readFileSync(path);
      const middle = bytes.length >> 1;
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    }
    return [];
  }

  #contentOf(name: string, field: string): string {
    const text = this.#read(name).trim();
    return field === '' ? text : String((JSON.parse(text) as Record<string, unknown>)[field]);
  }

  #edit(name: string, text: string): readonly string[] {
    this.#write(name, text);
    return [];
  }

  async #plumb(words: readonly string[]): Promise<readonly string[]> {
    const at = words.indexOf('plumb');
    if (at < 0) throw new Error(`unknown command: ${words.join(' ')}`);
    const prefix = words.slice(0, at);
    const rest = words.slice(at + 1);
    const play = prefix.find((word) => /^(head|interrupt:.*)$/.test(word));
    if (play !== undefined) return this.#asProcess(rest, prefix, play);
    const input = redirected(rest, '<');
    const output = redirected(rest, '>');
    const printed: { stdout: Buffer[]; stderr: Buffer[] } = { stdout: [], stderr: [] };
    const terminal = prefix.find((word) => /^(tty|cols)(:|$)/.test(word));
    const io = this.#io({ argv: rest, prefix, printed, terminal, stdin: input === undefined ? '' : this.#read(input) });
    const code = await runCli(io);
    const [stdout, stderr] = [Buffer.concat(printed.stdout).toString(), Buffer.concat(printed.stderr).toString()];
    if (output !== undefined) this.#write(output, stdout);
    return [
      ...lines(output === undefined ? this.#steady(stdout) : '').map(unmistakable),
      ...lines(this.#steady(stderr)).map((line) => `! ${line}`.trimEnd()),
      ...(code === 0 ? [] : [`[${code}]`]),
    ];
  }

  /** What only a process of its own shows. */
  async #asProcess(argv: readonly string[], prefix: readonly string[], play: string): Promise<readonly string[]> {
    const env = { ...process.env, ...this.#variables(prefix), NODE_COMPILE_CACHE: '' };
    const main = join(import.meta.dirname, '../../src/main.ts');
    const child = spawn(process.execPath, ['--conditions=plumb-source', main, ...argv], {
      env,
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.stdout += text;
      if (play === 'head') child.stdout.destroy();
      else if (play !== 'head' && said.stdout.includes(play.slice('interrupt:'.length))) child.kill('SIGINT');
    });
    const ended = await new Promise<string>((resolve) => {
      child.once('close', (code, signal) => resolve(signal ?? String(code)));
    });
    const shown = play === 'head' ? [] : lines(said.stdout);
    return [
      ...lines(this.#steady(shown.join('\n'))).map(unmistakable),
      ...lines(this.#steady(said.stderr)).map((line) => `! ${line}`.trimEnd()),
      ...(ended === '0' ? [] : [`[${ended}]`]),
    ];
  }

  #variables(prefix: readonly string[]): Readonly<Record<string, string | undefined>> {
    const words = prefix.filter((word) => word.includes('='));
    const given = Object.fromEntries(
      words.map((word) => [word.split('=')[0] ?? '', word.slice(word.indexOf('=') + 1)]),
    );
    return {
      PATH: process.env['PATH'],
      TERM: 'dumb',
      PLUMB_ADDR: `unix:${this.#server.socket}`,
      PLUMB_TOKEN: this.#server.token,
      XDG_RUNTIME_DIR: join(this.#folder, '.run'),
      ...given,
    };
  }

  #io(given: {
    argv: readonly string[];
    prefix: readonly string[];
    printed: { stdout: Buffer[]; stderr: Buffer[] };
    terminal: string | undefined;
    stdin: string;
  }): CliIo {
    const { argv, prefix, printed, terminal, stdin } = given;
    const { become: _, ...real } = realIo(process, '0.0.0');
    const isTerminal = terminal !== undefined;
    const typed =
      prefix
        .find((word) => word.startsWith('tty:'))
        ?.split(':')
        .slice(1) ?? [];
    const cols = prefix.find((word) => word.startsWith('cols:'))?.slice('cols:'.length);
    const output = (name: 'stdout' | 'stderr') => ({
      isTerminal,
      ...(cols === undefined ? {} : { columns: Number(cols) }),
      write: (text: string | Uint8Array) => void printed[name].push(Buffer.from(text)),
    });
    return {
      ...real,
      // What is given up after a while without being ended is waited for here: a machine may be slow.
      wait: (ms, signal) => (signal === undefined ? new Promise(() => undefined) : real.wait(ms, signal)),
      argv,
      env: this.#variables(prefix),
      cwd: this.#folder,
      home: this.#folder,
      keyring: { read: async () => undefined, write: async () => false, remove: async () => undefined },
      stdin: {
        isTerminal,
        read: async () => Buffer.from(stdin),
        readHidden: async () => typed.shift() ?? '',
        readLine: async () => typed.shift() ?? '',
      },
      stdout: output('stdout'),
      stderr: output('stderr'),
      // What a child would print on our streams is caught like our own.
      spawn: (request) => {
        const caught = { stdout: output('stdout').write, stderr: output('stderr').write };
        return real.spawn(request.output === 'inherit' ? { ...request, output: caught } : request);
      },
    };
  }

  /** What is another in every run, by its name. */
  #steady(text: string): string {
    return text
      .replaceAll(this.#folder, '$HOME')
      .replaceAll(this.#server.socket, '$SOCKET')
      .replaceAll(this.#server.folder, '$SERVER')
      .replace(/\$HOME\/\.run\/plumb-\w{6}\//g, '$PRIVATE/')
      .replace(/\bplumb\.[\w-]{8}\.[\w-]{43}/g, '<token>')
      .replace(/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g, '<time>')
      .replace(/\b20\d\d-\d[\d-]*(?: [\d:]*)?…/g, '<time…>')
      .replace(/\b((?:time|created|expires|since|appliedAt): )\d{13}/g, '$1<time>')
      .replace(/\b((?:accessor|parent): )[\w-]{16}$/gm, '$1<accessor>')
      .replace(/\b\d+ (?:s|min) ago( *)/g, (_, blanks: string) => `<ago>${blanks === '' ? '' : '   '}`)
      .replace(/("(?:time|created|expires|since|appliedAt)": ?)\d{13}/g, '$1<time>')
      .replace(/(token +|accessor |"(?:accessor|parent)": "|^)[\w-]{16}(?=[",]| {2}| of|$)/gm, '$1<accessor>');
  }

  #path(name: string): string {
    return join(this.#folder, name.replace('$SERVER', '..'));
  }

  #read(name: string): string {
    return readFileSync(this.#path(name), 'utf8');
  }

  #write(name: string, text: string): void {
    mkdirSync(dirname(this.#path(name)), { recursive: true });
    writeFileSync(this.#path(name), text);
    chmodSync(this.#path(name), 0o600);
  }
}

function lines(text: string): readonly string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** A line of output that could be taken for a part of the session stands behind a bar. */
function unmistakable(line: string): string {
  return /^$|^[$#!:|] |^\[|^-- |^\|/.test(line) ? `| ${line}`.trimEnd() : line;
}

/** Takes `< NAME` or `> NAME` out of the words. */
function redirected(words: string[], sign: '<' | '>'): string | undefined {
  const at = words.indexOf(sign);
  return at < 0 ? undefined : words.splice(at, 2)[1];
}

/** Words as a shell splits them: blanks, single and double quotes. */
function splitWords(text: string): readonly string[] {
  const words = text.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}
