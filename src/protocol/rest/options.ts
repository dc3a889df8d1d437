import type { DoorLimits } from './door.ts';
import type { StreamLimits } from './streams.ts';
import type { ProtocolOptions } from '../protocol.ts';
import type { Clock, Random } from '#util/clock';

/** What REST needs besides what every protocol does. */
export interface RestOptions extends ProtocolOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: DoorLimits;
  readonly streams: StreamLimits;
  /** Pages of these may ask, as browsers send them: `https://HOST[:PORT]`. */
  readonly corsOrigins: readonly string[];
}
