/** Over TLS: only the server that the configured authority vouches for, and nothing in its place. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { newAuthority } from '#testing/certificates';
import { conditions, pass, until, World } from './world.ts';

let world: World;
afterEach(() => world.end());

test('an authority of one’s own; somebody else under the same address is not followed, nor is what is kept used instead', async () => {
  world = await World.make();
  await world.stopServer();
  const authority = newAuthority('ours');
  const file = (name: string, text: string): string => {
    writeFileSync(join(world.place, name), text, { mode: 0o600 });
    return join(world.place, name);
  };
  const { certificate, privateKey } = authority.issue({ name: 'server', hosts: ['127.0.0.1'] });
  const tls = ['--tls-cert', file('cert.pem', certificate), '--tls-key', file('cert.key', privateKey)];
  await world.startServer(tls);
  const server = world.server.address;
  world.configure({ server });
  const nudge = () => pass(world, 5000);
  const stranger = await world.open();
  stranger.start();
  await until(() => conditions(stranger).includes('Stalled: Untrusted'), nudge);
  expect(JSON.stringify(stranger.status())).toMatch(/cannot be used or trusted \([A-Z_]+\)/);
  await stranger.stop();
  world.configure({ server, ca: file('ca.pem', authority.ca) });
  const agent = await world.start();
  await until(() => world.file() !== null, nudge);
  await world.rest(agent);
  await world.stopServer();
  const other = newAuthority('theirs').issue({ name: 'server', hosts: ['127.0.0.1'] });
  const asked: string[] = [];
  const impostor = createServer({ cert: other.certificate, key: other.privateKey }, ({ headers }, response) => {
    asked.push(headers.authorization ?? '');
    response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => impostor.listen(Number(new URL(server).port), '127.0.0.1', resolve));
  writeFileSync(world.path(), 'A=by hand\nSECRET=first\n');
  await until(() => conditions(agent).includes('Stalled: Untrusted'), nudge);
  await new Promise((resolve) => impostor.close(resolve));
  for (let time = 0; time < 30; time += 1) await nudge();
  expect([world.file(), asked]).toEqual([['A=by hand', 'SECRET=first'], []]);
});
