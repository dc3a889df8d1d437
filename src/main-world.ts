/** More of the world for the command line, a part of the edge like main-io.ts: what only a few commands need. */
import type { CertificateFacts, CliFiles, CliKeyring } from '#cli/io';

// As in main-io.ts: only what is used of a built-in module is loaded.
const fs = process.getBuiltinModule('node:fs');

export function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done);
    if (signal?.aborted === true) done();
  });
}

export function makePrivateFolder(within: string): string {
  return fs.mkdtempSync(`${within}/plumb-`);
}

export function remove(path: string): void {
  fs.rmSync(path, { recursive: true, force: true });
}

export const space: CliFiles['space'] = (path) => {
  try {
    const { bavail, blocks, bsize } = fs.statfsSync(path);
    return { free: bavail * bsize, total: blocks * bsize };
  } catch {
    return null;
  }
};

/** That of this system, if it has one; what speaks with it is loaded when it is asked. */
export function keyring({ platform, env }: Pick<NodeJS.Process, 'platform' | 'env'>): CliKeyring {
  const found = async () => (await import('./main-keyring.ts')).systemKeyring(platform, env);
  return {
    read: async () => (await found())?.read(),
    write: async (text) => (await (await found())?.write(text)) ?? false,
    remove: async () => (await found())?.remove(),
  };
}

/** How long a server may take to show its certificate. */
const patienceMs = 10_000;

/** Nothing is sent: the handshake alone shows the certificate. */
export function certificate(host: string, port: number): Promise<CertificateFacts> {
  const { connect } = process.getBuiltinModule('node:tls');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, servername: host, rejectUnauthorized: false, timeout: patienceMs }, () => {
      const shown = socket.getPeerCertificate(true);
      const problem = socket.authorizationError as unknown;
      resolve({
        expires: Date.parse(shown.valid_to),
        chain: chainOf(shown),
        ...(socket.authorized ? {} : { problem: problem instanceof Error ? problem.message : String(problem) }),
      });
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error('no answer in time')));
    socket.on('error', reject);
  });
}

interface Shown {
  readonly subject: { readonly CN?: string | string[]; readonly O?: string | string[] };
  readonly fingerprint256: string;
  readonly issuerCertificate?: Shown;
}

function chainOf(first: Shown): readonly string[] {
  const names = new Map<string, string>();
  for (let next: Shown | undefined = first; next !== undefined; next = next.issuerCertificate) {
    if (names.has(next.fingerprint256)) break;
    names.set(next.fingerprint256, String(next.subject.CN ?? next.subject.O ?? 'unnamed'));
  }
  return [...names.values()];
}
