import * as Type from 'typebox/type';
import { closed, count, flag, list, nullable, oneOf, open, optional, text, time, word } from './schema.ts';
import { changeLimits } from '#domain/change';
import { valueTypes } from '#domain/entry';

const kinds = ['secret', 'config'] as const;
export const kind = word('Kind', kinds);
const kindOf = word('Kind', kinds, 'default: that of the present entry, else of the environment, else secret');
export const valueType = word('ValueType', valueTypes);
const forms = ['literal', 'expression'] as const;
export const form = word('Form', forms);
const state = oneOf(['present', 'deleted', 'unset']);

const origin = { path: text(), version: count(), revision: count() };
export const Origin = open(origin, 'Origin');

const summary = {
  path: text(),
  inheritedFrom: optional(text('where it is stored, if inherited')),
  kind,
  type: valueType,
  form,
  version: count(),
  incarnation: count(),
  revision: count(),
  time: time(),
  author: text(),
  reason: text(),
  owner: optional(text()),
  description: optional(text()),
  tags: optional(list(text())),
  expires: optional(time('milliseconds since the epoch; only informs')),
};
export const EntrySummary = open(summary, 'EntrySummary');

export const EvaluatedEntry = open(
  {
    ...summary,
    value: text('text; base64 for bytes'),
    secret: flag('true if any part of it is secret'),
    origin: list(Origin, { description: 'what it was computed from, in order; itself first' }),
    etag: text('changes whenever any origin does; derives from versions, never from a value'),
  },
  'EvaluatedEntry',
);

export const EvaluatedFolder = open(
  { folder: text(), revision: count(), entries: list(EvaluatedEntry) },
  'EvaluatedFolder',
);

export const GetQuery = closed({
  version: optional(count('that version as stored, of the path itself', { minimum: 1 })),
  raw: optional(flag('the stored text of an expression instead of its result; default false')),
});

export const ListQuery = closed({
  folder: optional(text('default: the root')),
  recursive: optional(flag('also what is in folders below; default false')),
  limit: optional(count('default 100', { minimum: 1, maximum: 1000 })),
  cursor: optional(text('from the page before')),
});

export const ListPage = open(
  {
    entries: list(EntrySummary),
    folders: list(text(), { description: 'direct sub-folders; on the first page of a list that is not recursive' }),
    cursor: optional(text('absent on the last page')),
    revision: count(),
  },
  'ListPage',
);

export const FolderQuery = closed({ folder: text() });

export const HistoryQuery = closed({
  limit: optional(count('default 100', { minimum: 1, maximum: 1000 })),
  before: optional(count('`next` of the page before', { minimum: 1 })),
});

export const VersionSummary = open(
  {
    version: count(),
    incarnation: count(),
    state,
    kind,
    type: valueType,
    form,
    reason: text(),
    author: text(),
    time: time(),
    revision: count(),
    destroyed: flag(),
  },
  'VersionSummary',
);

export const HistoryPage = open(
  {
    path: text(),
    versions: list(VersionSummary, { description: 'newest first' }),
    next: optional(count('pass as `before` for the next page')),
  },
  'HistoryPage',
);

export const Why = open(
  {
    entry: EntrySummary,
    value: optional(text('absent when the caller may not read it or it cannot be evaluated')),
    secret: flag(),
    problem: optional(text('why there is no value')),
    expression: optional(text('the stored text, for who may read it')),
    lookup: list(open({ path: text(), found: flag(), hidden: flag() }), {
      description: 'environments looked through, nearest first',
    }),
    origin: list(
      open({ ...origin, secret: flag(), owner: optional(text()), reason: text(), author: text(), time: time() }),
    ),
    referrers: list(text(), { description: 'entries that refer to it; only those the caller may list' }),
    inheritedBy: list(text(), { description: 'environments that inherit it' }),
    deliveries: list(
      open({
        sync: text(),
        target: text(),
        at: text(),
        inSync: flag(),
        appliedRevision: optional(count()),
        appliedAt: optional(time()),
      }),
    ),
  },
  'Why',
);

