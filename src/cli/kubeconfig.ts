/**
 * A kubeconfig as it is sent to the server: one context with what it names, and what stood in files of the user written
 * into it, as `kubectl config view --minify --flatten` does. What the server does not take it refuses itself, by name.
 */
import { resolve } from 'node:path';
import { PlumbError } from '#domain/errors';
import { decodeText } from '#format/text';
import { readYaml } from '#format/yaml';
import { isMapping } from '#util/mapping';
import type { Mapping } from '#util/mapping';

export interface UserKubeconfig {
  readonly text: string;
  /** How the user named it. */
  readonly subject: string;
  /** What relative file names in it are relative to. */
  readonly folder: string;
  /** Default: the current one. */
  readonly context: string | undefined;
  /** `null`: there is no such file. */
  readonly readFile: (path: string) => Uint8Array | null;
}

/** Throws `invalid` for what is no kubeconfig, or signs in by a program; `not-found` for a context or file that is not there. */
export function oneContext(file: UserKubeconfig): { readonly kubeconfig: string; readonly context: string } {
  const content = readYaml(file.text, file.subject);
  if (!isMapping(content) || !Array.isArray(content['contexts'])) {
    throw new PlumbError('invalid', `${file.subject} is no kubeconfig: expected contexts, clusters and users`);
  }
  const name = file.context ?? textIn(content, 'current-context');
  if (name === undefined || name === '') {
    throw new PlumbError('invalid', `${file.subject} has no current context`, { hint: '--context names one' });
  }
  const context = named(content, 'contexts', { name, file });
  const cluster = named(content, 'clusters', { name: textIn(context, 'cluster') ?? '', file });
  const user = named(content, 'users', { name: textIn(context, 'user') ?? '', file });
  for (const program of ['exec', 'auth-provider']) if (program in user) throw signsInByProgram(name, program);
  const { extensions: _context, ...plainContext } = context;
  const { extensions: _cluster, ...plainCluster } = cluster;
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context['cluster'], cluster: inlined(plainCluster, ['certificate-authority'], file) }],
    users: [{ name: context['user'], user: inlinedUser(user, file) }],
    contexts: [{ name, context: plainContext }],
    'current-context': name,
  });
  return { kubeconfig, context: name };
}

function signsInByProgram(context: string, member: string): PlumbError {
  return new PlumbError('invalid', `the user of the context ${context} signs in by a program (${member})`, {
    hint: 'the server runs none: make a service account with a token of its own, and a context that uses it',
  });
}

interface Wanted {
  readonly name: string;
  readonly file: UserKubeconfig;
}

/** Lists of a kubeconfig hold `{name, <singular>: {…}}`. */
function named(content: Mapping, list: 'contexts' | 'clusters' | 'users', { name, file }: Wanted): Mapping {
  const items = Array.isArray(content[list]) ? (content[list] as readonly unknown[]).filter(isMapping) : [];
  const one = list.slice(0, -1);
  const found = items.find((item) => item['name'] === name)?.[one];
  if (isMapping(found)) return found;
  const names = items.map((item) => String(item['name'])).join(', ');
  throw new PlumbError('not-found', `${file.subject} has no ${one} ${name === '' ? 'for the context' : name}`, {
    hint: `it has: ${names === '' ? 'none' : names}`,
  });
}

/** `certificate-authority: FILE` becomes `certificate-authority-data: <base64>`. */
function inlined(content: Mapping, members: readonly string[], kubeconfig: UserKubeconfig): Mapping {
  let result = content;
  for (const member of members) {
    const file = textIn(result, member);
    if (file === undefined || file === '') continue;
    const { [member]: _file, ...rest } = result;
    const data = `${member}-data`;
    // As kubectl has it: what is written in wins over the file.
    result =
      data in rest ? rest : { ...rest, [data]: Buffer.from(contentOf(file, member, kubeconfig)).toString('base64') };
  }
  return result;
}

function inlinedUser(user: Mapping, file: UserKubeconfig): Mapping {
  const { tokenFile, ...rest } = inlined(user, ['client-certificate', 'client-key'], file);
  if (typeof tokenFile !== 'string' || tokenFile === '') return rest;
  return { ...rest, token: decodeText(contentOf(tokenFile, 'tokenFile', file), tokenFile, fileLimit).trim() };
}

const fileLimit = 1024 * 1024;

function contentOf(file: string, member: string, { folder, subject, readFile }: UserKubeconfig): Uint8Array {
  const content = readFile(resolve(folder, file));
  if (content === null)
    throw new PlumbError('not-found', `${file} does not exist, which ${subject} names as ${member}`);
  return content;
}

function textIn(content: Mapping, member: string): string | undefined {
  const value = content[member];
  return typeof value === 'string' ? value : undefined;
}
