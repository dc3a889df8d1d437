import { relative } from 'node:path';
import type { Config } from './config.ts';
import type { Caller, Services } from '#service/services';

export interface BannerOptions {
  readonly version: string;
  readonly config: Config;
  readonly cwd: string;
  readonly address: string | undefined;
  readonly services: Services;
  /** Absent: the token of development was lost. */
  readonly caller: Caller | undefined;
}

/** What a development server says once it answers. */
export async function banner(options: BannerOptions): Promise<string> {
  const { version, config, cwd, address, services, caller } = options;
  const near = (path: string): string => relative(cwd, path) || '.';
  const socket = config.socket === undefined ? [] : [near(config.socket)];
  const lines = [
    `plumb ${version} · development mode: its key lies beside its data, for trying out only`,
    `  API   ${[...(address === undefined ? [] : [address]), ...socket].join(' and ')}        store  ${near(config.data)} (embedded)`,
    caller === undefined
      ? `  the token of root is lost: remove ${near(config.data)} to start again`
      : '  signed in as root on the socket; the token is readable by you alone',
  ];
  if (caller !== undefined) lines.push(...(await sampleLines({ config, services, caller, near })));
  return `${lines.join('\n')}\n`;
}

interface SampleView {
  readonly config: Config;
  readonly services: Services;
  readonly caller: Caller;
  readonly near: (path: string) => string;
}

/** Nothing, if the sample project was taken away. */
async function sampleLines({ config, services, caller, near }: SampleView): Promise<string[]> {
  const project = 'changelog';
  const all = await services.environments.list(caller);
  const own = all.filter(({ name }) => name.startsWith(`${project}/`));
  const root = own.find((environment) => environment.extends === undefined);
  if (root === undefined) return [];
  const last = (name: string): string => name.slice(project.length + 1);
  const heirs = own.filter((environment) => environment.extends === last(root.name)).map(({ name }) => last(name));
  const syncs = (await services.syncs.list(caller)).map((sync) => {
    const target = config.targets[sync.target];
    const folder = target?.type === 'file' ? target.root : undefined;
    const inSync = sync.status?.conditions.some(({ type, status }) => type === 'InSync' && status === 'true');
    const place = folder === undefined ? `${sync.target}:${sync.at}` : near(`${folder}/${sync.at}`);
    return `sync ${sync.name} → ${place}, ${inSync === true ? 'in agreement' : 'not in agreement'}`;
  });
  return [
    `  sample project ${project}: ${[`${last(root.name)} ← ${heirs.toSorted((a, b) => placeOf(a) - placeOf(b)).join(', ')}`, ...syncs].join('; ')}`,
    `Try in another terminal:  ./plumb diff ${project}/development ${project}/production`,
  ];
}

/** From a developer's machine to what the public sees. */
const order = ['development', 'test', 'staging', 'production'];

function placeOf(environment: string): number {
  const place = order.indexOf(environment);
  return place === -1 ? order.length : place;
}
