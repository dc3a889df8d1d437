/**
 * Each folder here is a case of evaluation: `case.json` says what is stored, who reads and what is
 * asked; `expected.json` is the whole answer, problems included. `PLUMB_ACCEPT=1` writes the answers
 * of today as the expected ones: read the diff before you commit it.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Case } from './world.ts';
import { loadersOf } from './world.ts';
import type { Head } from '#domain/entry';
import type { Folder, Path } from '#domain/path';
import type { Evaluated } from '#eval/evaluate';
import { evaluate, evaluateFolder } from '#eval/evaluate';
import { lookUp } from '#eval/lookup';
import type { Problem } from '#eval/problem';

const root = import.meta.dirname;
const isAccepting = process.env['PLUMB_ACCEPT'] === '1';
const names = readdirSync(root, { withFileTypes: true })
  .filter((item) => item.isDirectory())
  .map((item) => item.name)
  .sort();

test('there are cases', () => {
  expect(names.length).toBeGreaterThanOrEqual(25);
});

test.each(names)('%s', (name) => {
  const input = JSON.parse(readFileSync(join(root, name, 'case.json'), 'utf8')) as Case;
  const actual = `${JSON.stringify(answersTo(input), null, 2)}\n`;
  const file = join(root, name, 'expected.json');
  if (isAccepting) writeFileSync(file, actual);
  expect([name, existsSync(file)]).toEqual([name, true]);
  expect(actual).toBe(readFileSync(file, 'utf8'));
});

function answersTo(input: Case): unknown {
  const loaders = loadersOf(input);
  const brief = input.brief === true;
  const answers: Record<string, unknown> = {};
  for (const path of input.evaluate ?? []) {
    const evaluation = evaluate(path as Path, loaders);
    answers[path] = evaluation.ok ? shownValue(evaluation.value, brief) : shownProblem(evaluation.problem, brief);
  }
  for (const folder of input.folders ?? []) {
    const { values, problems, withheld, touched } = evaluateFolder(folder as Folder, loaders);
    answers[`${folder}/`] = {
      values: list(values, brief, (value) => ({ path: value.path, ...shownValue(value, brief) })),
      problems: problems.map((problem) => ({ path: problem.path, ...shownProblem(problem, brief) })),
      withheld,
      touched: { paths: list([...touched.paths].sort(), brief), folders: [...touched.folders] },
    };
  }
  for (const path of input.lookUp ?? []) {
    const { found, steps } = lookUp(path as Path, loaders);
    const shown = steps.map((step) => `${step.path}: ${step.stored?.current.state ?? 'nothing'}`);
    answers[`look up ${path}`] = { found: found?.path ?? null, steps: shown };
  }
  return answers;
}

function shownValue(value: Evaluated<Head>, brief: boolean) {
  const origins = value.origins.map((origin) => `${origin.path}@${origin.current.version}`);
  return {
    text: brief ? cut(value.text) : value.text,
    secret: value.secret,
    ...(value.stored.path === value.path ? {} : { stored: value.stored.path }),
    origins: list(origins, brief),
  };
}

function shownProblem(problem: Problem, brief: boolean) {
  const chain = problem.chain.map((path) => path ?? null);
  const message = brief ? cut(problem.message) : problem.message;
  return { problem: { code: problem.code, message, chain: list<unknown>(chain, brief) } };
}

/** All of it, or how much it is. */
function list<T>(items: readonly T[], brief: boolean, show: (item: T) => unknown = (item) => item): unknown {
  return brief && items.length > 10 ? `${items.length} items` : items.map(show);
}

function cut(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 20)} … ${text.slice(-60)} (${Buffer.byteLength(text)} bytes)`;
}
