/** Proves the table of `layers.ts`: who imports whom, which package, which module of Node; and that nothing goes in circles. */
import { posix } from 'node:path';
import ts from 'typescript';
import { edges, type Layer, layers, pureModules, wrappers } from './layers.ts';
import { type Finding, isTest, isTypeScript, lineOf, type SourceText, syntaxOf, type Tree, walk } from './tree.ts';

interface Import {
  readonly from: SourceText;
  readonly line: number;
  readonly specifier: string;
  /** Erased before it runs. */
  readonly typeOnly: boolean;
  /** Path of the file it means, if it is one of ours. */
  readonly file?: string;
}

/** Name of a file in the table: its path without `src/` and the extension; all of a workspace is one place. */
function nameOf(path: string): string {
  return path.replace(/^src\//, '').replace(/\.ts$/, '');
}

const within = (name: string, place: string): boolean => name === place || name.startsWith(`${place}/`);

function layerOf(name: string): Layer | undefined {
  return layers
    .filter(({ place }) => within(name, place))
    .toSorted((a, b) => b.place.length - a.place.length)
    .at(0);
}

/** The place a file stands in: its layer's, or among siblings the child of it. */
function placeOf(name: string): string | undefined {
  const layer = layerOf(name);
  if (layer?.siblings !== true || name === layer.place) return layer?.place;
  return `${layer.place}/${name.slice(layer.place.length + 1).split('/')[0]}`;
}

function mayImport(from: string, to: string): boolean {
  const layer = layerOf(from);
  if (layer === undefined) return false;
  if (placeOf(from) === placeOf(to)) return true;
  if (layer.may.includes('*')) return !(layer.but ?? []).some((place) => within(to, place));
  return layer.may.some((place) => place === to || place === placeOf(to) || place === layerOf(to)?.place);
}

/** Where a specifier leads, for what is ours. */
function resolveOurs(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return `src/${specifier.slice(1)}.ts`;
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  if (specifier === '@plumbd/client') return 'client/src/index.ts';
  if (specifier.startsWith('@plumbd/client/')) return `client/src/${specifier.slice('@plumbd/client/'.length)}.ts`;
  return undefined;
}

function specifierOf(node: ts.Node): { readonly text: string; readonly typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const { importClause: clause, moduleSpecifier } = node;
    const named = clause?.namedBindings;
    const onlyTypes =
      named !== undefined && ts.isNamedImports(named) && named.elements.every(({ isTypeOnly }) => isTypeOnly);
    return {
      text: moduleSpecifier.text,
      typeOnly: clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || (onlyTypes && !clause?.name),
    };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
    return { text: node.moduleSpecifier.text, typeOnly: node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { text: node.argument.literal.text, typeOnly: true };
  }
  const [argument] = ts.isCallExpression(node) && loads(node.expression) ? node.arguments : [];
  return argument !== undefined && ts.isStringLiteralLike(argument)
    ? { text: argument.text, typeOnly: false }
    : undefined;
}

function loads(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(callee)) return callee.text === 'require';
  return ts.isPropertyAccessExpression(callee) && callee.name.text === 'getBuiltinModule';
}

function importsOf(from: SourceText): readonly Import[] {
  const found: Import[] = [];
  walk(syntaxOf(from), (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const { text, typeOnly } = specifier;
    const file = resolveOurs(from.path, text);
    found.push({ from, line: lineOf(node), specifier: text, typeOnly, ...(file === undefined ? {} : { file }) });
  });
  return found;
}

/** What is wrong with an import of one of our own files, or `undefined`. */
function judgeOurs({ from, specifier }: Import, file: string, paths: ReadonlySet<string>): string | undefined {
  const [here, there] = [nameOf(from.path), nameOf(file)];
  if (!paths.has(file)) return `${specifier} is not there`;
  if (isTest(file)) return `${specifier} is for tests only`;
  const crosses =
    here.split('/')[0] !== there.split('/')[0] || from.path.startsWith('client/') !== file.startsWith('client/');
  const beside = posix.dirname(from.path) === posix.dirname(file);
  if (crosses && !beside && specifier.startsWith('.')) return `${specifier} crosses folders: import it as #${there}`;
  if (!crosses && specifier.startsWith('#')) return `${specifier} stays in its folder: import it by a relative path`;
  return mayImport(here, there) ? undefined : `${placeOf(here)} may not import ${placeOf(there)} (${specifier})`;
}

function judgePackage({ from, specifier, typeOnly }: Import): string | undefined {
  const here = nameOf(from.path);
  const allowedIn = (places: readonly string[]) => places.some((place) => place === '*' || within(here, place));
  if (specifier.startsWith('node:')) {
    if (typeOnly || allowedIn(edges)) return undefined;
    if (within(here, 'domain') || within(here, 'client'))
      return `${placeOf(here)} imports no module of Node (${specifier})`;
    const places = pureModules[specifier];
    if (places === undefined) return `${specifier} touches the world: only edges import it`;
    return allowedIn(places) ? undefined : `${specifier} is for ${places.join(', ')} only`;
  }
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const places = wrappers[name];
  if (places === undefined) return `${name} is in no row of the table of packages`;
  return allowedIn(places) ? undefined : `${name} is wrapped by ${places.join(', ')}: import that`;
}

function judge(item: Import, paths: ReadonlySet<string>): string | undefined {
  return item.file === undefined ? judgePackage(item) : judgeOurs(item, item.file, paths);
}

/** The import table and the packages; tests may import anything. */
export function checkImports(tree: Tree): readonly Finding[] {
  const sources = tree.filter(({ path }) => isTypeScript(path) && /^(src|client)\//.test(path) && !isTest(path));
  const paths = new Set(tree.map(({ path }) => path));
  const homeless = sources
    .filter(({ path }) => layerOf(nameOf(path)) === undefined)
    .map(({ path }): Finding => ({ path, message: 'stands in no row of the import table', level: 'error' }));
  const broken = sources.flatMap(importsOf).flatMap((item): Finding[] => {
    const message = judge(item, paths);
    return message === undefined ? [] : [{ path: item.from.path, line: item.line, message, level: 'error' }];
  });
  return [...homeless, ...broken];
}

/** Each circle once, types included: what cannot be read in order cannot be understood in order. */
export function checkCycles(tree: Tree): readonly Finding[] {
  const sources = tree.filter(({ path }) => isTypeScript(path));
  const graph = new Map(
    sources.map((file) => [file.path, importsOf(file).flatMap(({ file: to }) => (to === undefined ? [] : [to]))]),
  );
  const findings: Finding[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string) => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      findings.push({
        path,
        message: `a circle of imports: ${[...trail.slice(at), path].join(' → ')}`,
        level: 'error',
      });
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const to of graph.get(path) ?? []) visit(to);
    trail.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return findings;
}
