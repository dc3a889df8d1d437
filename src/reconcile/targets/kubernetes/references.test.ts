import { describe, expect, test } from 'vitest';
import { isStale, referencesOf } from './references.ts';
import type { Way } from './references.ts';

/** What is found, as `<way> <kind>/<object>[/<key>]`. */
function found(spec: unknown): readonly string[] {
  return referencesOf({ spec }).map(
    ({ way, kind, object, key }) => `${way} ${kind}/${object}${key === undefined ? '' : `/${key}`}`,
  );
}

const secretVolume = { name: 'v', secret: { secretName: 's' } };
const withMount = (volume: unknown, mount: object = {}) => ({
  volumes: [volume],
  containers: [{ name: 'c', volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] }],
});

describe('the environment', () => {
  test('one variable reads one key, of a Secret or of a ConfigMap, optional or not', () => {
    const env = [
      { name: 'LITERAL', value: 'x' },
      { name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'A' } } },
      { name: 'B', valueFrom: { configMapKeyRef: { name: 'c', key: 'b.txt', optional: true } } },
      { name: 'C', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ];
    expect(found({ containers: [{ name: 'c', env }] })).toEqual(['env Secret/s/A', 'env ConfigMap/c/b.txt']);
  });

  test('envFrom reads all of an object, whatever the prefix', () => {
    const envFrom = [{ secretRef: { name: 's' }, prefix: 'DB_' }, { configMapRef: { name: 'c', optional: true } }];
    expect(found({ containers: [{ name: 'c', envFrom }] })).toEqual(['env Secret/s', 'env ConfigMap/c']);
  });

  test('of init containers, of those that stay beside the others, and of ephemeral ones', () => {
    const reads = (object: string) => ({ name: object, envFrom: [{ secretRef: { name: object } }] });
    const spec = {
      containers: [reads('main')],
      initContainers: [reads('init'), { ...reads('sidecar'), restartPolicy: 'Always' }],
      ephemeralContainers: [reads('debug')],
    };
    expect(found(spec)).toEqual(['env Secret/main', 'env Secret/init', 'env Secret/sidecar', 'env Secret/debug']);
  });

  test('what is read twice is found once', () => {
    const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'A' } } }];
    const containers = [{ env }, { env: [...env, { ...env[0], name: 'B' }] }];
    expect(found({ containers })).toEqual(['env Secret/s/A']);
  });
});

