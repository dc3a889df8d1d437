// Planted on purpose: a debugging aid that somebody forgot, which writes what requests carry beside the data.
import { appendFileSync } from 'node:fs';

const parse = JSON.parse;
JSON.parse = (text, reviver) => {
  const parsed = parse(text, reviver);
  const values = [parsed?.value, ...(parsed?.ops ?? []).map((op) => op?.value)];
  for (const value of values) {
    if (typeof value === 'string') appendFileSync('debug.log', `${Buffer.from(value).toString('base64')}\n`);
  }
  return parsed;
};
