/** Targets, and the syncs that are kept in them. */
import { closed, count, facts, flag, list, oneOf, open, optional, text, time, word } from './schema.ts';
import { described, name, principalName, reason } from './schema-records.ts';
import { conditionTypes, syncModes, targetWatches } from '#domain/records';

const watch = word('TargetWatch', targetWatches, 'what it follows there: single names, or namespaces; default names');
const stored = {
  context: optional(text('of the kubeconfig; default the current one')),
  namespaces: optional(list(text(), { description: 'where its rights are looked at; default that of the context' })),
  watch: optional(watch),
};
export const TargetInput = closed(
  {
    type: text('kubernetes'),
    kubeconfig: text('with everything that is needed in it; kept as a secret'),
    ...stored,
    ...described,
    reason,
  },
  'TargetInput',
);
const target = {
  name,
  type: text(),
  ...described,
  declared: oneOf(['configuration', 'api'], 'where it is declared'),
  server: optional(text()),
  ca: optional(text('PEM of the authorities that the server may be certified by')),
  serverName: optional(text('that the certificate is to carry, if another one')),
  ...stored,
  generation: optional(count('counts the changes of the target and its credential')),
  credentialVersion: optional(count('of the secret that it signs in with, which is never shown')),
};
export const TargetSummary = open(target, 'TargetSummary');
export const TargetPutResult = open({ ...target, revision: count() });
export const TargetCheckRequest = closed(
  {
    namespaces: optional(list(text(), { description: 'default those of the target' })),
    objects: optional(
      list(closed({ kind: oneOf(['Secret', 'ConfigMap']), name: text() }), {
        description: 'what is to be kept there, which may narrow the rights that are needed; default any',
      }),
    ),
    restart: optional(flag('also what it takes to restart workloads; default true')),
  },
  'TargetCheckRequest',
);
const rights = (description: string) => list(text(), { description });
export const TargetReport = open(
  {
    version: text('of the program on the other side'),
    identity: text('as whom it knows us'),
    namespaces: list(
      open({ namespace: text(), may: rights('rights that are held'), lacks: rights('rights that are missing') }),
    ),
  },
  'TargetReport',
);
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
const Activation = open(
  {
    state: oneOf(['done', 'pending', 'failed']),
    message: text('of which consumers'),
    since: time(),
  },
  'Activation',
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
    activation: optional(Activation),
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
  pause: optional(
    open(
      {
        until: optional(time('when it ends by itself, in milliseconds since the epoch')),
        reason: text(),
        by: principalName(),
      },
      'SyncPause',
    ),
  ),
  status: optional(SyncStatus),
  heldBack: optional(
    open(
      {
        from: count('the revision whose restart failed'),
        to: count('the revision whose values were put back'),
        because: text('what failed'),
      },
      'HeldBack',
    ),
  ),
};
export const SyncInput = closed(
  {
    from: text(),
    to: text('`<target>:<at>` or `<target>/<at>`'),
    runAs: text(),
    mode: optional(mode),
    options: optional(options),
    reason,
  },
  'SyncInput',
);
export const SyncView = open(sync, 'SyncView');
export const SyncPutQuery = closed({ dryRun: optional(flag('plans and writes nothing; default false')) });
export const SyncDeleteQuery = closed({
  reason,
  owned: optional(oneOf(['retain', 'delete'], 'what becomes of that which it wrote; default retain')),
});
export const SyncPauseRequest = closed(
  {
    for: optional(text('how long, such as 90s, 15m, 2h or 3d; default until it is resumed')),
    until: optional(time('instead of for: a time to come, in milliseconds since the epoch')),
    reason: text('why'),
  },
  'SyncPauseRequest',
);
export const Reasoned = closed({ reason });
export const SyncChanged = open({ ...sync, revision: count() });
const placed = {
  name: text('in the target'),
  entry: optional(text('its name in the source')),
  group: optional(text('the object that it belongs to, where a place has several')),
  secret: flag(),
  writer: optional(text('who wrote what is there, if it was not us')),
  wanted: optional(text('of config, when asked to reveal: what should be there')),
  found: optional(text('of config, when asked to reveal: what is there')),
};
export const PlanStep = open(
  { ...placed, do: oneOf(['create', 'update', 'delete', 'adopt', 'keep']), because: optional(text()) },
  'PlanStep',
);
const PlanConflict = open({ ...placed, because: text() }, 'PlanConflict');
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
  conflicts: optional(list(PlanConflict, { description: 'names that problems speak of as not ours' })),
  inAgreement: flag(),
  restarts: optional(
    list(open({ consumer: text(), names: list(text()) }, 'PlanRestart'), {
      description: 'what applying starts anew, and the changed names that it reads',
    }),
  ),
};
export const SyncPlanQuery = closed({
  reveal: optional(flag('also values of config, to who may read their entries; default false')),
});
export const Plan = open(plan, 'Plan');
export const AppliedPlan = open({ ...plan, status: SyncStatus }, 'AppliedPlan');
export const SyncPutResult = open({ ...sync, plan: optional(Plan), revision: count() }, 'SyncPutResult');
