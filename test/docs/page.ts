/**
 * A page of the documentation as something that can be run.
 *
 * - Every block of ```console or ```sh is run, in the order of the page, by one bash in a folder of its own.
 * - `$ ` begins a command; it goes on behind a `\` at the end of a line, and to the end of a here-document. In a block of
 *   ```sh without any `$ `, every line is one.
 * - What stands below is what it prints, standard error included. `…` alone on a line stands for any lines, within a
 *   line for any text; blanks count as one. Nothing below: whatever it prints.
 * - A command that is to fail shows its `error:`; every other one ends with 0.
 * - `<!-- before: COMMAND -->` is run too, and not shown to readers. `<!-- file: NAME -->` in front of a block of another
 *   kind: that is a file of this name, from then on. Everything else is for reading only.
 */

export interface Command {
  readonly line: number;
  readonly text: string;
  readonly expected: readonly string[];
}

const fence = /^( *)```(\w*)\s*$/;
const runnable: ReadonlySet<string> = new Set(['console', 'sh']);

export function commandsOf(page: string): readonly Command[] {
  const commands: Command[] = [];
  const lines = page.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const hidden = /^<!-- before: (.*) -->$/.exec(lines[at] ?? '')?.[1];
    if (hidden !== undefined) commands.push({ line: at + 1, text: hidden, expected: [] });
    const [, indent = '', language = ''] = fence.exec(lines[at] ?? '') ?? [];
    if (fence.exec(lines[at] ?? '') === null) continue;
    const end = lines.indexOf(`${indent}\`\`\``, at + 1);
    if (end < 0) throw new Error(`line ${at + 1}: the block has no end`);
    const body = lines.slice(at + 1, end).map((line) => line.slice(indent.length));
    const file = /^ *<!-- file: (\S+) -->$/.exec(lines[at - 1] ?? '')?.[1];
    if (file !== undefined)
      commands.push({
        line: at + 1,
        text: `cat > ${file} <<'END OF FILE'\n${body.join('\n')}\nEND OF FILE`,
        expected: [],
      });
    else if (runnable.has(language)) commands.push(...commandsIn(body, at + 2));
    at = end;
  }
  return commands;
}

function commandsIn(body: readonly string[], firstLine: number): readonly Command[] {
  const marked = body.some((line) => line.startsWith('$ '));
  const commands: { line: number; text: string; expected: string[] }[] = [];
  for (let at = 0; at < body.length; at += 1) {
    const line = body[at] ?? '';
    if (marked ? !line.startsWith('$ ') : line.trim() === '') {
      if (marked) commands.at(-1)?.expected.push(line);
      continue;
    }
    const end = endOf(body, at);
    const text = [marked ? line.slice(2) : line, ...body.slice(at + 1, end + 1)].join('\n');
    commands.push({ line: firstLine + at, text, expected: [] });
    at = end;
  }
  return commands;
}

/** The last line of the command that begins here. */
function endOf(body: readonly string[], at: number): number {
  let end = at;
  while (body[end]?.endsWith('\\')) end += 1;
  const word = /<<-?\s*['"]?(\w+)['"]?/.exec(body.slice(at, end + 1).join('\n'))?.[1];
  if (word === undefined) return end;
  const close = body.findIndex((line, index) => index > end && line.trim() === word);
  return close < 0 ? body.length - 1 : close;
}

/** What differs, as text; `undefined`: it is as shown. */
export function difference(expected: readonly string[], printed: string): string | undefined {
  const shown = trimmed(expected.map(normal));
  if (shown.length === 0) return undefined;
  const got = trimmed(printed.split('\n').map(normal));
  if (matches(shown, got)) return undefined;
  return `expected:\n${shown.map((line) => `  ${line}`).join('\n')}\nprinted:\n${got.map((line) => `  ${line}`).join('\n')}`;
}

function normal(line: string): string {
  return line.replaceAll(/\s+/g, ' ').trim();
}

function trimmed(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line !== '');
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => line !== '') + 1);
}

function matches([first, ...shown]: readonly string[], got: readonly string[]): boolean {
  if (first === undefined) return got.length === 0;
  if (first === '…') return got.some((_, index) => matches(shown, got.slice(index))) || matches(shown, []);
  const [line, ...rest] = got;
  return line !== undefined && pattern(first).test(line) && matches(shown, rest);
}

/** `3 s ago` is another time for every reader. */
function pattern(line: string): RegExp {
  const parts = line.split(/…|\b\d+ (?:s|min|h|ms) ago/).map((part) => part.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
