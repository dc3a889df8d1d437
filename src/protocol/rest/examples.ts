/**
 * Requests that the documentation shows, of a server that runs `--dev`, in an order in which each of them works. A test
 * makes all of them.
 */

export interface Example {
  /** Name of the operation. */
  readonly id: string;
  readonly summary: string;
  /** Parameters of the URL, by name. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Default 200. */
  readonly status?: number;
}

const host = { path: 'shop/production/DB_HOST' };
const shop = { name: 'shop' };
const production = { project: 'shop', environment: 'production' };
const sync = { name: 'shop' };
const workload = { kind: 'workload', name: 'shop' };

export const examples: readonly Example[] = [
  { id: 'live', summary: 'Whether the process answers' },
  { id: 'ready', summary: 'Whether it serves' },
  { id: 'bootstrap', summary: 'The first administrator', body: { token: 'plumb-bootstrap', name: 'ann' }, status: 401 },
  { id: 'whoami', summary: 'Who am I' },
  {
    id: 'putProject',
    summary: 'Declare a project',
    path: shop,
    headers: { 'If-None-Match': '*' },
    body: { owner: 'team-shop', description: 'the web shop' },
    status: 201,
  },
  { id: 'getProject', summary: 'One project', path: shop },
  { id: 'listProjects', summary: 'All projects, their names alone', query: { fields: 'name' } },
  {
    id: 'putEnvironment',
    summary: 'An environment that others extend',
    path: { project: 'shop', environment: 'base' },
    body: { defaultKind: 'config' },
  },
  { id: 'putEnvironment', summary: 'One that extends it', path: production, body: { extends: 'base' } },
  { id: 'getEnvironment', summary: 'One environment', path: production },
  { id: 'listEnvironments', summary: 'All environments' },
  {
    id: 'putEntry',
    summary: 'Plain configuration',
    path: host,
    headers: { 'Idempotency-Key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' },
    body: { value: 'db.shop.example', kind: 'config', reason: 'first set-up' },
    status: 201,
  },
  {
    id: 'applyChange',
    summary: 'A secret and an expression, together',
    body: {
      reason: 'the database of the shop',
      ops: [
        { op: 'put', path: 'shop/production/DB_PASS', value: 'correct horse battery staple' },
        {
          op: 'put',
          path: 'shop/production/DB_URL',
          value: 'postgres://shop:${DB_PASS}@${DB_HOST}/shop',
          form: 'expression',
        },
      ],
    },
  },
  { id: 'getEntry', summary: 'One value', path: host },
  { id: 'listEntries', summary: 'What is in a folder', query: { folder: 'shop/production', limit: '50' } },
  {
    id: 'evaluateFolder',
    summary: 'Names and values alone',
    query: { folder: 'shop/production', fields: 'path,value' },
  },
  {
    id: 'readValues',
    summary: 'Some values, one of which is not there',
    body: { paths: ['shop/production/DB_HOST', 'shop/production/DB_URL', 'shop/production/NOTHING'] },
  },
  { id: 'getHistory', summary: 'Versions, newest first', path: host, query: { limit: '10' } },
  { id: 'explainEntry', summary: 'Why it is what it is', path: { path: 'shop/production/DB_URL' } },
  {
    id: 'diffFolders',
    summary: 'What differs between two environments',
    body: { left: { folder: 'changelog/development' }, right: { folder: 'changelog/production' } },
  },
  { id: 'watchChanges', summary: 'What happens from now on', query: { under: 'shop' } },
  {
    id: 'putPolicy',
    summary: 'May read what the shop needs',
    path: shop,
    body: { text: 'allow read on shop/production/**\nallow use on sys/targets/local' },
  },
  { id: 'getPolicy', summary: 'One policy', path: shop },
  { id: 'listPolicies', summary: 'All policies' },
  { id: 'putPrincipal', summary: 'A workload', path: workload, body: { policies: ['shop'] } },
  { id: 'getPrincipal', summary: 'One principal', path: workload },
  { id: 'listPrincipals', summary: 'All principals' },
  {
    id: 'createToken',
    summary: 'For an hour and one use',
    body: { principal: 'workload/shop', ttl: 3600, uses: 1, description: 'of a build' },
    status: 201,
  },
  { id: 'listTokens', summary: 'Tokens, never the tokens themselves', query: { fields: 'accessor,principal,expires' } },
  { id: 'listTargets', summary: 'Places that can be kept equal' },
  { id: 'getTarget', summary: 'One target', path: { name: 'local' } },
  {
    id: 'putTarget',
    summary: 'A cluster, with what kubectl config view --minify --flatten --raw prints',
    path: { name: 'eu' },
    body: { type: 'kubernetes', kubeconfig: 'apiVersion: v1', namespaces: ['shop'] },
    status: 400,
  },
  { id: 'checkTarget', summary: 'What we may do there', path: { name: 'eu' }, body: {}, status: 404 },
  { id: 'deleteTarget', summary: 'Nothing is kept there any more', path: { name: 'eu' }, status: 404 },
  {
    id: 'putSync',
    summary: 'Keep a file equal to an environment',
    path: sync,
    body: { from: 'shop/production', to: 'local:shop.env', runAs: 'workload/shop', mode: 'report' },
  },
  { id: 'listSyncs', summary: 'All syncs' },
  { id: 'getSync', summary: 'One sync', path: sync },
  { id: 'planSync', summary: 'What it would do', path: sync },
  { id: 'applySync', summary: 'Do it now', path: sync },
  { id: 'pauseSync', summary: 'For two hours', path: sync, body: { for: '2h', reason: 'maintenance' } },
  { id: 'resumeSync', summary: 'Go on', path: sync, body: {} },
  { id: 'deleteSync', summary: 'And what it wrote', path: sync, query: { owned: 'delete' } },
  { id: 'deletePrincipal', summary: 'Its tokens end with it', path: workload },
  { id: 'deletePolicy', summary: 'One policy', path: shop },
  {
    id: 'deleteEntry',
    summary: 'With a reason',
    path: { path: 'shop/production/DB_URL' },
    query: { reason: 'unused' },
  },
  { id: 'deleteEnvironment', summary: 'One environment', path: production },
  { id: 'deleteEnvironment', summary: 'And its base', path: { project: 'shop', environment: 'base' } },
  { id: 'deleteProject', summary: 'One project', path: shop },
  { id: 'revokeToken', summary: 'A token by its accessor', path: { accessor: 'Zp0t9vYVQbxCXwrL' }, status: 404 },
  { id: 'verifyAudit', summary: 'Whether nothing was changed afterwards' },
  { id: 'metrics', summary: 'For Prometheus' },
];
