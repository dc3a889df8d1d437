/** One round of load against a server, with what each side spent on a request. */
import { cpuOf, startChild } from './child.ts';
import type { Sample } from './harness.ts';
import type { LoadRequest, LoadResult } from './load.ts';

export interface Round extends Sample {
  readonly requests: number;
  /** Seconds of processor time of the server for each request. */
  readonly cpu: number;
}

/** `pid` is that of the server. */
export async function round(pid: number, request: LoadRequest): Promise<Round> {
  const load = await startChild('load.ts');
  const before = cpuOf(pid);
  const result = await load.ask<LoadResult>(request);
  const cpu = (cpuOf(pid) - before) / result.requests;
  await load.stop();
  const beside = { 'µs CPU': cpu * 1e6, 'µs CPU of the load': result.cpu * 1e6 };
  return { value: result.rate, beside, requests: result.requests, cpu };
}
