import { exitCodes } from '#cli/failures';
import { commandTable } from '#cli/table';
import { commandPage } from '#cli/help';
import { pageText } from '#cli/page-text';
import { commandWords } from '../../tools/manual.ts';

/** `docs/cli.md` as the program itself describes it. */
export async function commandReference(): Promise<string> {
  const codes = Object.values(exitCodes).map(({ code, means }) => `| ${code} | ${means} |`);
  const sections = await Promise.all(commandWords().map(section));
  return `# Commands

What \`plumb COMMAND --help\` and \`man\` tell about every command, without what all of them have in common. \`plumb server --help\` says how to run [a server](server.md).

- A path in full always wins. A single name is looked up in the environment: \`-e FOLDER\`, else \`PLUMB_ENV\`, else in
  the nearest \`plumb.yaml\` what \`branches\` says for the branch of git (\`plumb help paths\`), else its \`environment\`, else
  the root; \`-e /\` is the root whatever else is said. A folder is
  always given in full.
- Which server and which token is used stands under [tokens](tokens.md#where-the-command-line-looks).
- Values of secrets are masked unless \`--reveal\` is given. Where a program would take the mask for the value, there is
  an error instead.
- \`--json\` prints what the API answers, \`--format yaml\` the same as YAML; a masked value is left out, and \`masked\` is true.
  \`--format\` is how the answer looks and \`-o\` always a file, because \`export -o FILE\` is what people know from
  \`curl\` and \`openssl\`. \`export\` and \`import\` mean the format of the file.
- Results go to standard output; notes, warnings and errors to standard error. Colours are used on a terminal only,
  never with \`--no-color\` or \`NO_COLOR\`, and everywhere with \`FORCE_COLOR\`.
- On a terminal, tables are cut to its width and long output goes through a pager. In pipes nothing is cut or paged.

| exit code | means |
|---|---|
${codes.join('\n')}

${sections.join('\n')}`;
}

async function section(words: readonly string[]): Promise<string> {
  const text = pageText(await commandPage(commandTable, words), { isShort: true });
  return `## plumb ${words.join(' ')}\n\n\`\`\`text\n${text.trim()}\n\`\`\`\n`;
}
