import type { Client, NamedPolicy, PolicyInput } from '@plumbd/client';
import { decodeText } from '#format/text';
import { argument } from '../command.ts';
import { UsageError } from '../failures.ts';
import { putFlags, putVerb, readingVerbs } from '../nouns.ts';
import { printableLines } from '../style.ts';
import { readFile } from '../values.ts';

const maxBytes = 1024 * 1024;

const texts = {
  noun: 'policy',
  placeholder: 'NAME',
  example: 'read-production',
  heading: ['NAME', 'GRAMMAR', 'RULES'],
  row: ({ name, grammar, text }: NamedPolicy) => [name, grammar, String(rulesIn(text))],
  print: (session: { print: (text: string) => void }, { text }: NamedPolicy) =>
    session.print(printableLines(text.endsWith('\n') ? text : `${text}\n`)),
};
const pick = (client: Client) => client.policies;

function rulesIn(text: string): number {
  return text.split('\n').filter((line) => !/^\s*(#|$)/.test(line)).length;
}

export const put = putVerb<NamedPolicy, PolicyInput, NonNullable<unknown>, [file: string]>(texts, {
  parameters: {
    flags: putFlags,
    positional: {
      kind: 'tuple',
      parameters: [
        argument('NAME', 'Name of the policy'),
        argument('@FILE', 'File with its rules, or - for standard input'),
      ],
    },
  },
  description: 'One rule a line, such as: allow list, read on changelog/production/**',
  examples: [{ input: 'policy put read-production @read-production.policy', brief: '' }],
  input: async (session, _, file) => {
    if (file === '-') return { text: decodeText(await session.io.stdin.read(maxBytes), 'standard input', maxBytes) };
    if (!file.startsWith('@')) throw new UsageError('the rules are given as @FILE, or - for standard input');
    return { text: decodeText(readFile(session.io, file.slice(1), maxBytes), file.slice(1), maxBytes) };
  },
  pick,
});

const { get, list, delete: remove } = readingVerbs(texts, pick);
export { get, list, remove as delete };
