import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '#util/clock';

const denominator = 2 ** 47;

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  next: () => randomInt(denominator) / denominator,
};
