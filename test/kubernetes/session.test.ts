/** Kubernetes as a user sees it: a fresh clone, `npm start`, a cluster, and every line of the session in the documentation. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { fileThat, freshClone } from '../e2e/clone.ts';
import type { Clone, Ran } from '../e2e/clone.ts';
import { environment, secretsOf } from '../e2e/sample-counts.ts';
import { without } from '../fault/without.ts';
import { startChangelog } from './changelog.ts';
import type { ChangelogCluster } from './changelog.ts';

const create =
  'sync create changelog-prod --from changelog/production --to prod-eu/changelog --secret app-secrets --configmap app-config --run-as workload/prod-sync';
const others = { THEIRS_1: 'a', THEIRS_2: 'b', THEIRS_3: 'c' };
const differs = 'APP_INSTANCE';

describe.skipIf(without('kubernetes'))('the session', () => {
  let clone: Clone;
  let server: Awaited<ReturnType<Clone['start']>>;
  let cluster: ChangelogCluster;
  /** Of production, by the files of the sample alone. */
  let values: ReadonlyMap<string, string>;
  let secrets: readonly string[];
  let config: readonly string[];
  /** Names of config that are there already with their value. */
  let equal: readonly string[];

  /** Runs and answers both outputs; fails with everything that was said unless it ended with `code`. */
  async function ends(code: number, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    const ran = await clone.plumb(args, { env });
    expect({ args, ...ran }).toEqual({ args, ...ran, code });
    return ran;
  }
  const works = async (line: string): Promise<string> => (await ends(0, line.split(' '))).stdout;
  const status = (): Promise<string> => works('sync status changelog-prod');
  /** The status, once it says so: it is saved after the place was written. */
  const statusSays = async (pattern: RegExp): Promise<void> => {
    await expect.poll(status).toMatch(pattern);
  };

  beforeAll(async () => {
    values = await environment('production');
    const declared = await secretsOf('production');
    secrets = [...values.keys()].filter((name) => declared.has(name)).sort();
    config = [...values.keys()].filter((name) => !declared.has(name)).sort();
    equal = config.filter((name) => name !== differs).slice(0, 7);
    const there = Object.fromEntries(equal.map((name) => [name, values.get(name) ?? '']));
    cluster = await startChangelog({ ...there, [differs]: 'other', ...others });
    clone = await freshClone();
    server = await clone.start();
    await works('principal put workload/prod-sync --policy laptop-sync');
  });
  afterAll(async () => {
    await server?.stop();
    await clone?.remove();
    await cluster?.kubernetes.stop();
  });

  test('a target is added, and says which rights it has and which it lacks', async () => {
    const out = await works(`target add prod-eu --kubeconfig ${cluster.kubeconfig} --context prod-eu`);
    expect(out).toContain(`added target prod-eu\nrevision `);
    expect(out).toContain(`server    ${cluster.kubernetes.server}\n`);
    expect(out).toMatch(/^version {3}v1\.\d+\.\d+/m);
    expect(out).toMatch(/^known as {2}system:serviceaccount:changelog:plumb$/m);
    expect(out).toMatch(/^ {2}may: {4}list, watch, patch deployments\.apps$/m);
    expect(out).toMatch(/^ {2}lacks: {2}get, create, patch, delete, watch secrets$/m);
    const check = 'target check prod-eu --secret app-secrets --configmap app-config --exit-code';
    expect(await works(check)).toMatch(/^ {2}lacks: {2}nothing$/m);
    await ends(3, ['target', 'check', 'prod-eu', '--exit-code']);
    await ends(3, [...check.split(' '), '--secret', 'another']);
  });

  test('a sync is tried, then made; it meets what is not ours and writes nothing', async () => {
    expect(await works(`${create} --dry-run`)).toContain('dry run: nothing was declared');
    expect((await clone.plumb(['sync', 'get', 'changelog-prod'])).code).toBe(1);
    expect(await works(create)).toContain('created sync changelog-prod');
    await statusSays(new RegExp(`Conflict: .*${differs}.*kubectl-create`));
    const there = await cluster.read('ConfigMap');
    expect(Object.keys(there).sort()).toEqual([differs, ...equal, ...Object.keys(others)].sort());
    expect(await cluster.object('Secret')).toBeUndefined();
  });

  test('the plan says what is equal, what differs, what is not ours, and who is restarted', async () => {
    const { stdout } = await ends(3, ['sync', 'plan', 'changelog-prod', '--exit-code']);
    const missing = config.length - equal.length - 1;
    expect(stdout).toContain(
      `~ ConfigMap/app-config  adopt: ${equal.length} equal, 1 differs, ${missing} to create, ${Object.keys(others).length} not ours (left alone)\n`,
    );
    expect(stdout).toMatch(new RegExp(`^ {4}${differs} +differs +.*written by kubectl-create$`, 'm'));
    expect(stdout).toContain(`+ Secret/app-secrets    ${secrets.length} names\n`);
    expect(stdout).toMatch(/^ {2}restarts: Deployment\/app \(reads \d+ of these\)$/m);
    expect(stdout).not.toContain('bystander');
    expect(stdout).not.toContain('other');
    await ends(3, ['sync', 'status', 'changelog-prod', '--exit-code']);
    await ends(3, ['sync', 'diff', 'changelog-prod', '--exit-code']);
  });

  test('with --reveal the plan shows values of config, and none of secrets', async () => {
    const { stdout } = await ends(0, ['sync', 'plan', 'changelog-prod', '--reveal', '--all']);
    expect(stdout).toMatch(new RegExp(`^ {4}${differs} +differs {2}"other" {2}→ {2}"production"`, 'm'));
    expect(stdout).toContain(values.get('DB_HOST'));
    const password = await works('get changelog/production/DB_PASS --reveal --json');
    expect(stdout).not.toContain((JSON.parse(password) as { value: string }).value);
  });

  test('apply takes over what the plan showed, and leaves alone what is not ours', async () => {
    await ends(0, ['sync', 'apply', 'changelog-prod', '--wait']);
    const written = await cluster.read('ConfigMap');
    expect(written).toEqual({ ...Object.fromEntries(config.map((name) => [name, values.get(name)])), ...others });
    const hidden = await cluster.read('Secret');
    expect(Object.keys(hidden).sort()).toEqual(secrets);
    expect(hidden['DB_URL']).toBe(
      `postgres://${written['DB_USER']}:${hidden['DB_PASS']}@${written['DB_HOST']}/${written['DB_NAME']}`,
    );
    await ends(0, ['sync', 'plan', 'changelog-prod', '--exit-code']);
    await ends(0, ['sync', 'status', 'changelog-prod', '--exit-code']);
  });

  test('a value that is set is in the cluster, and what it is part of too', async () => {
    await ends(0, ['set', 'changelog/production/DB_HOST=db2.sample.internal', '--reason', 'new primary']);
    await cluster.until('ConfigMap', 'DB_HOST', 'db2.sample.internal');
    await expect.poll(async () => (await cluster.read('Secret'))['DB_URL']).toContain('@db2.sample.internal/');
  });

  test('a hand edit with kubectl edit is put right, and said with the field manager', async () => {
    const before = await cluster.read('Secret');
    const right = before['SIGNING_SALT'] ?? '';
    vi.stubEnv('KUBE_EDITOR', 'sed -i "s/^  SIGNING_SALT: .*/  SIGNING_SALT: b29wcw==/"');
    await cluster.kubernetes.kubectl('-n', 'changelog', 'edit', 'secret', 'app-secrets');
    vi.unstubAllEnvs();
    await cluster.until('Secret', 'SIGNING_SALT', right);
    expect(await cluster.read('Secret')).toEqual(before);
    await statusSays(/repaired 1 name written by kubectl-edit$/m);
  });

  test('the status is a table', async () => {
    const total = values.size;
    const [head, ...rows] = (await works('sync status')).trimEnd().split('\n');
    expect(head).toMatch(/^NAME +TARGET +IN AGREEMENT +REVISION +LAST CHANGE +NOTES$/);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(
      new RegExp(
        `^changelog-prod +prod-eu/changelog +yes \\(${total}/${total}\\) +\\d+ +\\d+ (?:s|min) ago +.*repaired 1 name written by kubectl-edit$`,
      ),
    );
    expect(rows[1]).toMatch(/^laptop +local:production\.env +yes/);
  });

  test('a pause leaves the place alone and says why; resuming delivers what was missed', async () => {
    const paused = await ends(0, ['sync', 'pause', 'changelog-prod', '--for', '2h', '--reason', 'incident 88']);
    expect(paused.stdout).toMatch(/^paused sync changelog-prod until /);
    await statusSays(/Paused.*incident 88/);
    await ends(0, ['set', 'changelog/production/DB_HOST=db3.sample.internal', '--reason', 'during the pause']);
    // The file of the other sync has it, so the loop has been there.
    await fileThat(join(clone.folder, '.plumb/dev/out/production.env'), (text) => text.includes('db3.sample'));
    expect((await cluster.read('ConfigMap'))['DB_HOST']).toBe('db2.sample.internal');
    const { stderr } = await ends(1, ['sync', 'apply', 'changelog-prod']);
    expect(stderr).toMatch(/^error: the sync changelog-prod is paused$/m);
    await ends(3, ['sync', 'plan', 'changelog-prod', '--exit-code']);
    await ends(0, ['sync', 'resume', 'changelog-prod']);
    await cluster.until('ConfigMap', 'DB_HOST', 'db3.sample.internal');
    await statusSays(/yes/);
    expect((await ends(1, ['sync', 'resume', 'changelog-prod'])).stderr).toContain('is not paused');
  });

  test('a second sync on the same names is refused, naming the first, and changes nothing', async () => {
    const before = await cluster.object('Secret');
    const second = create.replace('changelog-prod', 'second').replace(' --configmap app-config', '');
    await works(second);
    const { stderr, stdout } = await ends(1, ['sync', 'apply', 'second']);
    expect(`${stdout}${stderr}`).toContain('changelog-prod');
    await ends(3, ['sync', 'status', 'second', '--exit-code']);
    await ends(0, ['sync', 'delete', 'second']);
    expect((await cluster.object('Secret'))?.data).toEqual(before?.data);
    await statusSays(/yes/);
  });

  describe('as a person with a narrow policy', () => {
    const env: { PLUMB_TOKEN?: string } = {};
    const known = ['DB_HOST', 'DB_NAME'];
    const policy = [
      'allow list on sys/syncs/**',
      'allow sync on sys/syncs/**',
      ...known.map((name) => `allow list on changelog/production/${name}`),
      'allow read on changelog/production/DB_HOST',
    ].join('\n');
    /** What the policy does not let be known of. */
    let hidden: readonly string[];

    const token = async (name: string): Promise<NodeJS.ProcessEnv> => {
      const issued = await works(`token create --principal person/${name} --ttl 1h --json`);
      return { PLUMB_TOKEN: (JSON.parse(issued) as { token: string }).token };
    };
    const namesNothing = ({ stdout, stderr }: Ran, names = hidden): void => {
      const named = names.filter((name) => new RegExp(`\\b${name}\\b`).test(`${stdout}\n${stderr}`));
      expect(named).toEqual([]);
    };

    beforeAll(async () => {
      hidden = [...values.keys()].filter((name) => !known.includes(name));
      const put = await clone.plumb(['policy', 'put', 'narrow', '-'], { input: `${policy}\n` });
      expect(put).toEqual({ ...put, code: 0 });
      await works('principal put person/nora --policy narrow');
      Object.assign(env, await token('nora'));
    });

    test.each<[exitCode: number, ...args: string[]]>([
      [1, 'target', 'get', 'prod-eu'],
      [1, 'target', 'check', 'prod-eu'],
      [4, 'target', 'delete', 'prod-eu'],
      [4, ...create.replace('changelog-prod', 'mine').split(' ')],
      [4, 'get', 'changelog/production/DB_NAME'],
      [1, 'get', 'changelog/production/SIGNING_SALT'],
      [4, 'audit', 'verify'],
    ])('ends with %i: %s %s %s', async (code, ...args) => {
      const ran = await ends(code, args, env);
      expect(ran.stderr).toMatch(/^error: .+/m);
      const asked = new Set(args.flatMap((arg) => arg.split('/')));
      namesNothing(
        ran,
        hidden.filter((name) => !asked.has(name)),
      );
    });

    test.each(['get', 'check', 'delete'])('target %s answers the same, whether there is one or not', async (verb) => {
      const [there, nowhere] = await Promise.all(
        ['prod-eu', 'nowhere'].map((name) => clone.plumb(['target', verb, name], { env })),
      );
      expect(nowhere?.stderr.replaceAll('nowhere', 'prod-eu')).toBe(there?.stderr);
      expect(nowhere?.code).toBe(there?.code);
    });

    test('a target is not added', async () => {
      const args = ['target', 'add', 'mine', '--kubeconfig', cluster.kubeconfig, '--context', 'prod-eu'];
      const { stderr } = await ends(4, args, env);
      expect(stderr).toContain('error: person/nora may not administer sys/targets/mine\n');
      expect(await works('target list')).not.toContain('mine');
    });

    test('plan and status name nothing that may not be listed, and reveal only what may be read', async () => {
      await works('sync pause changelog-prod --reason looking');
      await ends(0, ['set', 'changelog/production/DB_HOST=db4.sample.internal', '--reason', 'seen']);
      await ends(0, ['set', 'changelog/production/DB_NAME=changelog_2', '--reason', 'not seen']);
      await ends(0, ['set', 'changelog/production/URL_HOST=hidden.sample.internal', '--reason', 'not known']);
      for (const more of [[], ['--all'], ['--reveal'], ['--reveal', '--all'], ['--reveal', '--json']]) {
        const ran = await ends(0, ['sync', 'plan', 'changelog-prod', ...more], env);
        namesNothing(ran);
        const isRevealed = more.includes('--reveal');
        expect(ran.stdout.includes('db4.sample.internal')).toBe(isRevealed);
        expect(ran.stdout.includes('db3.sample.internal')).toBe(isRevealed);
        expect(ran.stdout).not.toContain('changelog_2');
        expect(ran.stdout).toContain('DB_NAME');
      }
      for (const args of [
        ['status'],
        ['status', '--json'],
        ['explain', 'changelog-prod'],
        ['diff', 'changelog-prod'],
      ]) {
        namesNothing(await ends(0, ['sync', ...args], env));
      }
      namesNothing(await ends(0, ['sync', 'resume', 'changelog-prod'], env));
      await cluster.until('ConfigMap', 'URL_HOST', 'hidden.sample.internal');
    });

    test('somebody who may not know of the sync is told that there is none', async () => {
      await works('principal put person/olaf --policy developer');
      const asOlaf = await token('olaf');
      for (const verb of ['plan', 'get', 'apply', 'diff', 'explain', 'resume']) {
        const { stderr } = await ends(1, ['sync', verb, 'changelog-prod'], asOlaf);
        expect(stderr).toBe('error: nothing is at sys/syncs/changelog-prod\n');
      }
      expect((await ends(0, ['sync', 'status'], asOlaf)).stdout).toBe('');
    });
  });
});
