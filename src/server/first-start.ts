/** What a store needs before anyone can sign in: the one-time token, or in development a signed-in root. */
import { join } from 'node:path';
import type { Composed } from './compose.ts';
import type { Config } from './config.ts';
import { errorFields } from '#domain/failures';
import type { Logger } from './log.ts';
import type { Caller } from '#service/services';
import { readTextFile, removeFile, writeFileAtomic } from '#util/files';

/**
 * Writes the one-time bootstrap token beside the data (0600) as long as there is no administrator, and takes it
 * away once it has been spent.
 */
export async function offerBootstrap(config: Config, composed: Composed, log: Logger): Promise<void> {
  const path = join(config.data, 'bootstrap-token');
  if (composed.bootstrapSpent()) return removeFile(path);
  composed.onBootstrapSpent(() => {
    removeFile(path).catch((error: unknown) =>
      log.error({ file: path, ...errorFields(error) }, 'bootstrap token cannot be removed'),
    );
  });
  const written = await readTextFile(path);
  const token = await composed.prepareBootstrap(written === undefined);
  if (token !== undefined) await writeFileAtomic(path, `${token}\n`);
  log.warn({ file: path }, 'no administrator yet: spend the one-time token with plumb login --bootstrap');
}

/** Signs in as person/root, whose token stands in `token` beside the socket. `undefined`: the token was lost. */
export async function signInRoot(config: Config, composed: Composed): Promise<Caller | undefined> {
  const path = join(config.data, 'token');
  const { sessions } = composed.services;
  const requestId = composed.requestId();
  let token = (await readTextFile(path))?.trim();
  if (token === undefined) {
    const once = await composed.prepareBootstrap(true);
    if (once === undefined) return undefined;
    const issued = await sessions.bootstrap({ token: once, name: 'root', address: 'unix', requestId });
    token = issued.token;
    await writeFileAtomic(path, `${token}\n`);
  }
  return sessions.authenticate({ type: 'token', token, address: 'unix' }, requestId);
}
