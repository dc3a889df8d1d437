import type { Desired, Obstacle, Sighting, Wanted } from '../../target.ts';
import type { Contents } from './contents.ts';
import { formatLimits } from '#format/format';

/** A file has each desired name once, as it is, or an obstacle says why it cannot. */
export function spread(
  desired: Desired,
  contents: Pick<Contents, 'problem' | 'together'>,
): { readonly wanted: ReadonlyMap<string, Wanted>; readonly obstacles: readonly Obstacle[] } {
  const wanted = new Map<string, Wanted>();
  const obstacles: Obstacle[] = [];
  for (const [name, { value, secret, entry = name }] of desired) {
    const text = contents.problem(name, value);
    if (text !== undefined) obstacles.push({ group: '', message: `${name} ${text}` });
    wanted.set(name, { value, secret, entry });
  }
  if (obstacles.length === 0) obstacles.push(...contents.together(wanted).map((message) => ({ group: '', message })));
  return { wanted, obstacles };
}

/** Whether what is wanted, beside what others keep there, is more than a file may hold. */
export function tooMuch(
  wanted: ReadonlyMap<string, Wanted>,
  present: ReadonlyMap<string, Sighting>,
  ours: ReadonlySet<string>,
): readonly Obstacle[] {
  let names = 0;
  let bytes = 0;
  const count = (name: string, size: number): void => {
    names += 1;
    bytes += Buffer.byteLength(name) + size + 2;
  };
  for (const [name, { value }] of wanted) count(name, Buffer.byteLength(value));
  for (const [name, sighting] of present) if (!wanted.has(name) && !ours.has(name)) count(name, sighting.bytes);
  const obstacle = (message: string): Obstacle => ({ group: '', message });
  return [
    ...(names > formatLimits.names ? [obstacle(`${names} names, expected at most ${formatLimits.names}`)] : []),
    ...(bytes > formatLimits.file ? [obstacle(`${bytes} bytes, expected at most ${formatLimits.file}`)] : []),
  ];
}
