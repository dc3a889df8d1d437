/** One word, one meaning: names that say nothing, and words that do not belong to the project. */
import { posix } from 'node:path';
import ts from 'typescript';
import { type Finding, isTest, isTypeScript, lineOf, type SourceText, syntaxOf, type Tree, walk } from './tree.ts';

/** Alone, as the whole of a name that others see, these say nothing or mean two things. A test is seen by nobody. */
const notAlone = new Set(['data', 'info', 'core', 'base', 'common', 'key', 'source', 'v2']);
/** Nowhere, not even as a part of a name. */
const notAtAll = new Set(['manager', 'helper', 'helpers', 'util', 'utils', 'dto', 'integration', 'misc']);
/** Where a key is a cryptographic one, and nothing else is meant. */
const keysAreKeys = /^(src\/(crypto|server)\/|client\/src\/seal)/;
/** Where the words of Kubernetes stand for what they are there: `fieldManager`, the `data` of a Secret and its keys. */
const kubernetes = /(^|\/)kubernetes(\/|\.|-)/;
const kubernetesWords = new Set(['manager', 'data', 'key', 'source']);
/** The folder of leaf pieces is named so on purpose. */
const allowedFolders = new Set(['util']);

/** `sealManager`, `seal-manager` and `SEAL_MANAGER` have the same words. */
function wordsOf(name: string): readonly string[] {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z])([A-Z][a-z])/g, '$1 $2');
  return spaced
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** The word that a name must not have, or `undefined`. */
function forbidden(name: string, seenByOthers: boolean): string | undefined {
  const words = wordsOf(name);
  const [first] = words;
  if (seenByOthers && words.length === 1 && first !== undefined && notAlone.has(first)) return first;
  return words.find((word) => notAtAll.has(word));
}

/** A variable or parameter inside a function is seen by nobody else, nor is a private field. */
function isSeenByOthers(node: ts.Node): boolean {
  if (ts.isParameter(node) || ts.isBindingElement(node)) return false;
  if (ts.isPropertyDeclaration(node) && ts.isPrivateIdentifier(node.name)) return false;
  return !ts.isVariableDeclaration(node) || ts.isSourceFile(node.parent.parent.parent);
}

function judgePath(path: string): readonly Finding[] {
  const { dir, name } = posix.parse(path);
  const parts = [...dir.split('/').filter((folder) => !allowedFolders.has(folder)), name];
  return parts.flatMap((part) => {
    const word = forbidden(part.split('.')[0] ?? part, true);
    const message = `"${word}" is not a word of ours: name the file or folder by what it does`;
    return word === undefined ? [] : [{ path, message, level: 'error' as const }];
  });
}

/** The name that a node declares, if it is one of code rather than of somebody's wire. */
function declaredName(node: ts.Node): ts.Identifier | ts.PrivateIdentifier | undefined {
  const declares =
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isBindingElement(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node);
  if (!declares || node.name === undefined) return undefined;
  return ts.isIdentifier(node.name) || ts.isPrivateIdentifier(node.name) ? node.name : undefined;
}

function judgeNames(file: SourceText): readonly Finding[] {
  const findings: Finding[] = [];
  walk(syntaxOf(file), (node) => {
    const name = declaredName(node);
    if (name === undefined) return;
    const word = forbidden(name.text.replace(/^#/, ''), isSeenByOthers(node) && !isTest(file.path));
    if (word === undefined || (word === 'key' && keysAreKeys.test(file.path))) return;
    if (kubernetesWords.has(word) && kubernetes.test(file.path)) return;
    const message = `${name.text}: "${word}" is not a word of ours: say what it is`;
    findings.push({ path: file.path, line: lineOf(node), message, level: 'error' });
  });
  return findings;
}

/** What speaks of how the project is made instead of what it is; and places of somebody's machine. */
const foreign: readonly RegExp[] = [
  /\bissues? #?\d+\b/i,
  /\bTODO\b|\bFIXME\b|\bXXX\b/,
  /(?<![\w.-])\/(work|root)\//,
  /\.\.\/shared\b/,
  /\b(claude|anthropic|openai|chatgpt|copilot)\b/i,
];

function judgeText(file: SourceText): readonly Finding[] {
  return file.text.split('\n').flatMap((line, index) => {
    const found = foreign.map((pattern) => pattern.exec(line)?.[0]).find((text) => text !== undefined);
    if (found === undefined) return [];
    return [{ path: file.path, line: index + 1, message: `"${found}" does not belong here`, level: 'error' as const }];
  });
}

export function checkWords(tree: Tree): readonly Finding[] {
  // These have to say the words.
  const judged = tree.filter(
    ({ path }) => !/^tools\/(words|checks\.test)\.ts$/.test(path) && path !== 'package-lock.json',
  );
  const code = judged.filter(({ path }) => isTypeScript(path));
  return [...code.flatMap(({ path }) => judgePath(path)), ...code.flatMap(judgeNames), ...judged.flatMap(judgeText)];
}
