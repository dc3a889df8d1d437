/** Programs that end when nobody expects it. */
import type { Step } from './steps.ts';
import type { Trap } from './traffic.ts';
import type { World } from './world.ts';

/** Those that take seconds. */
export function accidentSteps(isPatient: boolean): readonly Step[] {
  return [
    { weight: 1.5, act: (world) => restartApiServer(world, isPatient) },
    { weight: 1, act: killServer },
    { weight: 2.5, act: killWhileWriting },
  ];
}

async function restartApiServer(world: World, isPatient: boolean): Promise<string> {
  // With streams open it takes a minute to end by itself.
  const signal = isPatient && world.random.next() < 0.2 ? 'SIGTERM' : 'SIGKILL';
  await world.kubernetes.restartApiServer(signal);
  await world.history.caughtUp();
  return `the API server is started again after ${signal}`;
}

async function killServer(world: World): Promise<string> {
  await world.ours.kill();
  await world.ours.start();
  return 'kill -9';
}

/** After the intent is durable, and before the confirmation is. */
async function killWhileWriting(world: World): Promise<string> {
  const when: Trap['when'] = world.random.next() < 0.5 ? 'before' : 'after';
  const { promise: killed, resolve } = Promise.withResolvers<string>();
  const spring: Trap['spring'] = async ({ group }) => {
    await world.ours.kill();
    resolve(`kill -9 ${when} a write to ${group}`);
    return false;
  };
  world.traffic.set({ when, spring });
  const op = { op: 'put', path: 'p/three/S0', kind: 'secret', value: world.ledger.fresh('S3CRET') } as const;
  world.ledger.tried(op.path, op.value);
  // It may be killed before it answers.
  void world.client.changes.apply({ ops: [op] }).catch(() => undefined);
  const patience = new Promise<string>((done) => setTimeout(() => done('kill -9 at a write: none came'), 3000).unref());
  const said = await Promise.race([killed, patience]);
  world.traffic.set(undefined);
  await world.ours.start();
  return said;
}
