import { CORE_SCHEMA, load, YAMLException } from 'js-yaml';
import { PlumbError } from '#domain/errors';

/** A line with something else than blanks and a comment. */
const content = /^[^\S\n\r\u2028\u2029]*[^\s#]/m;

/**
 * One YAML document of the core schema, as plain objects, arrays and scalars; an empty text is `null`. Names
 * given twice and aliases are refused: nothing that a person configures needs them, and nested aliases grow
 * without bound. Throws `invalid` with one diagnostic.
 */
export function readYaml(text: string, subject: string): unknown {
  if (!content.test(text)) return null;
  try {
    return load(text, { schema: CORE_SCHEMA, maxAliases: 0, maxDepth: 20 });
  } catch (cause) {
    const mark = cause instanceof YAMLException ? cause.mark : undefined;
    const reason = cause instanceof YAMLException ? cause.reason : 'cannot be read';
    const place = mark === undefined ? {} : { line: mark.line + 1, column: mark.column + 1 };
    const diagnostics = [{ subject, ...place, message: `not valid YAML: ${reason}` }];
    throw new PlumbError('invalid', `${subject} is not valid YAML`, { diagnostics, cause });
  }
}
