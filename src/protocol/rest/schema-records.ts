import * as Type from 'typebox/type';
import type { TProperties } from 'typebox/type';
import { closed, count, facts, flag, list, oneOf, open, optional, text, time, word } from './schema.ts';
import { errorCodes } from '#domain/errors';
import type { ErrorCode } from '#domain/errors';
import type { PrincipalName } from '#domain/principal';

export const name = text();
export const principalName = (description?: string) => Type.Unsafe<PrincipalName>(text(description));
export const reason = optional(text('why; kept with the change'));

/** The answer of a list of `items`. */
export const listOf = (items: Type.TSchema) => open({ items: list(items) });
export const ReasonQuery = closed({ reason });
export const Revision = open({ revision: count() }, 'Revision');
export const Nothing = closed({});

/** What a client sends to declare a record, what is answered, and what a put answers. */
function noun<I extends TProperties, R extends TProperties>(title: string, input: I, record: R) {
  return {
    Input: closed({ ...input, reason }, `${title}Input`),
    Named: open({ name, ...record }, `Named${title}`),
    Put: open({ name, ...record, revision: count() }),
  };
}

export const described = { description: optional(text()) };
export const Project = noun(
  'Project',
  { owner: optional(text()), ...described },
  { owner: optional(text()), ...described },
);
const extended = optional(text('another environment of the same project, by its segment'));
const defaultKind = word('Kind', ['secret', 'config'], 'of entries that say none');
export const Environment = noun(
  'Environment',
  {
    extends: extended,
    defaultKind: optional(defaultKind),
    ...described,
    protected: optional(flag('not offered yet: true is refused')),
  },
  { extends: extended, defaultKind, ...described },
);
const grammar = oneOf(['plumb']);
export const Policy = noun(
  'Policy',
  { grammar: optional(grammar), text: text('one rule a line') },
  { grammar, text: text() },
);
export const Principal = noun(
  'Principal',
  { policies: optional(list(text())), disabled: optional(flag()), ...described },
  { policies: list(text()), disabled: flag(), ...described },
);

// --- sessions and tokens ------------------------------------------------------------------------

export const BootstrapRequest = closed({ token: text(), name: text('of the first administrator') }, 'BootstrapRequest');
export const WhoAmI = open(
  {
    principal: principalName(),
    policies: list(text()),
    accessor: text('names the token; safe to show'),
    expires: optional(time()),
    uses: optional(count('uses left')),
  },
  'WhoAmI',
);
export const TokenRequest = closed(
  {
    principal: optional(text('default: that of the caller')),
    ttl: optional(count('seconds; default 2,592,000 (30 days)', { minimum: 1, maximum: 31_536_000 })),
    uses: optional(count('default unlimited', { minimum: 1, maximum: 1_000_000 })),
    policies: optional(list(text(), { description: 'only these policies of the principal' })),
    ...described,
  },
  'TokenRequest',
);
const token = {
  accessor: text('names the token; safe to show'),
  principal: text(),
  policies: optional(list(text())),
  created: time(),
  expires: optional(time()),
  uses: optional(count('uses left')),
  parent: optional(text('accessor of the token that made it')),
  ...described,
};
export const TokenSummary = open(token, 'TokenSummary');
export const IssuedToken = open({ ...token, token: text('the only time the token itself is seen') }, 'IssuedToken');
export const Revoked = open({ revoked: count() });

// --- system -------------------------------------------------------------------------------------

export const VerifyReport = open(
  {
    ok: flag(),
    chains: list(
      open({
        name: oneOf(['truth', 'work', 'audit']),
        ok: flag(),
        records: count(),
        anchored: count(),
        problem: optional(text()),
      }),
    ),
  },
  'VerifyReport',
);
export const Health = open(
  { live: flag(), ready: flag(), sealed: flag(), version: text(), revision: count() },
  'Health',
);

export const Diagnostic = open(
  { message: text(), subject: optional(text()), line: optional(count()), column: optional(count()) },
  'Diagnostic',
);
const code = word('ErrorCode', Object.keys(errorCodes) as ErrorCode[]);
/** RFC 9457. */
export const Problem = open(
  {
    type: text(),
    title: text(),
    status: count(),
    detail: text('what was wrong, what was expected'),
    code,
    hint: optional(text('what to do about it')),
    requestId: text(),
    diagnostics: optional(list(Diagnostic)),
    details: optional(facts('for programs')),
  },
  'Problem',
);
