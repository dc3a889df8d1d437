/**
 * A server of ours, the real API server behind proxies, and everybody who may get in the way: people at the source and
 * at the cluster, other field managers, bad networks, deaths. What is done follows from the seed; when it is done is up
 * to the programs. Every now and then all is quiet, and then everything has to be right.
 */
import { accidentSteps } from './proof/accident-steps.ts';
import { account } from './proof/account.ts';
import { clusterSteps } from './proof/cluster-steps.ts';
import { Examiner } from './proof/examine.ts';
import { foreignSteps } from './proof/foreign-steps.ts';
import { namespaceSteps } from './proof/namespace-steps.ts';
import { rest } from './proof/rest.ts';
import { sourceSteps } from './proof/source-steps.ts';
import { choose } from './proof/steps.ts';
import type { Step } from './proof/steps.ts';
import { intrusion, Weather, weatherSteps } from './proof/weather-steps.ts';
import { World } from './proof/world.ts';
import type { Kubernetes } from '#testing/kubernetes';

export interface ProofOptions {
  readonly kubernetes: Kubernetes;
  readonly seed: number;
  readonly steps: number;
  /** `fair`: nothing goes wrong but for people. Default `foul`. */
  readonly weather?: 'fair' | 'foul';
  /** How long agreement may take once nothing goes wrong; default 200,000 ms: a look comes every minute at least. */
  readonly patienceMs?: number;
  /** Options of Node for our server. */
  readonly node?: readonly string[];
  /** Also what takes a minute may happen. */
  readonly isPatient?: boolean;
}

export interface ProofReport {
  readonly seed: number;
  /** Promises that were broken, one line each. Empty: all were kept. */
  readonly violations: readonly string[];
  /** The last 40 things that were done, what the server said, and what became of the objects that are wrong. */
  readonly last: readonly string[];
  /** Writes of ours that changed something. */
  readonly writes: number;
}

const betweenRests = 20;

/** Ends with the first rest at which something is wrong. */
export async function prove(options: ProofOptions): Promise<ProofReport> {
  const { seed, steps, patienceMs = 200_000 } = options;
  await using world = await World.open(options);
  const weather = new Weather(world);
  const examiner = new Examiner(world);
  const log: string[] = [];
  const all = stepsFor(options, weather);
  const calm = async (): Promise<void> => {
    await weather.calm();
    const from = performance.now();
    await rest(world, { patienceMs, examine: () => examiner.examine() });
    if (world.ours.output.includes('S3CRET')) world.violations.push('the server printed a secret');
    log.push(`rest after ${Math.round(performance.now() - from)} ms`);
  };
  try {
    await calm();
    for (let step = 1; step <= steps && world.violations.length === 0; step += 1) {
      const said = await choose(world, all).act(world);
      log.push(`${step} ${said}`);
      await weather.step();
      await think(world);
      if (step % betweenRests === 0 || step === steps) await calm();
    }
  } catch (error) {
    world.violations.push(error instanceof Error ? `a step failed: ${error.stack ?? error.message}` : String(error));
  }
  const said = world.ours.output.trimEnd().split('\n').slice(-10);
  return {
    seed,
    violations: world.violations,
    last: [...log.slice(-40), ...said, ...account(world)],
    writes: examiner.count,
  };
}

function stepsFor({ weather: kind = 'foul', isPatient = false }: ProofOptions, weather: Weather): readonly Step[] {
  const people = [...sourceSteps, ...clusterSteps, ...foreignSteps];
  if (kind === 'fair') return [...people, { weight: 12, act: intrusion }];
  return [...people, ...namespaceSteps, ...weatherSteps(weather), ...accidentSteps(isPatient)];
}

/** Nobody does things at once, or waits until we are done. */
async function think({ random }: World): Promise<void> {
  const ms = random.next() < 0.4 ? 0 : random.below(60);
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}

/** What is wrong, and what was done before; nothing if all is right. */
export function tell({ seed, violations, last }: ProofReport): string {
  if (violations.length === 0) return '';
  return [`PLUMB_SEED=${seed}`, ...violations, 'before that:', ...last].join('\n');
}
