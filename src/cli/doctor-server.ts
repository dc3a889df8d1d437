/** What only the server can tell: that it answers, its clock, its certificate, who we are, its store and its syncs. */
import type { Client, SyncView } from '@plumbd/client';
import type { Address } from './address.ts';
import type { Check, Finding, Known } from './doctor.ts';
import { distance, endState } from './doctor.ts';
import type { CliIo } from './io.ts';
import { count } from './style.ts';
import { isInAgreement } from './syncs.ts';

const soonDays = { certificate: 21, token: 7 };
const skewMs = { warn: 5000, fail: 60_000 };

/** What needs an address. */
export function serverChecks({ session: { io }, address }: Known): readonly Check[] {
  if (address === undefined) return [];
  return [
    { name: 'clock', look: () => clock(io, address) },
    ...(address.url.startsWith('https:') ? [{ name: 'tls', look: () => tls(io, address) }] : []),
  ];
}

/** Whether it is there at all; other checks are of use only then. */
export async function serverCheck(client: Client, address: Address, version: string): Promise<Finding> {
  const check = 'server';
  const { ready, sealed, revision, version: its } = await client.system.health();
  if (sealed) return { check, state: 'fail', says: `${address.text} is sealed` };
  if (!ready) return { check, state: 'fail', says: `${address.text} is not ready yet` };
  const says = `${address.text}, plumb ${its}, revision ${revision}`;
  if (release(its) === release(version)) return { check, state: 'ok', says };
  return { check, state: 'warn', says, hint: `this is plumb ${version}: use the same version on both sides` };
}

/** Major and minor; 0.0 for a test's own. */
function release(version: string): string {
  return version.split('.', 2).join('.');
}

/** Its `Date` header tells seconds; what the answer took is uncertain. */
async function clock(io: CliIo, address: Address): Promise<Finding> {
  const check = 'clock';
  const send = io.transport(address.socket === undefined ? {} : { socket: address.socket });
  const asked = io.now();
  const { headers } = await send(`${address.url}/healthz`, { method: 'GET', headers: {} });
  const answered = io.now();
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) return { check, state: 'skipped', says: 'the server does not tell its time' };
  const early = asked - (date + 999);
  const late = date - answered;
  const off = Math.max(0, early, late);
  const says =
    off < 1000
      ? 'as that of the server'
      : `${Math.round(off / 1000)} s ${early > 0 ? 'ahead of' : 'behind'} that of the server`;
  const hint = 'set the clocks of both by NTP; tokens end by that of the server';
  if (off > skewMs.fail) return { check, state: 'fail', says, hint };
  return off > skewMs.warn ? { check, state: 'warn', says, hint } : { check, state: 'ok', says };
}

async function tls(io: CliIo, address: Address): Promise<Finding> {
  const check = 'tls';
  const { hostname, port } = new URL(address.url);
  const { expires, problem, chain } = await io.certificate(hostname.replace(/^\[|\]$/g, ''), Number(port || 443));
  const left = expires - io.now();
  const says = `${chain.join(' ← ')}, ends ${distance(left)}`;
  if (problem !== undefined) {
    return {
      check,
      state: 'fail',
      says: `${says}: ${problem}`,
      hint: 'NODE_EXTRA_CA_CERTS=FILE adds an authority of your own',
    };
  }
  const state = endState(left, soonDays.certificate);
  return { check, state, says, ...(state === 'ok' ? {} : { hint: 'renew it, and start the server anew' }) };
}

/** What needs a token that is good. */
export function accountChecks(client: Client, now: () => number): readonly Check[] {
  return [
    { name: 'sign-in', look: () => signIn(client, now()) },
    { name: 'store', look: () => chains(client, 'store', ['truth', 'work']) },
    { name: 'audit', look: () => chains(client, 'audit', ['audit']) },
    { name: 'syncs', look: () => syncs(client) },
  ];
}

async function signIn(client: Client, now: number): Promise<Finding> {
  const { principal, expires, uses } = await client.whoami();
  const check = 'sign-in';
  if (expires === undefined) return { check, state: 'ok', says: `as ${principal}` };
  const left = uses === undefined ? '' : `, ${count(uses, 'use')} left`;
  const says = `as ${principal}, ends ${distance(expires - now)}${left}`;
  const state = endState(expires - now, soonDays.token);
  return { check, state, says, ...(state === 'ok' ? {} : { hint: 'plumb login, or plumb token create' }) };
}

/** Reads every record of the chains. */
async function chains(client: Client, check: string, names: readonly string[]): Promise<Finding> {
  const report = await client.system.verify();
  const looked = report.chains.filter(({ name }) => names.includes(name));
  const bad = looked.filter(({ ok }) => !ok);
  if (bad.length > 0) {
    const says = bad.map(({ name, problem }) => `${name}: ${problem ?? 'not whole'}`).join('; ');
    return { check, state: 'fail', says, hint: 'plumb audit verify; then ask who could write there' };
  }
  const records = looked.reduce((sum, chain) => sum + chain.records, 0);
  return { check, state: 'ok', says: `${count(records, 'record')}, all in their chain` };
}

const waiting: ReadonlySet<string> = new Set(['Conflict', 'Stalled', 'Held', 'Error']);

async function syncs(client: Client): Promise<Finding> {
  const check = 'syncs';
  const all = await client.syncs.list();
  if (all.length === 0) return { check, state: 'skipped', says: 'none that you may see' };
  const says = `${all.filter(isInAgreement).length} of ${all.length} in agreement`;
  const failed = all.filter((sync) => holds(sync, waiting) || sync.status?.activation?.state === 'failed');
  if (failed.length > 0)
    return { check, state: 'fail', says: `${says}; ${few(failed)} need a person`, hint: hintFor(failed) };
  const behind = all.filter((sync) => !isInAgreement(sync));
  if (behind.length > 0) return { check, state: 'warn', says: `${says}; not ${few(behind)}`, hint: hintFor(behind) };
  return { check, state: 'ok', says };
}

function holds({ status }: SyncView, types: ReadonlySet<string>): boolean {
  return status?.conditions.some((condition) => condition.status === 'true' && types.has(condition.type)) ?? false;
}

function few(found: readonly SyncView[]): string {
  const names = found.slice(0, 3).map(({ name }) => name);
  return found.length > 3 ? `${names.join(', ')} and ${found.length - 3} more` : names.join(', ');
}

function hintFor([first]: readonly SyncView[]): string {
  return `plumb sync explain ${first?.name ?? ''}`;
}
