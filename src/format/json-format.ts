/** JSON as three formats: flat, nested, and as .NET's configuration reads it. */
import { skipTrivia } from './braces.ts';
import type { Format } from './format.ts';
import { editJson, jsonTrivia, printJson } from './json-edit.ts';
import type { JsonDialect } from './json-tree.ts';
import { readJsonTree } from './json-tree.ts';
import { shown } from './reading.ts';
import type { NameRules } from './tree.ts';
import { treeFormat } from './tree-format.ts';

interface Variant {
  readonly brief: string;
  readonly what: string;
  readonly dialect: JsonDialect;
  readonly rules: NameRules;
  readonly problem?: (name: string) => string | undefined;
}

/** Nothing but blanks and, where they are allowed, comments. */
function isEmpty(text: string, comments: boolean): boolean {
  const start = text.startsWith('\uFEFF') ? 1 : 0;
  return comments ? skipTrivia(text, start, jsonTrivia) === text.length : text.trim() === '';
}

function jsonFormat({ brief, what, dialect, rules, problem }: Variant): Format {
  return treeFormat({
    brief,
    what,
    rules,
    extension: 'json',
    isEmpty: (text) => isEmpty(text, dialect.comments === true),
    read: (text, reading) => readJsonTree(text, dialect, reading),
    print: (branch) => `${printJson(branch)}\n`,
    begin: (branch) => `${printJson(branch)}\n`,
    edit: editJson,
    ...(problem === undefined ? {} : { problem }),
  });
}

/** One object whose values are strings; RFC 8259. What `JSON.parse` passes over in silence is refused with its place. */
export const json = jsonFormat({
  brief: 'one JSON object of strings',
  what: 'a flat JSON object',
  dialect: { strings: true },
  rules: {
    separator: '',
    flat: (name, found) => `the value of ${shown(name)} must be a string, found ${found}; only one level is read`,
  },
});

/** Objects in objects, names joined by a full stop. */
export const jsonNested = jsonFormat({
  brief: 'JSON objects in objects: a.b is b in a',
  what: 'a nested JSON file',
  dialect: {},
  rules: { separator: '.' },
});

/**
 * `appsettings.json` and the like, names as .NET has them in environment variables: `Logging__LogLevel__Default`. Keys
 * that differ in case only are one to .NET. https://learn.microsoft.com/dotnet/core/extensions/configuration-providers
 */
export const dotnet = jsonFormat({
  brief: '.NET configuration: a__b is b in a',
  what: 'a .NET configuration file',
  dialect: { comments: true, lists: true },
  rules: {
    separator: '__',
    part: (key) => key.replaceAll(':', '__'),
    same: (name) => name.toLowerCase(),
  },
  problem: (name) => (name.includes(':') ? 'has a colon, which separates levels in .NET' : undefined),
});
