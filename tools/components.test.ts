import { expect, test } from 'vitest';
import { buildComponents, components, type Machine, parseWithout, prepare } from './components.ts';

const all = components.flatMap((component) => component.programs);

function machine(programs: readonly string[], mayInstall: boolean, works = true): Machine & { asked: string[] } {
  const present = new Set(programs);
  const asked: string[] = [];
  const install = (packages: readonly string[]) => {
    asked.push(...packages);
    if (works) for (const program of all) present.add(program);
    return works;
  };
  return { has: (program) => present.has(program), mayInstall, install, asked };
}
const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
const without = (program: string) => all.filter((other) => other !== program);

test('a machine that has everything is left alone', () => {
  const here = machine(all, true);
  expect(prepare(here, [])).toEqual({ without: [], missing: [], unknown: [] });
  expect(here.asked).toEqual([]);
});

test('what is missing is installed where that is allowed', () => {
  const here = machine(without('strace'), true);
  expect(prepare(here, []).missing).toEqual([]);
  expect(here.asked).toEqual(['strace']);
});

test('what is missing is named where nothing may be installed', () => {
  const here = machine(without('mkfs.ext4'), false);
  expect(names(prepare(here, []).missing)).toEqual(['ext4']);
  expect(here.asked).toEqual([]);
});

test('a Python that makes no virtual environments is not enough', () => {
  const here = machine(without('python3 -m ensurepip --version'), true);
  expect(prepare(here, []).missing).toEqual([]);
  expect(here.asked).toEqual(['python3-venv']);
});

test('an install that fails leaves it missing', () => {
  expect(names(prepare(machine(without('python3'), true, false), []).missing)).toEqual(['python3']);
});

test('a component is left out by name only', () => {
  const here = machine(without('strace'), true);
  expect(prepare(here, parseWithout(' strace ,'))).toEqual({ without: ['strace'], missing: [], unknown: [] });
  expect(here.asked).toEqual([]);
});

test('what is built is left out by name too', async () => {
  expect(prepare(machine(all, false), ['kubernetes'])).toEqual({ without: ['kubernetes'], missing: [], unknown: [] });
  expect(await buildComponents(['kubernetes', 'go-readers', 'python3'])).toEqual([]);
});

test('a name that is no component is reported', () => {
  expect(prepare(machine(all, false), parseWithout('etcdd')).unknown).toEqual(['etcdd']);
});
