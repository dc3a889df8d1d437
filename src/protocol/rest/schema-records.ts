import * as Type from 'typebox/type';
import type { TProperties } from 'typebox/type';
import { closed, count, facts, flag, list, oneOf, open, optional, text, time, word } from './schema.ts';
import { errorCodes } from '#domain/errors';
import type { ErrorCode } from '#domain/errors';
import { conditionTypes, syncModes } from '#domain/records';
import type { PrincipalName } from '#domain/principal';

const name = text();
const principalName = (description?: string) => Type.Unsafe<PrincipalName>(text(description));
const reason = optional(text('why; kept with the change'));

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

const described = { description: optional(text()) };
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

// --- targets and syncs --------------------------------------------------------------------------

export const TargetSummary = open({ name, type: text(), ...described }, 'TargetSummary');
export const Condition = open(
  {
    type: word('ConditionType', conditionTypes),
    status: oneOf(['true', 'false', 'unknown']),
    reason: text('one CamelCase word for programs'),
    message: text('for people; never a value'),
    since: time(),
  },
  'Condition',
);
export const SyncStatus = open(
  {
    generation: count(),
    conditions: list(Condition),
    appliedRevision: optional(count('the target was last in agreement with')),
    appliedAt: optional(time()),
    appliedGeneration: optional(count('of the spec that it was last in agreement with')),
    agree: count(),
    total: count(),
    note: optional(text('what was last done to the target')),
  },
  'SyncStatus',
);
const mode = word(
  'SyncMode',
  syncModes as readonly ['repair', 'report', 'once', 'paused'],
  'what happens on drift; default repair',
);
const options = facts('what only this type of target understands');
const sync = {
  name,
  from: text('the folder whose evaluated direct entries are delivered'),
  target: text(),
  at: text('where in the target, in its own terms'),
  runAs: principalName(),
  mode,
  options,
  generation: count('counts the changes of the spec'),
  status: optional(SyncStatus),
};
export const SyncInput = closed(
  {
    from: text(),
    to: text('`<target>:<at>`'),
    runAs: text(),
    mode: optional(mode),
    options: optional(options),
    reason,
  },
  'SyncInput',
);
export const SyncView = open(sync, 'SyncView');
export const SyncPutQuery = closed({ dryRun: optional(flag('plans and writes nothing; default false')) });
export const PlanStep = open(
  {
    name: text(),
    do: oneOf(['create', 'update', 'delete', 'adopt', 'keep']),
    secret: flag(),
    because: optional(text()),
  },
  'PlanStep',
);
const plan = {
  sync: text(),
  revision: count(),
  target: text(),
  at: text(),
  steps: list(PlanStep),
  foreign: list(text(), { description: 'names in the place that are not ours and stay as they are' }),
  remarks: list(text(), { description: 'what applying also puts right in the place itself, and what is odd there' }),
  held: optional(text('why the loop waits for a person, who may go on by apply')),
  problems: list(text(), { description: 'what keeps it from being applied' }),
  inAgreement: flag(),
};
export const Plan = open(plan, 'Plan');
export const AppliedPlan = open({ ...plan, status: SyncStatus }, 'AppliedPlan');
export const SyncPutResult = open({ ...sync, plan: optional(Plan), revision: count() }, 'SyncPutResult');

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
