import type { Static, TSchema } from 'typebox/type';
import { expect, test } from 'vitest';
import type { Immutable } from './route.ts';
import type * as changes from './schema-changes.ts';
import type * as entries from './schema-entries.ts';
import type * as records from './schema-records.ts';
import type * as syncs from './schema-syncs.ts';
import type { PrincipalName } from '#domain/principal';
import type * as api from '#service/services';

/** `true` only where each type fits the other; a principal's name is text on the wire. */
type Plain<T> = T extends PrincipalName
  ? string
  : T extends readonly (infer E)[]
    ? readonly Plain<E>[]
    : T extends object
      ? {
          readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K>
            ? readonly ['optional', Plain<Exclude<T[K], undefined>>]
            : Plain<T[K]>;
        }
      : T;
type Same<A, B> = [Plain<A>] extends [Plain<B>] ? ([Plain<B>] extends [Plain<A>] ? true : false) : false;
type Wire<S extends TSchema> = Immutable<Static<S>>;
type Reasoned = { readonly reason?: string };

/** Does not compile as soon as a schema and its use-case differ, in either direction. */
const same: {
  readonly entry: Same<Wire<typeof entries.EvaluatedEntry>, api.EvaluatedEntry>;
  readonly folder: Same<Wire<typeof entries.EvaluatedFolder>, api.EvaluatedFolder>;
  readonly page: Same<Wire<typeof entries.ListPage>, api.ListPage>;
  readonly listRequest: Same<Wire<typeof entries.ListQuery>, api.ListRequest>;
  readonly history: Same<Wire<typeof entries.HistoryPage>, api.HistoryPage>;
  readonly why: Same<Wire<typeof entries.Why>, api.Why>;
  readonly diffRequest: Same<Wire<typeof entries.DiffRequest>, api.DiffRequest>;
  readonly diff: Same<Wire<typeof entries.Diff>, api.Diff>;
  readonly changeRequest: Same<Wire<typeof changes.ChangeRequest>, api.ChangeRequest>;
  readonly changeResult: Same<Wire<typeof changes.ChangeResult>, api.ChangeResult>;
  readonly watchRequest: Same<Wire<typeof changes.WatchQuery>, api.WatchRequest>;
  readonly watchEvent: Same<Wire<typeof changes.WatchEvent>, api.WatchEvent>;
  readonly project: Same<Wire<typeof records.Project.Input>, api.ProjectInput & Reasoned>;
  readonly environment: Same<Wire<typeof records.Environment.Input>, api.EnvironmentInput & Reasoned>;
  readonly policy: Same<Wire<typeof records.Policy.Input>, api.PolicyInput & Reasoned>;
  readonly principal: Same<Wire<typeof records.Principal.Input>, api.PrincipalInput & Reasoned>;
  readonly sync: Same<Wire<typeof syncs.SyncInput>, api.SyncInput & Reasoned>;
  readonly whoami: Same<Wire<typeof records.WhoAmI>, api.WhoAmI>;
  readonly tokenRequest: Same<Wire<typeof records.TokenRequest>, api.TokenRequest>;
  readonly token: Same<Wire<typeof records.TokenSummary>, api.TokenSummary>;
  readonly issued: Same<Wire<typeof records.IssuedToken>, api.IssuedToken>;
  readonly target: Same<Wire<typeof syncs.TargetSummary>, api.TargetSummary>;
  readonly targetInput: Same<Wire<typeof syncs.TargetInput>, api.TargetPutInput & Reasoned>;
  readonly targetCheck: Same<Wire<typeof syncs.TargetCheckRequest>, api.TargetCheckRequest>;
  readonly targetReport: Same<Wire<typeof syncs.TargetReport>, api.TargetReport>;
  readonly syncPause: Same<Wire<typeof syncs.SyncPauseRequest>, api.SyncPauseRequest>;
  readonly syncView: Same<Wire<typeof syncs.SyncView>, api.SyncView>;
  readonly plan: Same<Wire<typeof syncs.Plan>, api.Plan>;
  readonly verify: Same<Wire<typeof records.VerifyReport>, api.VerifyReport>;
  readonly health: Same<Wire<typeof records.Health>, api.Health>;
  /** That a difference is seen. */
  readonly missing: Same<Wire<typeof syncs.Plan>, Omit<api.Plan, 'foreign'> & { readonly foreign: number }>;
} = {
  entry: true,
  folder: true,
  page: true,
  listRequest: true,
  history: true,
  why: true,
  diffRequest: true,
  diff: true,
  changeRequest: true,
  changeResult: true,
  watchRequest: true,
  watchEvent: true,
  project: true,
  environment: true,
  policy: true,
  principal: true,
  sync: true,
  whoami: true,
  tokenRequest: true,
  token: true,
  issued: true,
  target: true,
  targetInput: true,
  targetCheck: true,
  targetReport: true,
  syncPause: true,
  syncView: true,
  plan: true,
  verify: true,
  health: true,
  missing: false,
};

test('the schemas are the types of the use-cases', () => {
  expect(Object.entries(same).filter(([, isSame]) => !isSame)).toEqual([['missing', false]]);
});
