/**
 * The user's own configuration: what they wish wherever they work. A project file says nothing of this: whether values
 * are kept on this machine is not for a project to decide.
 */
import { PlumbError } from '#domain/errors';
import type { Diagnostic } from '#domain/errors';
import { readYaml } from '#format/yaml';
import { parseDuration } from './duration.ts';
import { UsageError } from './failures.ts';
import type { CliIo } from './io.ts';
import { userConfigPath } from './offline-flags.ts';

/** `never`: nothing is kept. `keep`: what is read is kept, for `--offline`. `fallback`: it also stands in by itself. */
export const offlineModes = ['never', 'keep', 'fallback'] as const;
export type OfflineMode = (typeof offlineModes)[number];

export interface OfflineSettings {
  /** Default `never`. */
  readonly mode: OfflineMode;
  /** Milliseconds; what was kept longer ago is never answered. Default 24 h, at most 30 d. */
  readonly maxAgeMs: number;
}

const maxBytes = 64 * 1024;
const defaultMaxAge = '24h';
const longestMs = 30 * 24 * 60 * 60 * 1000;

/** Variables win over the file. Throws a usage error for a variable, `invalid` for a file that is not understood. */
export function offlineSettings(io: CliIo): OfflineSettings {
  const file = readUserConfig(io);
  const mode = io.env['PLUMB_OFFLINE'] || file.offline || 'never';
  const age = io.env['PLUMB_OFFLINE_MAX_AGE'] || file.offlineMaxAge || defaultMaxAge;
  if (!isMode(mode)) throw new UsageError(`PLUMB_OFFLINE must be ${offlineModes.join(', ')}`);
  return { mode, maxAgeMs: ageOf(age) };
}

const isMode = (text: string): text is OfflineMode => offlineModes.some((mode) => mode === text);

function ageOf(text: string): number {
  const ms = parseDuration(text) * 1000;
  if (ms <= longestMs) return ms;
  throw new UsageError('values are kept offline for 30d at most');
}

interface UserConfig {
  readonly offline?: string;
  readonly offlineMaxAge?: string;
}

/** Names that are known, with what is wrong about a value. */
const rules: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  offline: (value) => (typeof value === 'string' && isMode(value) ? undefined : `must be ${offlineModes.join(', ')}`),
  offlineMaxAge(value) {
    try {
      if (typeof value !== 'string') return 'must be a duration such as 12h';
      ageOf(value);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : 'cannot be read';
    }
  },
};

function readUserConfig(io: CliIo): UserConfig {
  const path = userConfigPath(io);
  const status = io.files.status(path);
  if (status === null) return {};
  if (status.owner !== io.uid || (status.mode & 0o022) !== 0) {
    throw new PlumbError('forbidden', `${path} may be written by other users, so it is not used`, {
      hint: `chmod go-w ${path}`,
    });
  }
  const content = readYaml(new TextDecoder().decode(io.files.read(path, maxBytes) ?? undefined), path) ?? {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new PlumbError('invalid', `${path} must be a mapping of names to text`);
  }
  const diagnostics = Object.entries(content).flatMap(([name, value]) => faultsOf(path, name, value));
  if (diagnostics.length > 0) throw new PlumbError('invalid', `${path} is not valid`, { diagnostics });
  return content;
}

function faultsOf(subject: string, name: string, value: unknown): readonly Diagnostic[] {
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (rule === undefined) {
    const expected = Object.keys(rules).join(' or ');
    return [{ subject, message: `${JSON.stringify(name)} is not known here, expected ${expected}` }];
  }
  const fault = rule(value);
  return fault === undefined ? [] : [{ subject, message: `${name}: ${fault}` }];
}
