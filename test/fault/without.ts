import { parseWithout } from '../../tools/components.ts';

const leftOut = parseWithout(process.env['PLUMB_TEST_WITHOUT']);

/** Whether one of the components was left out by name. One that is merely missing makes its tests fail. */
export function without(...components: readonly string[]): boolean {
  return components.some((name) => leftOut.includes(name));
}
