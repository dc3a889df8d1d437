/** Whether a command has anything to do with what is kept for offline use. Loaded by every command that reads, so it is small. */
import { join } from 'node:path';
import type { CliIo } from './io.ts';

/** Of the commands that can answer from what is kept. */
export interface OfflineFlags {
  readonly offline?: boolean;
}

/** `$XDG_CONFIG_HOME/plumb/config.yaml`, by default below `~/.config`: what the user wishes for every project. */
export function userConfigPath({ env, home }: Pick<CliIo, 'env' | 'home'>): string {
  const config = env['XDG_CONFIG_HOME'];
  return join(config?.startsWith('/') === true ? config : join(home, '.config'), 'plumb', 'config.yaml');
}

export function isOfflineWished(io: CliIo, { offline }: OfflineFlags): boolean {
  return offline === true || (io.env['PLUMB_OFFLINE'] ?? '') !== '' || io.files.status(userConfigPath(io)) !== null;
}
