import { describe, expect, test } from 'vitest';
import { config, planned, playSync, secret } from '#testing/sync-views';

const play = (answers: object, ...argv: string[]) => playSync({ answers: { ...answers } }, ...argv);

describe('a plan of several objects', () => {
  test('says of each what happens to it, and names only what changes', async () => {
    const { stdout, stderr, code } = await play(planned({}), 'plan', 'changelog-prod');
    expect(stdout).toBe(`~ ConfigMap/app-config  adopt: 2 equal, 1 differs, 3 not ours (left alone)
    APP_INSTANCE   differs   not ours, written by kubectl-edit
+ Secret/app-secrets    2 names
  restarts: Deployment/app (reads 2 of these)
`);
    expect(stderr).toBe(
      'warning: ConfigMap/app-config/APP_INSTANCE is there already with another value and is not ours, written by kubectl-edit\n',
    );
    expect(code).toBe(0);
  });

  test('with --all names everything', async () => {
    const { stdout } = await play(planned({ conflicts: [], restarts: [] }), 'plan', 'changelog-prod', '--all');
    expect(stdout).toBe(`~ ConfigMap/app-config  adopt: 2 equal, 4 not ours (left alone)
    A   equal, becomes ours
    B   equal, becomes ours
+ Secret/app-secrets    2 names
    DB_PASS   is missing
    TOKEN     is missing
`);
  });

  test('shows what was revealed, and asks for it only then', async () => {
    const steps = [
      config('A', { do: 'update', because: 'changed in the source', wanted: 'new', found: 'old' }),
      config('B', { do: 'update', because: 'was not ours and is taken over', wanted: 'b\u001b[2J', found: 'c' }),
      config('C', { do: 'delete', because: 'no longer in the source' }),
      config('D', { do: 'keep', wanted: 'same', found: 'same' }),
    ];
    const answers = planned({ steps, conflicts: [], foreign: [], problems: [] });
    const { stdout, requests } = await play(answers, 'plan', 'changelog-prod', '--reveal');
    expect(requests.at(-1)?.url).toContain('?reveal=true');
    expect(
      stdout,
    ).toBe(String.raw`~ ConfigMap/app-config  adopt: 0 equal, 1 differs, 1 to change, 1 to delete, 1 in agreement
    A   differs  "old"  →  "new"   changed in the source
    B   differs  "c"  →  "b\u001b[2J"
    C   goes   no longer in the source
  restarts: Deployment/app (reads 2 of these)
`);
    expect((await play(answers, 'plan', 'changelog-prod')).requests.at(-1)?.url).not.toContain('reveal');
  });

  test('says when nothing is to be done, and that by its exit code', async () => {
    const steps = [config('A', { do: 'keep' })];
    const agrees = planned({ steps, conflicts: [], foreign: [], problems: [], restarts: [], inAgreement: true });
    expect(await play(agrees, 'plan', 'changelog-prod', '--exit-code')).toMatchObject({
      code: 0,
      stdout: 'nothing to do: 1 name in agreement\n',
    });
    expect((await play(planned({}), 'plan', 'changelog-prod', '--exit-code')).code).toBe(3);
    expect((await play(planned({}), 'diff', 'changelog-prod', '--exit-code', '--json')).code).toBe(3);
  });

  test('in several namespaces says which', async () => {
    const many = planned({ at: '*', conflicts: [], problems: [], foreign: [] });
    const { stdout } = await play(many, 'plan', 'changelog-prod');
    expect(stdout).toContain('~ changelog/ConfigMap/app-config  adopt: 2 equal\n');
    expect(stdout).toContain('restarts: changelog/Deployment/app (reads 2 of these)');
  });

  test('as a diff has what is there and what should be, and nothing else', async () => {
    const steps = [
      config('A', { do: 'update', wanted: 'new', found: 'old', writer: 'kubectl-edit' }),
      config('B', { do: 'keep' }),
      secret('TOKEN'),
      secret('OLD', { do: 'delete' }),
    ];
    const { stdout } = await play(
      planned({ steps, conflicts: [], problems: [] }),
      'diff',
      'changelog-prod',
      '--reveal',
    );
    expect(stdout).toBe(`ConfigMap/app-config
- A "old"   written by kubectl-edit
+ A "new"
Secret/app-secrets
- OLD ••••••••
+ TOKEN ••••••••
`);
  });
});
