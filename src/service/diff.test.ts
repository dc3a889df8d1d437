import { beforeEach, describe, expect, test } from 'vitest';
import type { Caller, ChangeRequestOp, Diff, Side } from './services.ts';
import { allow, deny } from '#testing/plumb';
import { refusal, usePlumb } from '#testing/use-plumb';

const plumb = usePlumb();

const put = (path: string, value: string, more: object = {}): ChangeRequestOp => ({ op: 'put', path, value, ...more });
const config = (path: string, value: string) => put(path, value, { kind: 'config' });
const apply = (...ops: readonly ChangeRequestOp[]) => plumb().services.changes.apply(plumb().root, { ops });

function diff(left: string | Side, right: string | Side, caller: Caller = plumb().root): Promise<Diff> {
  const side = (given: string | Side): Side => (typeof given === 'string' ? { folder: given } : given);
  return plumb().services.entries.diff(caller, { left: side(left), right: side(right) });
}
/** One line a row: name, status, then what is shown of each side. */
const rows = ({ rows: all }: Diff) =>
  all.map(({ name, status, secret, left, right, problem }) =>
    [
      name,
      status,
      secret ? 'secret' : 'plain',
      left ?? '·',
      right ?? '·',
      ...(problem === undefined ? [] : [problem]),
    ].join(' '),
  );

beforeEach(async () => {
  const { services, root } = plumb();
  await services.projects.put(root, 'app', {}, {});
  await services.environments.put(root, 'app/base', {}, {});
  await services.environments.put(root, 'app/prod', { extends: 'base' }, {});
  await services.environments.put(root, 'app/dev', { extends: 'base' }, {});
  await apply(
    config('app/base/HOST', 'h'),
    put('app/base/PASS', 's'),
    put('app/prod/PASS', 'p'),
    config('app/prod/HOST', 'prod'),
    config('app/prod/ONLY', 'o'),
    config('app/dev/MINE', 'm'),
    config('app/base/SAME', 'x'),
    put('app/prod/db/KEY', 'k'),
    put('app/dev/db/KEY', 'k'),
  );
});

describe('a diff', () => {
  test('shows values of plain configuration, and of secrets whether they differ', async () => {
    const found = await diff('app/dev', 'app/prod');
    expect(rows(found)).toEqual([
      'HOST differs plain h prod',
      'MINE only-left plain m ·',
      'ONLY only-right plain · o',
      'PASS differs secret · ·',
      'SAME same plain x x',
      'db/KEY same secret · ·',
    ]);
    expect(found.counts).toEqual({ same: 2, differs: 2, onlyLeft: 1, onlyRight: 1, unknown: 0 });
  });

  test('of two revisions reads what was stored then', async () => {
    const { revision } = await apply(config('app/dev/MINE', 'n'));
    await apply({ op: 'delete', path: 'app/dev/MINE' }, config('app/dev/LATER', 'l'), put('app/base/PASS', 't'));
    const before = { folder: 'app/dev', revision: revision - 1 };
    expect(rows(await diff(before, { folder: 'app/dev', revision }))).toContain('MINE differs plain m n');
    expect(rows(await diff({ folder: 'app/dev', revision }, 'app/dev'))).toEqual([
      'HOST same plain h h',
      'LATER only-right plain · l',
      'MINE only-left plain n ·',
      'PASS differs secret · ·',
      'SAME same plain x x',
      'db/KEY same secret · ·',
    ]);
    await plumb().restart();
    expect(rows(await diff(before, { folder: 'app/dev', revision }))).toContain('MINE differs plain m n');
  });

  test('evaluates expressions as of the revision, through several references', async () => {
    await apply(put('app/dev/A', '${B}', { form: 'expression' }), put('app/dev/B', '${C}', { form: 'expression' }));
    const { revision } = await apply(config('app/dev/C', 'one'));
    await apply(config('app/dev/C', 'two'), put('app/dev/A', 'x'), put('app/dev/B', 'y'));
    const caller = plumb().root;
    const found = await diff({ folder: 'app/dev', revision }, { folder: 'app/dev', revision }, caller);
    expect(rows(found)).toContain('A same secret · ·');
    expect(rows(found)).toContain('C same plain one one');
  });

  test('what cannot be evaluated is unknown, and says why', async () => {
    await apply(put('app/dev/BAD', '${NONE}', { form: 'expression' }), put('app/prod/BAD', 'fine'));
    expect(rows(await diff('app/dev', 'app/prod'))).toContain(
      'BAD unknown secret · · the left cannot be evaluated: app/dev/BAD → app/dev/NONE: there is no such entry',
    );
  });

  test.each([
    [-1, /^invalid: a revision is a whole number up to the present one/],
    [1.5, /^invalid/],
    [1000, /^invalid/],
  ])('refuses the revision %d', async (revision, expected) => {
    expect(await refusal(diff({ folder: 'app/dev', revision }, 'app/prod'))).toMatch(expected);
  });
});

