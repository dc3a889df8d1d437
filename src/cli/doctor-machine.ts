/** What can be told of this machine alone: programs, files and who may read them, free space. */
import { basename, dirname, join } from 'node:path';
import { credentialsPath, readCredentials, tokenFor } from './credentials.ts';
import type { Check, Finding, Known } from './doctor.ts';
import { sizeText } from './doctor.ts';
import type { CliIo } from './io.ts';

/** The oldest Node that plumb is made for. */
const leastNode = 24;
/** Where an agent of this machine keeps what it remembers, unless it was told otherwise. */
const agentState = '/var/lib/plumb-agent';
const lowBytes = 1024 ** 3;
const emptyBytes = 100 * 1024 ** 2;

export function machineChecks({ session, address }: Known): readonly Check[] {
  const { io } = session;
  const data = address?.socket === undefined ? undefined : dirname(address.socket);
  const state = dirname(credentialsPath(io));
  const agent = io.files.status(agentState) === null ? {} : { agent: agentState };
  const place = { ...agent, ...(data === undefined ? {} : { data }) };
  return [
    { name: 'program', look: () => program(io) },
    { name: 'completion', look: () => completion(io) },
    { name: 'credentials', look: () => credentials(io) },
    { name: 'token', look: () => token(session.io, address) },
    { name: 'socket', look: () => socket(io, address?.socket) },
    {
      name: 'key file',
      look: () => privateFile(io, 'key file', data === undefined ? undefined : join(data, 'root.key')),
    },
    {
      name: 'audit file',
      look: () => privateFile(io, 'audit file', data === undefined ? undefined : join(data, 'audit.log')),
    },
    { name: 'disk', look: () => disk(io, { state, ...place }) },
  ];
}

function program({ version, node }: CliIo): Finding {
  const says = `plumb ${version} on Node ${node}`;
  if (Number.parseInt(node, 10) >= leastNode) return { check: 'program', state: 'ok', says };
  return { check: 'program', state: 'fail', says, hint: `plumb is made for Node ${leastNode} and later` };
}

/** Where shells look for completions, or for what loads them, below the home folder or absolute. */
const places: Readonly<Record<string, readonly string[]>> = {
  bash: [
    '.bashrc',
    '.bash_profile',
    '.profile',
    '.local/share/bash-completion/completions/plumb',
    '/usr/share/bash-completion/completions/plumb',
    '/etc/bash_completion.d/plumb',
  ],
  zsh: ['.zshrc', '.zprofile', '/usr/share/zsh/site-functions/_plumb', '/usr/local/share/zsh/site-functions/_plumb'],
  fish: [
    '.config/fish/config.fish',
    '.config/fish/completions/plumb.fish',
    '/usr/share/fish/vendor_completions.d/plumb.fish',
  ],
};
const longestStartFile = 1024 * 1024;

function completion({ env, home, files }: CliIo): Finding {
  const shell = basename(env['SHELL'] ?? '');
  const known = places[shell];
  if (known === undefined) return { check: 'completion', state: 'skipped', says: 'not made for your shell' };
  const found = known.find((name) => {
    const path = name.startsWith('/') ? name : join(home, name);
    if (files.status(path)?.kind !== 'file') return false;
    return (
      /plumb(\.fish)?$/.test(name) ||
      new TextDecoder().decode(files.read(path, longestStartFile) ?? undefined).includes('plumb completion')
    );
  });
  if (found !== undefined) return { check: 'completion', state: 'ok', says: `for ${shell}` };
  const hint = `plumb completion ${shell} makes it; plumb help completion says where it goes`;
  return { check: 'completion', state: 'warn', says: `none for ${shell}`, hint };
}

function credentials(io: CliIo): Finding {
  const { tokens } = readCredentials(io);
  const number = Object.keys(tokens).length;
  const path = credentialsPath(io);
  if (io.files.status(path) === null)
    return { check: 'credentials', state: 'skipped', says: 'nobody has signed in here yet' };
  return {
    check: 'credentials',
    state: 'ok',
    says: `${path}, ${number} ${number === 1 ? 'server' : 'servers'}, yours alone`,
  };
}

function token(io: CliIo, address: Known['address']): Finding {
  const check = 'token';
  if (address === undefined) return { check, state: 'skipped', says: 'no server' };
  if ((io.env['PLUMB_TOKEN'] ?? '') !== '') return { check, state: 'ok', says: 'from PLUMB_TOKEN' };
  if (tokenFor(io, address, readCredentials(io)) !== undefined)
    return { check, state: 'ok', says: `kept for ${address.text}` };
  return { check, state: 'fail', says: `none for ${address.text}`, hint: `plumb login --address ${address.text}` };
}

function socket({ files, uid }: CliIo, path: string | undefined): Finding {
  const check = 'socket';
  if (path === undefined) return { check, state: 'skipped', says: 'the server is not reached by one' };
  if (files.status(path)?.kind !== 'socket') {
    return { check, state: 'fail', says: `${path} is no socket`, hint: 'is the server running? plumb server' };
  }
  const around = files.status(dirname(path));
  if (around === null || (around.mode & 0o077) !== 0 || around.owner !== uid) {
    const hint = `chmod 700 ${dirname(path)}`;
    return { check, state: 'fail', says: `${dirname(path)} is open to others, or not yours`, hint };
  }
  return { check, state: 'ok', says: `${path}, in a folder that is yours alone` };
}

/** Of a server that runs here, where it is told by its socket. */
function privateFile({ files, uid }: CliIo, check: string, path: string | undefined): Finding {
  const status = path === undefined ? null : files.status(path);
  if (path === undefined || status === null) return { check, state: 'skipped', says: 'not here' };
  if ((status.mode & 0o077) === 0 && status.owner === uid) return { check, state: 'ok', says: `${path}, yours alone` };
  return { check, state: 'fail', says: `${path} may be read by others, or is not yours`, hint: `chmod 600 ${path}` };
}

/** The fullest of the places that exist. */
function disk({ files }: CliIo, folders: Readonly<Record<string, string>>): Finding {
  const check = 'disk';
  const found = Object.values(folders).flatMap((folder) => {
    const space = files.space(nearest(files, folder));
    return space === null ? [] : [{ folder, ...space }];
  });
  const [least] = found.sort((a, b) => a.free - b.free);
  if (least === undefined) return { check, state: 'skipped', says: 'cannot be told' };
  const says = `${sizeText(least.free)} of ${sizeText(least.total)} free for ${least.folder}`;
  const hint = 'a server that cannot write stops';
  if (least.free < emptyBytes) return { check, state: 'fail', says, hint };
  return least.free < lowBytes ? { check, state: 'warn', says, hint } : { check, state: 'ok', says };
}

/** The folder, or the first one above it that exists. */
function nearest(files: CliIo['files'], folder: string): string {
  const above = dirname(folder);
  return above === folder || files.status(folder) !== null ? folder : nearest(files, above);
}
