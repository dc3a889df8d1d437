import type { FollowListener, Following, Selection } from './cluster.ts';
import { keyOf } from './resources.ts';
import { Stream } from './stream.ts';
import type { StreamHost } from './stream-host.ts';

/** One stream per selection, however many follow it; it ends when nobody does. */
export class Follows {
  readonly #host: StreamHost;
  readonly #streams = new Map<string, Stream>();

  constructor(host: StreamHost) {
    this.#host = host;
  }

  /** How many streams there are. */
  get size(): number {
    return this.#streams.size;
  }

  follow(selection: Selection, listener: FollowListener): Following {
    const key = keyOf(selection);
    const stream = this.#streams.get(key) ?? new Stream(selection, this.#host);
    this.#streams.set(key, stream);
    // A listener may follow twice.
    const follower: FollowListener = {
      seen: (object, gone) => listener.seen(object, gone),
      ready: () => listener.ready(),
      lost: (error) => listener.lost(error),
    };
    stream.add(follower);
    return {
      get current() {
        return stream.isCurrentFor(follower);
      },
      stop: () => {
        stream.remove(follower);
        if (stream.size > 0 || this.#streams.get(key) !== stream) return;
        this.#streams.delete(key);
        stream.stop();
      },
    };
  }

  stop(): void {
    for (const stream of this.#streams.values()) stream.stop();
    this.#streams.clear();
  }
}