describe('with less than read on both sides', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'list only',
      allow('list', '**'),
      ['HOST unknown plain · · the left may not be read', 'PASS unknown secret · · the left may not be read'],
    ],
    [
      'compare only',
      allow('compare', '**'),
      ['HOST differs plain · ·', 'PASS differs secret · ·', 'db/KEY same secret · ·'],
    ],
    [
      'compare, and write of one side',
      allow('compare', '**') + allow('write', 'app/dev/**'),
      [
        'HOST differs plain · ·',
        'PASS unknown secret · · may not be compared by who may write one side and not read both',
        'db/KEY unknown secret · · may not be compared by who may write one side and not read both',
      ],
    ],
    [
      'compare, and write of what one side inherits',
      allow('compare', '**') + allow('write', 'app/base/PASS'),
      [
        'PASS unknown secret · · may not be compared by who may write one side and not read both',
        'db/KEY same secret · ·',
      ],
    ],
    [
      'read of the side that may be written, compare of the other',
      allow('read, write', 'app/dev/**') + allow('read', 'app/base/**') + allow('compare', 'app/prod/**'),
      [
        'HOST differs plain h ·',
        'PASS unknown secret · · may not be compared by who may write one side and not read both',
      ],
    ],
    [
      'read of both sides and write of one',
      allow('read', '**') + allow('write', 'app/dev/**'),
      ['HOST differs plain h prod', 'PASS differs secret · ·', 'db/KEY same secret · ·'],
    ],
    [
      'read of plain configuration only',
      allow('list', '**') + allow('read', '**', 'kind = config'),
      ['HOST differs plain h prod', 'PASS unknown secret · · the left may not be read'],
    ],
  ])('%s', async (_name, rules, expected) => {
    const caller = await plumb().callerFor(rules);
    expect(rows(await diff('app/dev', 'app/prod', caller))).toEqual(expect.arrayContaining([...expected]));
  });

  test('writing what an expression refers to counts as writing its side', async () => {
    await apply(put('app/dev/URL', '${dev:/db/KEY}', { form: 'expression' }), put('app/prod/URL', 'k'));
    const caller = await plumb().callerFor(allow('compare', '**') + allow('write', 'app/dev/db/KEY'));
    expect(rows(await diff('app/dev', 'app/prod', caller))).toContain(
      'URL unknown secret · · may not be compared by who may write one side and not read both',
    );
  });

  test('what may not be known of is not in it', async () => {
    const caller = await plumb().callerFor(allow('read', '**') + deny('list, read, compare', 'app/prod/PASS'));
    expect(rows(await diff('app/dev', 'app/prod', caller))).toContain('PASS only-left secret · ·');
    const blind = await plumb().callerFor(allow('compare', 'app/dev/**') + allow('compare', 'app/base/**'));
    expect(await refusal(diff('app/dev', 'app/prod', blind))).toBe('not-found: nothing is at app/prod');
  });

  test('comparing is limited in rate, reading is not', async () => {
    const comparer = await plumb().callerFor(allow('compare', '**'));
    const reader = await plumb().callerFor(allow('read', '**'));
    for (let i = 0; i < 20; i += 1) await diff('app/dev', 'app/prod', comparer);
    expect(await refusal(diff('app/dev', 'app/prod', comparer))).toBe(
      'rate-limited: too many comparisons by this principal',
    );
    await plumb().clock.advance(1000);
    expect(await refusal(diff('app/dev', 'app/prod', comparer))).toBe('nothing was refused');
    for (let i = 0; i < 30; i += 1) await diff('app/dev', 'app/prod', reader);
  });
});
