import { PlumbError } from './errors.ts';

const principalKinds = ['person', 'workload', 'ai-agent'] as const;

declare const principalName: unique symbol;
/** `<kind>/<name>`, e.g. `workload/laptop`; the principal's record stands at `identity/<kind>/<name>`. */
export type PrincipalName = string & { readonly [principalName]: true };

const pattern = new RegExp(`^(?:${principalKinds.join('|')})/[a-z0-9][a-z0-9._@-]{0,62}$`);

/** Throws `invalid` unless `text` is `<kind>/<name>` with a known kind and a name of 1–63 of `[a-z0-9._@-]`. */
export function parsePrincipalName(text: string): PrincipalName {
  if (!pattern.test(text)) {
    throw new PlumbError('invalid', 'a principal is named <kind>/<name>', {
      hint: 'kinds are person, workload and ai-agent; a name is 1 to 63 of a-z 0-9 . _ @ - and starts with a letter or digit',
    });
  }
  return text as PrincipalName;
}

/** The server itself, for changes that nobody asked for (first start, reconciler's own records). Cannot log in. */
export const serverPrincipal = 'workload/plumb-server' as PrincipalName;
