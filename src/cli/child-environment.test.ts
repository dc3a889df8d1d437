import { describe, expect, test } from 'vitest';
import { childEnvironment, isDangerousName } from './child-environment.ts';

describe('the environment of a child', () => {
  test('is the own one without our token, and the values over it', () => {
    const own = { PATH: '/bin', HOME: '/home/ada', PLUMB_TOKEN: 'plumb.x', PLUMB_ENV: 'a/b', GONE: undefined };
    expect(
      childEnvironment(
        own,
        [
          ['HOME', '/x'],
          ['NEW', ''],
        ],
        [],
      ),
    ).toEqual({ PATH: '/bin', HOME: '/x', PLUMB_ENV: 'a/b', NEW: '' });
  });

  test('holds names that objects have themselves', () => {
    expect(
      Object.entries(
        childEnvironment(
          {},
          [
            ['__proto__', 'x'],
            ['constructor', 'y'],
          ],
          [],
        ),
      ),
    ).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  test('refuses, all at once and without values, what cannot or may not stand in it', () => {
    const make = () =>
      childEnvironment(
        {},
        [
          ['A-B', 'hush'],
          ['A', 'hu\0sh'],
          ['LD_PRELOAD', 'hush'],
          ['', ''],
          ['OK', ''],
        ],
        [],
      );
    expect(make).toThrow(
      expect.objectContaining({
        code: 'invalid',
        diagnostics: [
          { subject: 'A-B', message: 'is not the name of an environment variable' },
          { subject: 'A', message: 'has a NUL character, which no environment variable can hold' },
          {
            subject: 'LD_PRELOAD',
            message: 'makes programs run code or trust a place; allow it by name if that is meant',
          },
          { subject: '', message: 'is not the name of an environment variable' },
        ],
      }),
    );
  });

  test('allows a dangerous name by name only', () => {
    const values = [['NODE_OPTIONS', '--enable-source-maps']] as const;
    expect(childEnvironment({}, values, ['NODE_OPTIONS'])).toEqual({ NODE_OPTIONS: '--enable-source-maps' });
    expect(() => childEnvironment({}, values, ['NODE_*'])).toThrow('not every name can be given');
  });

  test.each([
    'NODE_OPTIONS',
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'LD_AUDIT',
    'DYLD_INSERT_LIBRARIES',
    'PATH',
    'BASH_ENV',
    'ENV',
    'IFS',
    'PYTHONSTARTUP',
    'PERL5OPT',
    'GIT_SSH_COMMAND',
    'GIT_CONFIG_COUNT',
    'PLUMB_ADDR',
    'JAVA_TOOL_OPTIONS',
    'npm_config_script_shell',
    'NPM_CONFIG_SCRIPT_SHELL',
    'NODE_COMPILE_CACHE',
    'TAR_OPTIONS',
    'PS1',
    'LESSKEY_CONTENT',
  ])('%s is dangerous', (name) => {
    expect(isDangerousName(name)).toBe(true);
  });

  test.each(['DB_HOST', 'HOST', 'HTTPS', 'PORT', 'NODE_ENV', 'SECRET_KEY_BASE', 'AWS_REGION', 'PATHS', 'NPM_TOKEN'])(
    '%s is not',
    (name) => {
      expect(isDangerousName(name)).toBe(false);
    },
  );
});
