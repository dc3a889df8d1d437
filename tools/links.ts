/** Every relative link in a Markdown file leads to a file of the repository, and its anchor to a heading. */
import { posix } from 'node:path';
import type { Finding, SourceText, Tree } from './tree.ts';

/** As code hosts make it: lower case, spaces to hyphens, punctuation gone. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

/** Lines outside fenced code, with their 1-based numbers. */
function proseOf(text: string): readonly (readonly [number, string])[] {
  let fenced = false;
  return text.split('\n').flatMap((line, index) => {
    const fence = line.trimStart().startsWith('```');
    if (fence) fenced = !fenced;
    return fence || fenced ? [] : [[index + 1, line] as const];
  });
}

function anchorsOf(file: SourceText): ReadonlySet<string> {
  const headings = proseOf(file.text).flatMap(([, line]) => /^#{1,6} (.+)$/.exec(line)?.[1] ?? []);
  return new Set(headings.map(anchorOf));
}

export function checkLinks(tree: Tree): readonly Finding[] {
  const files = new Map(tree.map((file) => [file.path, file]));
  const folders = new Set(tree.map(({ path }) => posix.dirname(path)));
  const judge = (from: SourceText, target: string): string | undefined => {
    const [place = '', anchor] = target.split('#');
    const path = place === '' ? from.path : posix.join(posix.dirname(from.path), place).replace(/\/$/, '');
    const file = files.get(path);
    if (file === undefined) return folders.has(path) ? undefined : `${target} leads nowhere`;
    return anchor === undefined || anchorsOf(file).has(anchor) ? undefined : `${target}: no such heading`;
  };
  return tree
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap((from) =>
      proseOf(from.text).flatMap(([line, text]) =>
        [...text.replace(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']): Finding[] => {
          if (/^[a-z]+:/.test(target)) return [];
          const message = judge(from, target);
          return message === undefined ? [] : [{ path: from.path, line, message, level: 'error' }];
        }),
      ),
    );
}
