/** A plan of a sync of two objects, and what a terminal prints of it. */
import type { Plan, PlanStep } from '@plumbd/client';
import { FakeTerminal } from './terminal.ts';
import type { Outcome, SentRequest, TerminalOptions } from './terminal.ts';

const env = { PLUMB_ADDR: 'unix:/s', PLUMB_TOKEN: 't' };

/** What `plumb sync …` prints and sends. */
export async function playSync(
  options: TerminalOptions,
  ...argv: string[]
): Promise<Outcome & { readonly requests: readonly SentRequest[] }> {
  const terminal = new FakeTerminal({ env, ...options });
  const outcome = await terminal.run('sync', ...argv);
  return { ...outcome, requests: terminal.requests };
}

export const secret = (key: string, more: Partial<PlanStep> = {}): PlanStep => ({
  name: `changelog/Secret/app-secrets/${key}`,
  group: 'changelog/Secret/app-secrets',
  entry: key,
  do: 'create',
  secret: true,
  ...more,
});
export const config = (key: string, more: Partial<PlanStep> = {}): PlanStep => ({
  name: `changelog/ConfigMap/app-config/${key}`,
  group: 'changelog/ConfigMap/app-config',
  entry: key,
  do: 'adopt',
  secret: false,
  ...more,
});
export const conflict = {
  ...config('APP_INSTANCE'),
  because: 'is there already with another value and is not ours',
  writer: 'kubectl-edit',
};
export const plan: Plan = {
  sync: 'changelog-prod',
  revision: 7,
  target: 'prod-eu',
  at: 'changelog',
  steps: [config('A'), config('B'), secret('DB_PASS'), secret('TOKEN')],
  conflicts: [conflict],
  foreign: [conflict.name, ...['x', 'y', 'z'].map((key) => `changelog/ConfigMap/app-config/${key}`)],
  remarks: [],
  problems: [`${conflict.name} is there already with another value and is not ours, written by kubectl-edit`],
  inAgreement: false,
  restarts: [{ consumer: 'changelog/Deployment/app', names: [config('A').name, config('B').name] }],
};
/** Answers with the plan, and what differs from it. */
export const planned = (more: Partial<Plan>) => ({ 'POST /api/v1/syncs/changelog-prod/plan': { ...plan, ...more } });
