/** How long requests took, by route, method and class of status. */
import { requestBuckets } from '#service/metrics';
import type { HttpSeries } from '#service/parts';

/** What of a route its requests are counted under. */
export interface MeteredRoute {
  readonly method: string;
  /** With its parameters as `{name}`. */
  readonly url: string;
  /** Of the URL, before and after its parameter. */
  readonly prefix: string;
  readonly suffix: string;
  /** What stays open for as long as somebody listens has no duration. */
  readonly run: { readonly kind: string };
}

/** A class of answers to one route. */
class Series implements HttpSeries {
  readonly route: string;
  readonly method: string;
  readonly status: string;
  /** By bucket, each for itself; the last is for what is above all of them. */
  readonly counts: number[] = Array.from({ length: requestBuckets.length + 1 }, () => 0);
  sum = 0;

  constructor(route: string, method: string, status: string) {
    this.route = route;
    this.method = method;
    this.status = status;
  }

  add(seconds: number): void {
    let bucket = 0;
    while (seconds > (requestBuckets[bucket] ?? Infinity)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += seconds;
  }
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS']);
const other = 'other';

/** The series of one route, by method and then by the hundreds of the status. */
class Counted {
  readonly route: string;
  readonly #byMethod = new Map<string, Series[]>();

  constructor(route: string) {
    this.route = route;
  }

  add(asked: string, status: number, seconds: number): void {
    const method = methods.has(asked) ? asked : other;
    let byClass = this.#byMethod.get(method);
    if (byClass === undefined) this.#byMethod.set(method, (byClass = []));
    const hundreds = Math.trunc(status / 100);
    (byClass[hundreds] ??= new Series(this.route, method, `${hundreds}xx`)).add(seconds);
  }

  *series(): Generator<Series> {
    for (const byClass of this.#byMethod.values()) for (const series of byClass) if (series !== undefined) yield series;
  }
}

/** A request that is made all the time: it is told without taking its path apart. */
const usual = { pattern: '/api/v1/entries/{path}', prefix: '/api/v1/entries/' };

/** All series of a server. There are never more than routes × methods × 5 of them, whatever is asked for. */
export class RequestMeter {
  /** Those of one part of the URL, the ones with the most around their parameter first. */
  readonly #routes = new Map<string, readonly MeteredRoute[]>();
  readonly #counted = new Map<string, Counted>();
  readonly #usual: Counted;

  constructor(routes: readonly MeteredRoute[]) {
    this.#usual = this.#countedOf(usual.pattern);
    const byPart = Map.groupBy(routes, ({ url }) => partOf(url));
    for (const [part, found] of byPart) {
      this.#routes.set(
        part,
        found.toSorted((a, b) => fixed(b) - fixed(a)),
      );
    }
  }

  /** Nothing is kept of what is in `url`. */
  add(
    request: { readonly method?: string | undefined; readonly url?: string | undefined },
    status: number,
    ms: number,
  ): void {
    const { method = '', url = '' } = request;
    if (url.length > usual.prefix.length && url.startsWith(usual.prefix) && url[usual.prefix.length] !== '?') {
      return this.#usual.add(method, status, ms / 1000);
    }
    const route = this.#routeOf(method, url);
    if (route !== undefined) this.#countedOf(route).add(method, status, ms / 1000);
  }

  #countedOf(route: string): Counted {
    let counted = this.#counted.get(route);
    if (counted === undefined) this.#counted.set(route, (counted = new Counted(route)));
    return counted;
  }

  series(): readonly HttpSeries[] {
    return [...this.#counted.values()].flatMap((counted) => [...counted.series()]);
  }

  /** `undefined`: a stream. */
  #routeOf(asked: string, url: string): string | undefined {
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    for (const { method, url: pattern, prefix, suffix, run } of this.#routes.get(partOf(path)) ?? []) {
      const isMatch =
        pattern.endsWith('}') || suffix !== ''
          ? path.length > prefix.length + suffix.length && path.startsWith(prefix) && path.endsWith(suffix)
          : path === pattern;
      if (isMatch && run.kind !== 'stream') return pattern;
      if (isMatch && asked === method) return undefined;
    }
    return other;
  }
}

/** `entries` of `/api/v1/entries/a/b`, else the first part of the path. */
function partOf(path: string): string {
  const from = path.startsWith('/api/v1/') ? 8 : 1;
  const slash = path.indexOf('/', from);
  return slash < 0 ? path.slice(from) : path.slice(from, slash);
}

/** Streams first: they share their pattern with others. */
function fixed({ url, prefix, suffix, run }: MeteredRoute): number {
  if (run.kind === 'stream') return Infinity;
  // Without a parameter it is the most exact of all.
  return url.includes('{') ? prefix.length + suffix.length : Number.MAX_SAFE_INTEGER;
}
