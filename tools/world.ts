/** Proves that only the edges touch the world: clock, chance, process, console, network and timers are handed in. */
import ts from 'typescript';
import { edges, worldlyGlobals, worldlyMembers } from './layers.ts';
import { type Finding, isTest, isTypeScript, lineOf, type SourceText, syntaxOf, type Tree } from './tree.ts';

type Scope = ReadonlySet<string>;

/** Names that a binding declares: `x`, `{ a, b: c }`, `[d]`. */
function namesOf(name: ts.BindingName): readonly string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? namesOf(element.name) : []));
}

/** What a function or file declares itself, without the functions in it. */
function declaredIn(scope: ts.Node): Scope {
  const names = new Set<string>();
  const visit = (node: ts.Node) => {
    if (ts.isVariableDeclaration(node) || ts.isParameter(node)) for (const name of namesOf(node.name)) names.add(name);
    if (ts.isImportSpecifier(node) || ts.isNamespaceImport(node)) names.add(node.name.text);
    if (ts.isImportClause(node) && node.name !== undefined) names.add(node.name.text);
    if ((ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) && node.name !== undefined) {
      names.add(node.name.text);
    }
    if (node === scope || !ts.isFunctionLike(node)) ts.forEachChild(node, visit);
  };
  visit(scope);
  return names;
}

/** Whether an identifier is read as a value, rather than being a property's name or part of a type. */
function isRead(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isTypeNode(parent) || ts.isQualifiedName(parent) || ts.isTypeElement(parent)) return false;
  const declared = 'name' in parent && parent.name === node;
  return !declared && !ts.isImportSpecifier(parent) && !ts.isExportSpecifier(parent);
}

/** What of the world an expression touches, or `undefined`. */
function touched(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const member = `${node.expression.text}.${node.name.text}`;
    if (worldlyMembers.has(member)) return member;
    if (node.expression.text === 'globalThis' && worldlyGlobals.has(node.name.text)) return member;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments ?? []).length === 0) {
    return 'new Date()';
  }
  return ts.isIdentifier(node) && worldlyGlobals.has(node.text) && isRead(node) ? node.text : undefined;
}

function judge(file: SourceText): readonly Finding[] {
  const findings: Finding[] = [];
  const visit = (node: ts.Node, scopes: readonly Scope[]) => {
    const inner = ts.isFunctionLike(node) || ts.isSourceFile(node) ? [...scopes, declaredIn(node)] : scopes;
    const what = touched(node);
    if (what !== undefined && !inner.some((scope) => scope.has(what.split('.')[0] ?? what))) {
      const message = `${what} is the world's: only ${edges.join(', ')} touch it, everywhere else it is handed in`;
      findings.push({ path: file.path, line: lineOf(node), message, level: 'error' });
    }
    ts.forEachChild(node, (child) => visit(child, inner));
  };
  visit(syntaxOf(file), []);
  return findings;
}

export function checkWorld(tree: Tree): readonly Finding[] {
  const isEdge = (path: string) => {
    const name = path.replace(/^src\//, '').replace(/\.ts$/, '');
    return edges.some((edge) => name === edge || name.startsWith(`${edge}/`));
  };
  const judged = tree.filter(({ path }) => isTypeScript(path) && /^(src|client)\//.test(path));
  return judged.filter(({ path }) => !isTest(path) && !isEdge(path)).flatMap(judge);
}
