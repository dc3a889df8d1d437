const prefix = 'plumb.dev/content-';
/** The part after the slash may have 63 characters, of which `content-` takes 8. */
const room = 63 - 'content-'.length;
const endsWell = /[a-z0-9]$/i;

/**
 * The annotation of a pod template that says what its pods were started for by this sync. A sync whose name is too long
 * for it, or ends as no annotation may, is known there by the beginning of its name and a hash.
 */
export function contentKey(sync: string): string {
  if (sync.length <= room && endsWell.test(sync)) return `${prefix}${sync}`;
  return `${prefix}${sync.slice(0, room - 9)}-${hashOf(sync)}`;
}

export function isContentKey(annotation: string): boolean {
  return annotation.startsWith(prefix);
}

/** FNV-1a, eight digits: it keeps names apart, and hides nothing. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
