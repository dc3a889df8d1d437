import { afterAll, expect, test } from 'vitest';
import { closeHandlers, makeHandler, send, stubServices } from '#testing/rest';

afterAll(closeHandlers);

test.each(['/api/v1/syncs', '/api/v1/syncs/s'])('%s is sent again only when it is another one', async (url) => {
  const services = stubServices();
  const handler = await makeHandler(services);
  const first = await send({ method: 'GET', url }, handler);
  const etag = String(first.headers['etag']);
  expect(etag).toMatch(/^"[\w-]{22}(\.[\w-]{22})?"$/);
  const known = { 'if-none-match': etag };
  const again = await send({ method: 'GET', url, headers: known }, handler);
  expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', etag]);
  const { get, list } = services.syncs;
  services.syncs.list = async (caller) => (await list(caller)).map((sync) => ({ ...sync, generation: 2 }));
  services.syncs.get = async (caller, name) => ({ ...(await get(caller, name)), generation: 2 });
  const other = await send({ method: 'GET', url, headers: known }, handler);
  expect(other.status).toBe(200);
  expect(other.headers['etag']).not.toBe(etag);
});

test('metrics are text, and take a token', async () => {
  const handler = await makeHandler(stubServices());
  const answer = await send({ method: 'GET', url: '/metrics' }, handler);
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  expect(answer.text).toBe('# TYPE plumb_revision gauge\nplumb_revision 7\n');
  expect((await send({ method: 'GET', url: '/metrics', headers: { authorization: '' } }, handler)).status).toBe(401);
});