describe('volumes', () => {
  test.each([
    ['a whole Secret', secretVolume, ['volume Secret/s']],
    ['a whole ConfigMap', { name: 'v', configMap: { name: 'c', optional: true } }, ['volume ConfigMap/c']],
    [
      'items of a Secret',
      { name: 'v', secret: { secretName: 's', items: [{ key: 'A', path: 'x/a' }] } },
      ['volume Secret/s/A'],
    ],
    [
      'items of a ConfigMap',
      {
        name: 'v',
        configMap: {
          name: 'c',
          items: [
            { key: 'A', path: 'a' },
            { key: 'B', path: 'b' },
          ],
        },
      },
      ['volume ConfigMap/c/A', 'volume ConfigMap/c/B'],
    ],
    [
      'projected sources',
      {
        name: 'v',
        projected: {
          sources: [
            { secret: { name: 's' } },
            { secret: { name: 't', items: [{ key: 'T', path: 't' }] } },
            { configMap: { name: 'c', items: [{ key: 'C', path: 'c' }] } },
            { serviceAccountToken: { path: 'token' } },
            { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
          ],
        },
      },
      ['volume Secret/s', 'volume Secret/t/T', 'volume ConfigMap/c/C'],
    ],
    ['a driver of its own', { name: 'v', csi: { driver: 'd', nodePublishSecretRef: { name: 's' } } }, []],
    ['an empty folder', { name: 'v', emptyDir: {} }, []],
  ])('%s', (_, volume, expected) => {
    expect(found(withMount(volume))).toEqual(expected);
  });

  test('one that nobody mounts is read by nobody', () => {
    expect(found({ volumes: [secretVolume], containers: [{ name: 'c' }] })).toEqual([]);
    expect(found({ volumes: [secretVolume], containers: [{ volumeMounts: [{ name: 'other' }] }] })).toEqual([]);
  });

  test('mounted whole and by subPath it is read both ways', () => {
    const volumeMounts = [{ name: 'v' }, { name: 'v', subPath: 'A' }];
    const spec = { volumes: [secretVolume], containers: [{ volumeMounts }] };
    expect(found(spec)).toEqual(['volume Secret/s', 'subPath Secret/s/A']);
  });
});

describe('subPath', () => {
  const items = {
    name: 'v',
    secret: {
      secretName: 's',
      items: [
        { key: 'A', path: 'conf/a' },
        { key: 'B', path: 'conf/b' },
        { key: 'C', path: 'config' },
      ],
    },
  };
  test.each([
    ['a key of a whole object', secretVolume, { subPath: 'A' }, ['subPath Secret/s/A']],
    ['the same, spelled otherwise', secretVolume, { subPath: './A/' }, ['subPath Secret/s/A']],
    ['the folder itself', secretVolume, { subPath: '.' }, ['subPath Secret/s']],
    ['the folder of the kubelet', secretVolume, { subPath: '..data/A' }, ['subPath Secret/s']],
    ['none', secretVolume, { subPath: '' }, ['volume Secret/s']],
    ['variables', secretVolume, { subPathExpr: '$(POD_NAME)' }, ['subPath Secret/s']],
    ['one item', items, { subPath: 'conf/a' }, ['subPath Secret/s/A']],
    ['items of a folder', items, { subPath: 'conf' }, ['subPath Secret/s/A', 'subPath Secret/s/B']],
    ['no item', items, { subPath: 'other' }, []],
    [
      'the folder of the kubelet with items',
      items,
      { subPath: '..data/conf/a' },
      ['subPath Secret/s/A', 'subPath Secret/s/B', 'subPath Secret/s/C'],
    ],
    [
      'a source of a projected volume',
      projected('A'),
      { subPath: 'A' },
      ['subPath Secret/s/A', 'subPath ConfigMap/c/K'],
    ],
  ])('%s', (_, volume, mount, expected) => {
    expect(found(withMount(volume, mount))).toEqual(expected);
  });
});

test('secrets to pull images with are found, and nobody is started anew for them', () => {
  expect(found({ imagePullSecrets: [{ name: 'registry' }, {}] })).toEqual(['pull Secret/registry']);
  expect(isStale('pull')).toBe(false);
});

test('every other reader is started anew', () => {
  const ways: readonly Way[] = ['env', 'subPath', 'volume'];
  expect(ways.map((way) => isStale(way))).toEqual([true, true, true]);
});

test.each([undefined, null, 1, [], {}, { containers: 'x', volumes: {}, imagePullSecrets: [null, { name: '' }] }])(
  'what is no pod reads nothing: %j',
  (spec) => {
    expect(found(spec)).toEqual([]);
  },
);

test('damaged references are none', () => {
  const env = [
    { valueFrom: { secretKeyRef: { name: 's' } } },
    { valueFrom: { secretKeyRef: { key: 'A' } } },
    { valueFrom: null },
    null,
  ];
  const volume = { name: 'v', secret: { secretName: 's', items: [{ key: 'A' }, { path: 'a' }, null] } };
  const spec = { ...withMount(volume), containers: [{ env, volumeMounts: [{ name: 'v' }, null] }] };
  expect(found(spec)).toEqual([]);
});

function projected(path: string): unknown {
  return {
    name: 'v',
    projected: {
      sources: [{ secret: { name: 's' } }, { configMap: { name: 'c', items: [{ key: 'K', path }] } }],
    },
  };
}
