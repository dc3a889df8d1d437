/**
 * The system's keyring for the command line, a part of the edge like main-io.ts: the Secret Service of a Linux desktop
 * by `secret-tool` of libsecret, the keychain of macOS by `security`. A secret goes through pipes, never through
 * arguments, which every user of the machine can see.
 */
import type { CliKeyring } from '#cli/io';

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
}

/** A keyring that is locked asks its owner, who may have gone for coffee. */
const patienceMs = 60_000;

/** `null`: it cannot be started, or does not end. */
function run(program: string, args: readonly string[], input: string): Promise<Ran | null> {
  const { spawn } = process.getBuiltinModule('node:child_process');
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], timeout: patienceMs });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.on('error', () => resolve(null));
    child.on('close', (code) => resolve({ code, stdout }));
    child.stdin.on('error', () => undefined).end(input);
  });
}

const attributes = ['service', 'plumb', 'purpose', 'offline'] as const;

const secretService: CliKeyring = {
  async read() {
    const ran = await run('secret-tool', ['lookup', ...attributes], '');
    return ran?.code === 0 ? ran.stdout.trim() || undefined : undefined;
  },
  async write(text) {
    const label = '--label=Plumb: key of values kept offline';
    return (await run('secret-tool', ['store', label, ...attributes], text))?.code === 0;
  },
  async remove() {
    await run('secret-tool', ['clear', ...attributes], '');
  },
};

const keychainItem = ['-s', 'plumb', '-a', 'offline'] as const;

const keychain: CliKeyring = {
  async read() {
    const ran = await run('security', ['find-generic-password', ...keychainItem, '-w'], '');
    return ran?.code === 0 ? ran.stdout.trim() || undefined : undefined;
  },
  async write(text) {
    // Commands of `security -i` come by standard input.
    const line = `add-generic-password ${keychainItem.join(' ')} -U -w ${text}\n`;
    const ran = await run('security', ['-i'], line);
    return ran?.code === 0 && (await keychain.read()) === text;
  },
  async remove() {
    await run('security', ['delete-generic-password', ...keychainItem], '');
  },
};

/** `undefined`: there is none, such as on a server or over ssh. */
export function systemKeyring(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): CliKeyring | undefined {
  if (platform === 'darwin') return keychain;
  return platform === 'linux' && env['DBUS_SESSION_BUS_ADDRESS'] !== undefined ? secretService : undefined;
}
