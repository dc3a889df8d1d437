/** YAML 1.2, one document of maps in maps, names joined by a full stop. */
import type { Format } from './format.ts';
import { formatLimits } from './format.ts';
import { partsOf } from './tree.ts';
import { treeFormat } from './tree-format.ts';
import { editYaml, printYaml } from './yaml-edit.ts';
import { hasForbiddenCharacters, readYamlTrees } from './yaml-read.ts';
import { printScalar } from './yaml-scalar.ts';

/** A key on the line of its value has an end at 1,024 characters, as it is written. */
const longestKey = 1000;

export const yaml: Format = treeFormat({
  brief: 'YAML maps in maps: a.b is b in a',
  extension: 'yaml',
  what: 'a YAML file',
  rules: { separator: '.' },
  isEmpty: isBlankYaml,
  read: (text, reading) => {
    const report = (at: number, message: string): void => reading.report(at, message);
    const { documents, damaged } = readYamlTrees(text, report);
    const [first, second] = documents;
    if (second !== undefined) report(second.start, 'expected one document');
    const root = first?.root;
    return { damaged: damaged || second !== undefined, ...(root === undefined ? {} : { root }) };
  },
  print: (branch) => (branch.size === 0 ? '{}\n' : printYaml(branch)),
  begin: (branch) => printYaml(branch),
  edit: editYaml,
  problem: (name) =>
    partsOf(name, '.').some((part) => printScalar(part).length > longestKey)
      ? `has a part that is longer than ${longestKey} characters`
      : undefined,
});

/** Nothing but blanks and comments. */
export function isBlankYaml(text: string): boolean {
  if (text.length > formatLimits.file || hasForbiddenCharacters(text)) return false;
  const start = text.startsWith('\uFEFF') ? 1 : 0;
  return text
    .slice(start)
    .split('\n')
    .every((line) => /^[ \t]*(?:#.*)?\r?$/.test(line));
}
