import type { Desired, Obstacle, Sighting, Wanted } from '../../target.ts';
import { dotenvLimits } from '#format/dotenv-grammar';

/** A file has each desired name once, as it is; `problem` says why one cannot stand in it. */
export function spread(
  desired: Desired,
  problem: (name: string, value: string) => string | undefined,
): { readonly wanted: ReadonlyMap<string, Wanted>; readonly obstacles: readonly Obstacle[] } {
  const wanted = new Map<string, Wanted>();
  const obstacles: Obstacle[] = [];
  for (const [name, { value, secret, entry = name }] of desired) {
    const text = problem(name, value);
    if (text !== undefined) obstacles.push({ group: '', message: `${name} ${text}` });
    wanted.set(name, { value, secret, entry });
  }
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
    ...(names > dotenvLimits.names ? [obstacle(`${names} names, expected at most ${dotenvLimits.names}`)] : []),
    ...(bytes > dotenvLimits.file ? [obstacle(`${bytes} bytes, expected at most ${dotenvLimits.file}`)] : []),
  ];
}
