/**
 * Who may import whom, as data. `docs/design` says why; `imports.ts` proves it. A place is named by its folder or
 * file under `src/` (`store/driver` is the file `src/store/driver.ts`) or by a workspace (`client`; its files are `client/src/…`).
 */

export interface Layer {
  /** Folder or file. The longest that fits a file decides. */
  readonly place: string;
  /** Places, single files, or `*` for everything. A place does not include the plug-ins below it. What stands in the same place is always allowed. */
  readonly may: readonly string[];
  /** Every direct child, file or folder, is a place of its own, and siblings never import each other. */
  readonly siblings?: true;
  /** `*` takes these out again. */
  readonly but?: readonly string[];
}

/** Hold types only; use-cases and implementations import them, `server/compose` wires. */
export const interfaceFiles = [
  'store/driver',
  'crypto/seal',
  'audit/sink',
  'auth/method',
  'engine/engine',
  'protocol/protocol',
  'reconcile/target',
  'reconcile/target-kind',
  'reconcile/reconciler',
  'upstream/upstream',
] as const;

const plugIn = (place: string, contract: string, may: readonly string[]): Layer => ({
  place,
  siblings: true,
  may: [contract, ...may],
});

const hosts = ['client', 'reconcile', 'reconcile/targets', 'template', 'format', 'remote', 'domain', 'util'];

export const layers: readonly Layer[] = [
  { place: 'domain', may: [] },
  { place: 'util', may: [] },
  { place: 'format', may: ['domain', 'util'] },
  { place: 'crypto', may: ['domain', 'util'] },
  plugIn('crypto/seals', 'crypto/seal', ['crypto/envelope', 'crypto/digest', 'domain', 'util', 'remote']),
  { place: 'audit', may: ['domain', 'util'] },
  plugIn('audit/sinks', 'audit/sink', ['domain', 'util', 'remote']),
  { place: 'remote', may: ['domain', 'util'] },
  { place: 'eval', may: ['domain', 'format'] },
  { place: 'template', may: ['domain', 'format'] },
  { place: 'store', may: ['domain', 'util', 'crypto'] },
  plugIn('store/drivers', 'store/driver', ['store/checks', 'store/follow', 'domain', 'util', 'remote']),
  { place: 'state', may: ['domain', 'util', 'eval'] },
  {
    place: 'service',
    may: ['domain', 'util', 'format', 'crypto', 'eval', 'audit', 'state', 'store/log', 'store/fold', ...interfaceFiles],
  },
  // A contract that stands beside its implementations names what it carries.
  { place: 'protocol/protocol', may: ['service/services', 'domain'] },
  plugIn('protocol', 'protocol/protocol', ['service', 'domain', 'format', 'util']),
  { place: 'auth/method', may: ['domain'] },
  plugIn('auth', 'auth/method', ['domain', 'util', 'format', 'remote']),
  plugIn('engine', 'engine/engine', ['domain', 'util', 'format', 'remote']),
  plugIn('upstream', 'upstream/upstream', ['domain', 'util', 'format', 'remote']),
  { place: 'reconcile', may: ['domain', 'util'] },
  plugIn('reconcile/targets', 'reconcile/target', [
    'reconcile/target-kind',
    'reconcile/activator',
    'reconcile/lane',
    'domain',
    'util',
    'format',
    'remote',
  ]),
  { place: 'agent', may: [...hosts] },
  { place: 'operator', may: [...hosts] },
  { place: 'cli', may: ['client', 'domain', 'format', 'util'] },
  { place: 'server', may: ['*'], but: ['cli', 'agent', 'operator', 'testing'] },
  { place: 'main', may: ['main-io', 'server', 'cli', 'agent', 'operator', 'util'] },
  { place: 'older-node', may: [] },
  { place: 'main-io', may: ['client', 'cli', 'domain', 'util', 'main-files', 'main-programs', 'main-world'] },
  { place: 'main-files', may: ['cli/io', 'domain', 'main-world'] },
  { place: 'main-programs', may: ['cli/io', 'domain', 'main-files'] },
  { place: 'main-world', may: ['cli/io', 'main-keyring'] },
  { place: 'main-keyring', may: ['cli/io'] },
  { place: 'client', may: [] },
];

/** The one place that imports a package; tests may import any. */
export const wrappers: Readonly<Record<string, readonly string[]>> = {
  '@kubernetes/client-node': ['reconcile/targets/kubernetes'],
  '@opentelemetry/api': ['protocol/rest'],
  '@stricli/core': ['cli'],
  fastify: ['protocol/rest'],
  'js-yaml': ['format'],
  'jsonc-parser': ['format'],
  libsodium: ['crypto'],
  picocolors: ['cli'],
  pino: ['server', 'agent'],
  saxes: ['format'],
  'smol-toml': ['format'],
  'toml-eslint-parser': ['format'],
  typebox: ['protocol/rest'],
  yaml: ['format'],
};

/** Places that touch the world; everywhere else it is handed in. */
export const edges: readonly string[] = [
  'main',
  'main-io',
  'main-files',
  'main-programs',
  'main-world',
  'main-keyring',
  'util/clock',
  'util/files',
  'remote',
  'store/drivers',
  'crypto/seals',
  'audit/sinks',
  'reconcile/targets/file',
  'reconcile/targets/kubernetes/session',
  'reconcile/targets/kubernetes/exchange',
  'reconcile/targets/kubernetes/kubeconfig-file',
  'agent/io',
  'server/idle',
  'server/listen',
  'server/responses',
  // A client runs anywhere: what it sends with and how it waits stand here, and may be replaced by options.
  'client/src/seal',
  'client/src/transport',
  'client/src/watch',
  'client/examples',
];

/** Modules of Node that only compute, and where they may be imported. */
export const pureModules: Readonly<Record<string, readonly string[]>> = {
  'node:crypto': [
    'crypto',
    'store',
    'audit',
    'auth',
    'protocol',
    'agent',
    'reconcile/targets/kubernetes',
    'reconcile/targets/file',
  ],
  'node:path': ['*'],
  'node:util': ['*'],
  'node:url': ['*'],
  'node:buffer': ['*'],
  'node:events': ['*'],
  'node:stream': ['*'],
  'node:zlib': ['protocol'],
};

/** Names of the global scope that read or change the world. `Date` with arguments only computes. */
export const worldlyGlobals: ReadonlySet<string> = new Set([
  'process',
  'console',
  'performance',
  'fetch',
  'crypto',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'WebSocket',
  'EventSource',
]);
export const worldlyMembers: ReadonlySet<string> = new Set(['Date.now', 'Math.random', 'AbortSignal.timeout']);
