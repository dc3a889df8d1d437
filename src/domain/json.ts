/** Nesting of arrays and objects that a JSON value may have. */
export const jsonDepthLimit = 64;

/**
 * Says what is wrong with a JSON text, or `undefined`. Beyond the syntax: at most 64 levels, no name
 * twice in one object (readers disagree on which wins), no name `__proto__` (some readers let it
 * change what they build). Names are quoted, values never.
 */
export function jsonFault(text: string): string | undefined {
  if (!text.isWellFormed()) return 'it contains half of a surrogate pair';
  try {
    JSON.parse(text);
  } catch {
    return 'expected JSON';
  }
  return structureFault(text);
}

/** The names seen in each object that is open; `undefined` for an array. */
type Open = Set<string> | undefined;

/** Only for texts that `JSON.parse` accepts, so that every token is where it belongs. */
function structureFault(text: string): string | undefined {
  const open: Open[] = [];
  const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[[\]{}]/g;
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    const token = match[0];
    const character = token.charAt(0);
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined);
      if (open.length > jsonDepthLimit) return `it is nested more than ${jsonDepthLimit} levels deep`;
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (match[1] !== undefined) {
      const name = String(JSON.parse(token.slice(0, token.length - match[1].length)));
      const names = open.at(-1);
      if (name === '__proto__') return 'the name __proto__ is refused';
      if (names?.has(name) === true) return `line ${lineAt(text, match.index)} has a name that its object already has`;
      names?.add(name);
    }
  }
  return undefined;
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
