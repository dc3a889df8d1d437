/** The way to one server: questions, the stream of changes, and what is kept for when it is away. */
import { createHmac } from 'node:crypto';
import { mayFallBack, openCache } from '@plumbd/client/cache';
import type { CacheStorage } from '@plumbd/client/cache';
import type { WatchEvent } from '@plumbd/client';
import type { AgentConfig } from './config.ts';
import { connect } from './connection.ts';
import { Follower } from './follower.ts';
import type { AgentTransport, TransportOptions } from './io/transport.ts';
import { refusalOf, Upstream } from './upstream.ts';
import type { Reachability } from './upstream.ts';
import type { Clock, Random } from '#util/clock';

/** What of a configuration says where the server is. */
export type LinkConfig = Pick<AgentConfig, 'server' | 'ca' | 'tokenFile' | 'maxAgeMs'>;

export interface LinkOptions {
  readonly config: LinkConfig;
  /** Of the state folder. */
  readonly rootKey: Uint8Array;
  readonly storage: CacheStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
  readonly openTransport: (options: TransportOptions) => Promise<AgentTransport>;
  /** `gap`: changes may have been missed. */
  readonly opened: (gap: boolean) => void;
  readonly heard: (event: WatchEvent) => void;
  readonly reached: (state: Reachability['state']) => void;
  /** Changes cannot be followed: why, for people. */
  readonly refused: (message: string) => void;
}

export class Link {
  readonly config: LinkConfig;
  readonly upstream: Upstream;
  readonly #follower: Follower;
  readonly #transport: AgentTransport;

  private constructor(options: LinkOptions, transport: AgentTransport) {
    const { config, clock, random } = options;
    const connection = connect({
      url: config.server.url,
      send: transport.send,
      userAgent: `plumb-agent/${options.version}`,
    });
    const cache = openCache({
      storage: options.storage,
      key: subkey(options.rootKey, 'cache'),
      scope: `agent ${config.server.text}`,
      maxAgeMs: config.maxAgeMs,
      now: () => clock.now(),
    });
    this.config = config;
    this.#transport = transport;
    this.upstream = new Upstream({ client: connection.client, cache, clock, random, reached: options.reached });
    this.#follower = new Follower({
      clock,
      random,
      watch: (after, end) => connection.watch(after, end),
      opened: (gap) => {
        this.upstream.isBack();
        options.opened(gap);
      },
      heard: options.heard,
      isNoAnswer: mayFallBack,
      failed: (error) => {
        const refused = refusalOf(error);
        if (refused !== undefined) options.refused(refused.message);
      },
    });
  }

  /** Throws `invalid` when the authorities cannot be read; connects nowhere. */
  static async open(options: LinkOptions): Promise<Link> {
    const { server, ca, tokenFile } = options.config;
    return new Link(options, await options.openTransport({ address: server, ca, tokenFile }));
  }

  /** Whether every change is heard of as it comes. */
  get isLive(): boolean {
    return this.#follower.isLive;
  }

  /** Whether nobody answers, so that nothing can be missed that is not told later. */
  get isCutOff(): boolean {
    return this.#follower.isCutOff;
  }

  follow(): void {
    this.#follower.start();
  }

  async close(): Promise<void> {
    await this.#follower.stop();
    this.#transport.close();
  }
}

/** One key for each purpose. */
export function subkey(key: Uint8Array, purpose: string): Uint8Array {
  return createHmac('sha256', key).update(`plumb agent, ${purpose}`).digest();
}
