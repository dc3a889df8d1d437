/** Sizes past which nobody holds a thing in the head any more: a warning at the first figure, an error past the second. */
import ts from 'typescript';
import { type Finding, isTest, isTypeScript, lineOf, type SourceText, syntaxOf, type Tree, walk } from './tree.ts';

interface Budget {
  readonly warn: number;
  readonly fail: number;
}

export const budgets = {
  file: { warn: 250, fail: 400 },
  function: { warn: 40, fail: 80 },
  parameters: { warn: 3, fail: 4 },
  publicMethods: { warn: 12, fail: 12 },
  constructorFields: { warn: 8, fail: 8 },
  agents: { warn: 60, fail: 60 },
} as const satisfies Record<string, Budget>;

type Place = Pick<Finding, 'path' | 'line'>;

interface Measured {
  readonly size: number;
  readonly what: string;
}

/** A finding if something is larger than its budget. */
function measure(budget: Budget, { size, what }: Measured, place: Place): readonly Finding[] {
  if (size <= budget.warn) return [];
  const [level, limit] = size > budget.fail ? (['error', budget.fail] as const) : (['warning', budget.warn] as const);
  return [{ ...place, message: `${what}: ${size}, budget ${limit}`, level }];
}

function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

function isPublic(member: ts.ClassElement): boolean {
  const hidden = (ts.getCombinedModifierFlags(member) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0;
  return !hidden && member.name !== undefined && !ts.isPrivateIdentifier(member.name);
}

function isStatic(member: ts.ClassElement): boolean {
  return (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Static) !== 0;
}

function judgeClass(node: ts.ClassLikeDeclaration, path: string): readonly Finding[] {
  const name = node.name?.text ?? 'class';
  const place = { path, line: lineOf(node) };
  const methods = node.members.filter((member) => ts.isMethodDeclaration(member) && isPublic(member));
  // Fields without an initialiser are those that a constructor sets.
  const fields = node.members.filter(
    (member) => ts.isPropertyDeclaration(member) && member.initializer === undefined && !isStatic(member),
  );
  return [
    ...measure(budgets.publicMethods, { size: methods.length, what: `public methods of ${name}` }, place),
    ...measure(budgets.constructorFields, { size: fields.length, what: `constructor fields of ${name}` }, place),
  ];
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : 'function';
}

function judgeFunction(node: ts.SignatureDeclaration, file: SourceText): readonly Finding[] {
  const place = { path: file.path, line: lineOf(node) };
  const lines = 'body' in node && node.body !== undefined ? linesOf(node.getText()) : 0;
  // The body of a `describe` is a list of cases, not a thought, and a row of a table has as many columns as it needs.
  if (isTest(file.path)) return [];
  return [
    ...measure(budgets.function, { size: lines, what: `lines of ${nameOf(node)}` }, place),
    ...measure(budgets.parameters, { size: node.parameters.length, what: `parameters of ${nameOf(node)}` }, place),
  ];
}

/** Nobody reads what a program writes; its first comment says which one. */
function isGenerated({ text }: SourceText): boolean {
  return /^\/\*\*\n( \*.*\n)*? \*.* generated from /.test(text);
}

function judge(file: SourceText): readonly Finding[] {
  const size = isGenerated(file) ? 0 : linesOf(file.text);
  const findings = [...measure(budgets.file, { size, what: 'lines' }, { path: file.path })];
  walk(syntaxOf(file), (node) => {
    if (ts.isClassLike(node)) findings.push(...judgeClass(node, file.path));
    if (ts.isFunctionLike(node)) findings.push(...judgeFunction(node, file));
    if (node.kind === ts.SyntaxKind.AnyKeyword) {
      findings.push({ path: file.path, line: lineOf(node), message: 'any: budget 0', level: 'error' });
    }
  });
  return findings;
}

export function checkBudgets(tree: Tree): readonly Finding[] {
  const agents = tree.filter(({ path }) => path === 'AGENTS.md');
  return [
    ...tree.filter(({ path }) => isTypeScript(path)).flatMap(judge),
    ...agents.flatMap(({ path, text }) => measure(budgets.agents, { size: linesOf(text), what: 'lines' }, { path })),
  ];
}
