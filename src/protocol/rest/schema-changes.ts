/** Changes: what is written, what comes of it, and how others hear of it. */
import * as Type from 'typebox/type';
import { closed, count, flag, list, nullable, oneOf, open, optional, text, time, word } from './schema.ts';
import { forms, kinds, valueType } from './schema-entries.ts';
import { changeLimits } from '#domain/change';

const kindOf = word('Kind', kinds, 'default: that of the present entry, else of the environment, else secret');
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