export const Side = closed(
  { folder: text(), revision: optional(count('as of this revision; default the present', { minimum: 1 })) },
  'Side',
);
export const DiffRequest = closed({ left: Side, right: Side }, 'DiffRequest');
export const DiffRow = open(
  {
    name: text(),
    status: oneOf(['same', 'differs', 'only-left', 'only-right', 'unknown']),
    secret: flag(),
    left: optional(text('only of plain configuration that the caller may read')),
    right: optional(text('only of plain configuration that the caller may read')),
    problem: optional(text('why `unknown`')),
  },
  'DiffRow',
);
export const Diff = open(
  {
    left: Side,
    right: Side,
    rows: list(DiffRow),
    counts: open({ same: count(), differs: count(), onlyLeft: count(), onlyRight: count(), unknown: count() }),
  },
  'Diff',
);

// --- changes ------------------------------------------------------------------------------------

const metadata = {
  owner: optional(nullable<string>('string', 'null removes; absent leaves as it is')),
  description: optional(nullable<string>('string')),
  tags: optional(nullable<readonly string[]>('array')),
  expires: optional(nullable<number>('integer', 'milliseconds since the epoch; only informs')),
};
const written = {
  value: text('text; base64 for bytes; at most 1 MiB'),
  kind: optional(kindOf),
  type: optional(valueType),
  form: optional(word('Form', forms, 'default literal; an expression is asked for by name')),
};
const expect = optional(count('expected version of the path itself; 0: none'));

export const PutRequest = closed(
  { op: Type.Literal('put'), path: text(), ...written, ...metadata, expect },
  'PutRequest',
);
export const EndRequest = closed({ op: oneOf(['delete', 'unset']), path: text(), expect }, 'EndRequest');
export const DescribeRequest = closed({ op: Type.Literal('describe'), path: text(), ...metadata }, 'DescribeRequest');
export const DestroyRequest = closed(
  {
    op: Type.Literal('destroy'),
    path: text(),
    versions: list(count(undefined, { minimum: 1 }), { minItems: 1, maxItems: changeLimits.ops }),
  },
  'DestroyRequest',
);
export const ChangeRequestOp = Type.Union([PutRequest, EndRequest, DescribeRequest, DestroyRequest], {
  title: 'ChangeRequestOp',
});

const reason = optional(text('why; 1 to 1,000 characters; default empty'));
const force = optional(flag('go on although a reference of another entry would break; default false'));
export const ChangeRequest = closed(
  {
    reason,
    dryRun: optional(flag('says what would happen and writes nothing; default false')),
    force,
    ops: list(ChangeRequestOp, { minItems: 1, description: '1 to 10,000; a path at most once' }),
  },
  'ChangeRequest',
);

/** The body of `PUT /entries/{path}`: a change of one put. */
export const EntryInput = closed({ ...written, ...metadata, reason, force }, 'EntryInput');
export const EndQuery = closed({ reason, force });

export const ChangeResult = open(
  {
    revision: count('0 for a dry run'),
    dryRun: flag(),
    entries: list(
      open({
        path: text(),
        effect: oneOf(['create', 'update', 'delete', 'unset', 'describe', 'destroy']),
        version: count(),
        etag: text(),
      }),
    ),
    warnings: list(text()),
    syncWarnings: optional(
      list(open({ sync: text(), message: text('for people; never a value') }, 'SyncWarning'), {
        description: 'what targets will not carry; the change was made all the same',
      }),
    ),
  },
  'ChangeResult',
);

export const WatchQuery = closed({
  under: optional(text('folder or path; default everything the caller may list')),
  after: optional(count('revision to go on from; `Last-Event-ID` wins; default: the present')),
});
export const WatchEvent = Type.Union(
  [
    open({
      type: Type.Literal('change'),
      revision: count(),
      time: time(),
      author: text(),
      reason: text(),
      entries: list(open({ path: text(), effect: text(), version: count() })),
    }),
    open({ type: Type.Literal('truncated'), revision: count() }),
    open({ type: Type.Literal('bookmark'), revision: count() }),
  ],
  { title: 'WatchEvent' },
);
