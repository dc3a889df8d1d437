/** A bare `node:http` server that parses the JSON, encrypts the value, appends it and syncs once for each batch. */
import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Appender } from './appender.ts';
import { serveParent } from './child.ts';

/** The file to append to. */
export interface YardstickWrites {
  readonly file: string;
}

const secret = createSecretKey(randomBytes(32));
let revision = 0;

function encrypt(text: string): Buffer {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', secret, iv);
  return Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

serveParent<YardstickWrites>(async ({ file }) => {
  const appender = await Appender.open(file);
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { value } = JSON.parse(Buffer.concat(parts).toString()) as { value: string };
      void appender.append(Buffer.concat([Buffer.from(request.url ?? ''), encrypt(value)])).then(() => {
        revision += 1;
        const body = JSON.stringify({ revision, path: request.url });
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
});
