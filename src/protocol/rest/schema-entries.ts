import { closed, count, facts, flag, list, oneOf, open, optional, text, time, word } from './schema.ts';
import { valueTypes } from '#domain/entry';
import { errorCodes } from '#domain/errors';
import type { ErrorCode } from '#domain/errors';

export const kinds = ['secret', 'config'] as const;
export const kind = word('Kind', kinds);
export const valueType = word('ValueType', valueTypes);
export const forms = ['literal', 'expression'] as const;
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

export const ReadRequest = closed(
  {
    paths: list(text(), { minItems: 1, maxItems: 1000, uniqueItems: true, description: '1 to 1,000, each once' }),
  },
  'ReadRequest',
);
const PathProblem = open(
  {
    status: count('as a request for this path alone would be answered'),
    code: word('ErrorCode', Object.keys(errorCodes) as ErrorCode[]),
    detail: text('what was wrong, what was expected'),
    hint: optional(text('what to do about it')),
    details: optional(facts('for programs')),
  },
  'PathProblem',
);
export const ReadItem = open(
  { path: text(), entry: optional(EvaluatedEntry), problem: optional(PathProblem) },
  'ReadItem',
);
export const ReadResult = open(
  { items: list(ReadItem, { description: 'in the order asked for, each with its entry or why there is none' }) },
  'ReadResult',
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
