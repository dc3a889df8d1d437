/** One thing that somebody does. */
import type { World } from './world.ts';

export interface Step {
  /** How often, among all. */
  readonly weight: number;
  /** Answers what was done, in words. */
  readonly act: (world: World) => Promise<string>;
}

/** By weight. */
export function choose(world: World, steps: readonly Step[]): Step {
  let left = world.random.next() * steps.reduce((sum, { weight }) => sum + weight, 0);
  for (const step of steps) {
    left -= step.weight;
    if (left < 0) return step;
  }
  throw new Error('there are no steps');
}
