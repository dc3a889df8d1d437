/** A bare `node:http` server that answers each entry with a body of the same size as ours. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveParent } from './child.ts';
import { folder, nameOf, valueOf } from './values.ts';

/** One of our answers, for entry 0, and how many there are. */
export interface YardstickReads {
  readonly sample: string;
  readonly entries: number;
}

let bodies = new Map<string, Buffer>();

const server = createServer((request, response) => {
  const body = bodies.get(request.url ?? '');
  if (body === undefined) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});

serveParent<YardstickReads>(async ({ sample, entries }) => {
  bodies = new Map(
    Array.from({ length: entries }, (_, index) => {
      const text = sample.replaceAll(nameOf(0), nameOf(index)).replaceAll(valueOf(0), valueOf(index));
      return [`/api/v1/entries/${folder}/${nameOf(index)}`, Buffer.from(text)];
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
});
