import type { EvaluatedEntry } from '#service/services';
import { quote } from '#util/quote';

let last = { author: '', reason: '', text: '' };

/**
 * What `JSON.stringify` makes of an entry, put together by hand where it is an ordinary one: its own at its path, made
 * of nothing else, described by nobody.
 */
export function entryText(entry: EvaluatedEntry): string {
  const [origin, ...others] = entry.origin;
  if (origin?.path !== entry.path || others.length > 0 || isDescribed(entry)) return JSON.stringify(entry);
  const path = quote(entry.path);
  const { kind, type, form, version, incarnation, revision, time, secret } = entry;
  return (
    `{"path":${path},"kind":"${kind}","type":"${type}","form":"${form}","version":${version}` +
    `,"incarnation":${incarnation},"revision":${revision},"time":${time},${whyOf(entry)},"value":${quote(entry.value)}` +
    `,"secret":${secret},"origin":[{"path":${path},"version":${origin.version},"revision":${origin.revision}}]` +
    `,"etag":"${entry.etag}"}`
  );
}

function isDescribed({ owner, description, tags, expires }: EvaluatedEntry): boolean {
  return owner !== undefined || description !== undefined || tags !== undefined || expires !== undefined;
}

/** Most often they are those of the entry before. */
function whyOf({ author, reason }: EvaluatedEntry): string {
  if (last.text === '' || author !== last.author || reason !== last.reason) {
    last = { author, reason, text: `"author":${quote(author)},"reason":${quote(reason)}` };
  }
  return last.text;
}
