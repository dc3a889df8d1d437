import type { Why } from '@plumbd/client';
import type { EnvironmentFlags } from '../command.ts';
import { argument, defineCommand, environmentAliases, environmentFlags, switchFlag } from '../command.ts';
import type { Session } from '../session.ts';
import { mask, padded, printable, quoted, timeText } from '../style.ts';
import { wrapped } from '../width.ts';
import { parseExpression } from '#domain/reference';

interface Flags extends EnvironmentFlags {
  readonly reveal?: boolean;
}

export const command = defineCommand<Flags, [path: string]>({
  parameters: {
    flags: { ...environmentFlags, reveal: switchFlag('Show a secret') },
    aliases: environmentAliases,
    positional: { kind: 'tuple', parameters: [argument('PATH', 'Path of an entry, or a single name')] },
  },
  description:
    'What is this, who owns it, why is it this value here, who changed it and when, what needs it, where has it been delivered. Shows nothing that you may not list.',
  examples: [{ input: 'why changelog/production/DB_URL', brief: '' }],
  see: ['history', 'sync explain'],
  paged: true,
  async run(session, flags, name) {
    const path = await session.path(name, flags);
    const client = await session.connect(flags);
    const why = flags.reveal ? await client.entries.why({ path }) : masked(await client.entries.why({ path }));
    if (flags.json) session.printJson(why);
    else printWhy(session, why);
  },
});

type Shown = Why & { readonly masked?: true };

/** Without what is secret: the value, and of an expression that is a secret itself all but its references. */
function masked({ value, expression, ...rest }: Why): Shown {
  const text = expression !== undefined && rest.entry.kind === 'secret' ? withoutLiterals(expression) : expression;
  return {
    ...rest,
    ...(text === undefined ? {} : { expression: text }),
    ...(value === undefined ? {} : rest.secret ? { masked: true } : { value }),
  };
}

function withoutLiterals(expression: string): string {
  const parsed = parseExpression(expression);
  if (!parsed.ok) return mask;
  return parsed.parts.map((part) => (typeof part === 'string' ? mask : `\${${part.written}}`)).join('');
}

type Line = readonly [label: string, text: string];
const labelWidth = 14;

function printWhy(session: Session, why: Shown): void {
  const { entry } = why;
  const nature = [
    why.secret ? 'secret' : entry.kind,
    entry.type,
    entry.form === 'expression' ? 'expression' : '',
    `version ${entry.version}`,
  ];
  session.print(`${session.style.bold(printable(entry.path))}  ${nature.filter((part) => part !== '').join(', ')}\n`);
  for (const [label, text] of [...valueLines(why), ...storyLines(why), ...networkLines(why)]) {
    const lines = session.room === undefined ? [text] : wrapped(text, Math.max(24, session.room - labelWidth - 3));
    for (const [index, line] of lines.entries()) {
      const shown = session.style.dim(padded(index === 0 ? label : '', labelWidth));
      session.print(`  ${shown} ${line}`.trimEnd().concat('\n'));
    }
  }
}

function valueLines({ value, problem, expression, masked: isMasked }: Shown): readonly Line[] {
  const shown: Line =
    value === undefined && !isMasked
      ? ['no value', printable(problem ?? 'you may not read it')]
      : ['value', value === undefined ? mask : quoted(value)];
  return expression === undefined ? [shown] : [shown, ['expression', printable(expression)]];
}

function storyLines({ entry, lookup }: Why): readonly Line[] {
  const lines: Line[] = [
    ['reason', printable(entry.reason)],
    ['changed', `${timeText(entry.time)} by ${printable(entry.author)}, revision ${entry.revision}`],
    ['owner', printable(entry.owner ?? '')],
    ['description', printable(entry.description ?? '')],
    ['tags', printable((entry.tags ?? []).join(', '))],
    ['expires', entry.expires === undefined ? '' : timeText(entry.expires)],
    ['inherited from', printable(entry.inheritedFrom ?? '')],
  ];
  const looked: readonly Line[] =
    lookup.length < 2
      ? []
      : labelled(
          'looked in',
          lookup.map(({ path, found, hidden }) => `${printable(path)}  ${hidden ? 'unset' : found ? 'found' : 'none'}`),
        );
  return [...lines.filter(([, text]) => text !== ''), ...looked];
}

function networkLines({ entry, origin, referrers, inheritedBy, deliveries }: Why): readonly Line[] {
  const parts = origin.filter(({ path }) => path !== (entry.inheritedFrom ?? entry.path));
  const partText = (part: Why['origin'][number]): string => {
    const owner = part.owner === undefined ? '' : `, owner ${printable(part.owner)}`;
    const reason = part.reason === '' ? '' : `: ${printable(part.reason)}`;
    return `${printable(part.path)}  ${part.secret ? 'secret' : 'config'}, version ${part.version}, ${printable(part.author)} ${timeText(part.time)}${owner}${reason}`;
  };
  return [
    ...labelled('computed from', parts.map(partText)),
    ...labelled('needed by', referrers.map(printable)),
    ...labelled('inherited by', inheritedBy.map(printable)),
    ...labelled('delivered to', deliveries.map(deliveryText)),
  ];
}

function deliveryText({ sync, target, at, inSync, appliedRevision, appliedAt }: Why['deliveries'][number]): string {
  const when = appliedAt === undefined ? 'never yet' : `revision ${appliedRevision} at ${timeText(appliedAt)}`;
  return `${printable(`${target}:${at}`)} by sync ${printable(sync)}, ${inSync ? 'in agreement' : 'not in agreement'}, ${when}`;
}

/** The label on the first line only. */
function labelled(label: string, texts: readonly string[]): readonly Line[] {
  return texts.map((text, index) => [index === 0 ? label : '', text]);
}
