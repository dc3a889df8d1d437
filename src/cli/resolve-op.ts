/** References of 1Password in a file: read by its own program, or named and left out. */
import { exitCodes, isFailure } from './failures.ts';
import type { Session } from './session.ts';
import { count } from './style.ts';

const reference = /^op:\/\//;

/**
 * The values, with those that are references (`op://vault/item/field`) read by `op read` where that is asked for. What
 * cannot be read is named in a warning and left out, and the command will exit with 1; what `op` says of it is shown.
 */
export async function withoutReferences(
  session: Session,
  values: ReadonlyMap<string, string>,
  by: 'op' | undefined,
): Promise<ReadonlyMap<string, string>> {
  const references = [...values].filter(([, value]) => reference.test(value));
  if (references.length === 0) return values;
  const found = new Map<string, string>();
  let isThere = by === 'op';
  for (const [name, value] of references) {
    const read = isThere ? await readReference(session, value) : { problem: 'was not read' };
    isThere &&= read.problem !== missing;
    if (read.value === undefined)
      session.note('warning', `${name} is a reference of 1Password and is left out: ${read.problem}`);
    else found.set(name, read.value);
  }
  const left = references.length - found.size;
  if (left > 0) session.exitWith(exitCodes.failed.code);
  if (by === undefined)
    session.note('hint', `plumb import --resolve op reads ${count(left, 'reference')} by the op command`);
  return new Map(
    [...values].flatMap(([name, value]) => {
      const text = reference.test(value) ? found.get(name) : value;
      return text === undefined ? [] : [[name, text] as const];
    }),
  );
}

const missing = 'there is no op command';

type Read = { readonly value: string; readonly problem?: never } | { readonly value?: never; readonly problem: string };

/** The reference is an argument of the program; no shell sees it. */
async function readReference({ io }: Session, value: string): Promise<Read> {
  const { PLUMB_TOKEN: _, ...env } = Object.fromEntries(
    Object.entries(io.env).flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const])),
  ) as Record<string, string>;
  const said: { stdout: Uint8Array[]; stderr: Uint8Array[] } = { stdout: [], stderr: [] };
  const output = {
    stdout: (chunk: Uint8Array): unknown => said.stdout.push(chunk),
    stderr: (chunk: Uint8Array): unknown => said.stderr.push(chunk),
  };
  try {
    const child = await io.spawn({ command: 'op', args: ['read', '--no-newline', value], env, output });
    const ended = await child.ended;
    if ('code' in ended && ended.code === 0) return { value: Buffer.concat(said.stdout).toString('utf8') };
    const words = Buffer.concat(said.stderr).toString('utf8').trim().split('\n')[0] ?? '';
    return { problem: words === '' ? 'op could not read it' : `op says: ${words}` };
  } catch (error) {
    if (!isFailure(error)) throw error;
    return { problem: error.code === 'not-found' ? missing : error.message };
  }
}
