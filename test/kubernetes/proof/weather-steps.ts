/** What goes wrong between our server and the API server, and with either of them. */
import { intrude } from './intruder.ts';
import type { Step } from './steps.ts';
import type { World } from './world.ts';
import { type Fault, faults, type ProxiedRequest } from '#testing/http-faults';

/** How the weather is; everything in it ends with the next rest. */
export class Weather {
  readonly #world: World;
  readonly #spells: { left: number; readonly matches: (request: ProxiedRequest) => boolean; readonly fault: Fault }[] =
    [];
  /** Steps until the network works again. */
  #left = 0;
  #end: (() => Promise<void>) | undefined;
  #hangs = false;

  constructor(world: World) {
    this.#world = world;
    world.traffic.weather = (request) => this.#faultOf(request);
  }

  /** The next `count` requests that match get this. */
  spell(count: number, matches: (request: ProxiedRequest) => boolean, fault: Fault): void {
    this.#spells.push({ left: count, matches, fault });
  }

  /** Until so many steps later. */
  async bad(steps: number, begin: () => unknown, end: () => unknown): Promise<void> {
    if (this.#end !== undefined) return;
    await begin();
    this.#left = steps;
    this.#end = async () => {
      await end();
    };
  }

  async step(): Promise<void> {
    this.#left -= 1;
    if (this.#left <= 0) await this.#clear();
  }

  /** Now and then what hangs is left to time out. */
  async calm(): Promise<void> {
    this.#spells.length = 0;
    this.#world.traffic.set(undefined);
    await this.#clear();
    if (this.#hangs && this.#world.random.next() < 0.8) this.#world.network.tcp.cut();
    this.#hangs = false;
  }

  async #clear(): Promise<void> {
    const end = this.#end;
    this.#end = undefined;
    await end?.();
  }

  #faultOf(request: ProxiedRequest): Fault | undefined {
    const spell = this.#spells.find(({ left, matches }) => left > 0 && matches(request));
    if (spell === undefined) return undefined;
    spell.left -= 1;
    if (spell.fault.type === 'hang') this.#hangs = true;
    return spell.fault;
  }
}

const isWatch = ({ path }: ProxiedRequest): boolean => path.includes('watch=');
const isWrite = ({ method, path }: ProxiedRequest): boolean => method !== 'GET' && !path.includes('/apis/');
const isCall = (request: ProxiedRequest): boolean => !isWatch(request);

const answers: readonly (readonly [string, (request: ProxiedRequest) => boolean, Fault])[] = [
  ['409', isWrite, faults.conflict],
  ['429', isCall, faults.tooMany(1)],
  ['500', isCall, faults.internal],
  ['503', isCall, faults.unavailable],
  ['a lost answer', isWrite, faults.lose],
  ['a lost answer', isWrite, faults.lose],
  ['a broken connection', isCall, faults.reset],
  ['410 to a watch', isWatch, faults.gone],
  ['410 in a watch', isWatch, faults.watchGone],
  ['500 to a watch', isWatch, faults.internal],
];

export function weatherSteps(weather: Weather): readonly Step[] {
  return [
    { weight: 9, act: (world) => badAnswers(world, weather) },
    { weight: 0.4, act: (world) => hang(world, weather) },
    { weight: 4, act: (world) => network(world, weather) },
    { weight: 4, act: intrusion },
    { weight: 1.2, act: (world) => compact(world, weather) },
  ];
}

function badAnswers(world: World, weather: Weather): Promise<string> {
  const [name, matches, fault] = world.pick(answers) ?? ['', isCall, faults.internal];
  const count = 1 + world.random.below(3);
  weather.spell(count, matches, fault);
  // A watch that is open is not asked for.
  if (matches === isWatch) world.network.http.endStreams();
  return Promise.resolve(`${name}, ${count} times`);
}

function hang(_world: World, weather: Weather): Promise<string> {
  weather.spell(1, isCall, faults.hang);
  return Promise.resolve('the next request hangs');
}

async function network(world: World, weather: Weather): Promise<string> {
  const { tcp, http } = world.network;
  const steps = 1 + world.random.below(4);
  const kinds: readonly (readonly [string, () => unknown])[] = [
    ['connections are cut', () => tcp.cut('reset')],
    ['connections end', () => tcp.cut('end')],
    ['watches end', () => http.endStreams('end')],
    ['watches break', () => http.endStreams('reset')],
    ['the server says goodbye', () => http.goAway()],
    [
      'nothing moves',
      () =>
        weather.bad(
          steps,
          () => tcp.stall(),
          () => tcp.resume(),
        ),
    ],
    [
      'connections are cut soon',
      () =>
        weather.bad(
          steps,
          () => tcp.cutAfter(world.random.below(20_000)),
          () => tcp.cutAfter(Number.POSITIVE_INFINITY),
        ),
    ],
    [
      'everything is late',
      () =>
        weather.bad(
          steps,
          () => tcp.delay(world.random.below(80)),
          () => tcp.delay(0),
        ),
    ],
    [
      'connections are refused',
      () =>
        weather.bad(
          steps,
          () => refuse(world),
          () => tcp.admit(),
        ),
    ],
  ];
  const [name = '', act] = world.pick(kinds) ?? [];
  await act?.();
  return `${name}, ${steps} steps`;
}

async function refuse({ network: { tcp } }: World): Promise<void> {
  await tcp.refuse();
  tcp.cut();
}

/** Our watches miss something, and cannot go on where they were. */
async function compact(world: World, weather: Weather): Promise<string> {
  await weather.bad(
    2,
    () => refuse(world),
    () => world.network.tcp.admit(),
  );
  await world.history.caughtUp();
  await world.kubernetes.compactEtcd();
  // Those who tell us what happens can go on from here.
  await world.history.caughtUp();
  return 'compaction';
}

/** Somebody writes between our look and our write. */
export function intrusion(world: World): Promise<string> {
  world.traffic.set({
    when: 'before',
    spring: async ({ group, body, method }) => {
      if (method === 'DELETE' || body === undefined) return true;
      const intruding = intrude(world, group, body);
      world.intrusions.add(intruding);
      await intruding.finally(() => world.intrusions.delete(intruding));
      return true;
    },
  });
  return Promise.resolve('an intruder waits for our next write');
}
