/** The files of the repository as the checks of our own see them, and what a check answers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface SourceText {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** What a check is given: all of it, so that a test can hand in a small bad one. */
export type Tree = readonly SourceText[];

export interface Finding {
  readonly path: string;
  /** 1-based. */
  readonly line?: number;
  readonly message: string;
  /** A warning is shown and breaks nothing. */
  readonly level: 'warning' | 'error';
}

export type Check = (tree: Tree) => readonly Finding[];

const passedOver = new Set(['node_modules', 'dist', 'coverage', '.git', '.plumb', '.cache']);
const textual = /\.(ts|cjs|mjs|js|json|md|ya?ml|policy|env|tsv|txt|svg)$|^(plumb|LICENSE|\.ci\/run)$/;

/** Reads the working tree at `root`: everything textual that is not installed or built. */
export function readTree(root: string): Tree {
  const files: SourceText[] = [];
  const visit = (folder: string) => {
    for (const item of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? item.name : `${folder}/${item.name}`;
      if (item.isDirectory() && !passedOver.has(item.name)) visit(path);
      if (item.isFile() && textual.test(path)) files.push({ path, text: readFileSync(join(root, path), 'utf8') });
    }
  };
  visit('');
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

export const isTypeScript = (path: string): boolean => path.endsWith('.ts') && !path.endsWith('.d.ts');

/** Tests, what they import, and the tools: they may reach everywhere, and are not shipped. */
export function isTest(path: string): boolean {
  return /\.(test|long|conformance)\.ts$|\/conformance(\.ts|\/)|^src\/testing\/|^(test|bench|tools)\//.test(path);
}

const parsed = new WeakMap<SourceText, ts.SourceFile>();

/** The syntax of a file, with parents; parsed once. */
export function syntaxOf(file: SourceText): ts.SourceFile {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const syntax = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  parsed.set(file, syntax);
  return syntax;
}

/** 1-based line on which a node starts, without the comments before it. */
export function lineOf(node: ts.Node): number {
  const file = node.getSourceFile();
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

/** Calls `visit` for a node and everything in it, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}
