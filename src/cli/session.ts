import type { Client, Transport } from '@plumbd/client';
import { PlumbError } from '#domain/errors';
import type { Address } from './address.ts';
import { findDevelopmentSocket, findUpward, parseAddress } from './address.ts';
import { readCredentials, tokenFor } from './credentials.ts';
import { UsageError } from './failures.ts';
import type { CliIo } from './io.ts';
import type { ProjectFile } from './project-file.ts';
import { Printer } from './printer.ts';
import type { Style } from './style.ts';

export const projectFileName = 'plumb.yaml';

/** Flags that say where to connect and what single names mean. */
export interface PlaceFlags {
  readonly address?: string;
  readonly environment?: string;
}

/** A server, and the token for exactly that address. */
export interface SignedIn {
  readonly address: Address;
  readonly token: string;
}

/** One run of one command: where it connects, what its names mean, where its output goes. */
export class Session extends Printer {
  readonly style: Style;
  #exitCode = 0;
  #project: Promise<ProjectFile | undefined> | undefined;

  constructor(io: CliIo, style: Style) {
    super(io);
    this.style = style;
  }

  get exitCode(): number {
    return this.#exitCode;
  }

  /** Ends with this exit code although nothing was thrown. */
  exitWith(code: number): void {
    this.#exitCode = code;
  }

  /** `-e`, then PLUMB_ENV, then plumb.yaml; `/` says that there is none. A branch of git says only what is read. */
  async environment(flags: PlaceFlags, use: 'read' | 'write' = 'read'): Promise<string | undefined> {
    const named = flags.environment ?? (this.io.env['PLUMB_ENV'] || undefined);
    const chosen = named ?? (await this.#projectEnvironment(use));
    return chosen === undefined || chosen === '/' ? undefined : chosen.replace(/\/$/, '');
  }

  /** The path of an entry: in full, or a single name in the environment. */
  async path(text: string, flags: PlaceFlags, use: 'read' | 'write' = 'read'): Promise<string> {
    if (text === '') throw new UsageError('a path must not be empty');
    const environment = text.includes('/') ? undefined : await this.environment(flags, use);
    return environment === undefined ? text : `${environment}/${text}`;
  }

  /** A folder given in full, or the environment. Throws a usage error if there is neither. */
  async folder(text: string | undefined, flags: PlaceFlags, use: 'read' | 'write' = 'read'): Promise<string> {
    const folder = text ?? (await this.environment(flags, use));
    if (folder !== undefined && folder !== '') return folder.replace(/\/$/, '');
    throw new UsageError(
      'which folder?',
      `give it as -e FOLDER, in PLUMB_ENV, or as environment in ${projectFileName}`,
    );
  }

  async #projectEnvironment(use: 'read' | 'write'): Promise<string | undefined> {
    const project = await this.#projectFile();
    if (project?.branches === undefined) return project?.environment;
    const { projectEnvironment } = await import('./branches.ts');
    return projectEnvironment(this, project, use);
  }

  #projectFile(): Promise<ProjectFile | undefined> {
    this.#project ??= this.#readProjectFile();
    return this.#project;
  }

  /** What reads it is loaded only where there is one. */
  async #readProjectFile(): Promise<ProjectFile | undefined> {
    const path = findUpward(this.io, projectFileName);
    if (path === undefined) return undefined;
    const { readProjectFile } = await import('./project-file.ts');
    return readProjectFile(this.io, path);
  }

  /** A client for the chosen server with the token for exactly that address. Throws before anything is sent. */
  async connect(flags: PlaceFlags): Promise<Client> {
    const { address, token } = await this.signedIn(flags);
    return this.clientFor(address, token);
  }

  /** Throws `unauthenticated` if there is no token. */
  async signedIn(flags: PlaceFlags): Promise<SignedIn> {
    const credentials = readCredentials(this.io);
    const address = this.chooseAddress(flags, credentials.default);
    await this.#compareProjectAddress(address);
    const token = tokenFor(this.io, address, credentials);
    if (token === undefined) {
      throw new PlumbError('unauthenticated', `not signed in to ${address.text}`, {
        hint: `plumb login --address ${address.text}, or put a token into PLUMB_TOKEN`,
      });
    }
    return { address, token };
  }

  /** Throws `unauthenticated` for a token that no request could carry. */
  async clientFor(address: Address, token: string | undefined): Promise<Client> {
    if (token !== undefined && !/^[!-~]+$/.test(token)) {
      throw new PlumbError('unauthenticated', 'the token is malformed', {
        hint: 'a token is plumb.<8 characters>.<43 characters>, without blanks and line ends; copy it whole',
      });
    }
    const { createClient } = await import('@plumbd/client');
    return createClient({
      address: address.url,
      transport: this.#transport(address),
      userAgent: 'plumb-cli',
      // Whoever waits at a prompt wants to hear it at once, and may go on waiting.
      retry: false,
      timeoutMs: 0,
      ...(token === undefined ? {} : { token }),
    });
  }

  /** Says which server it was that did not answer. */
  #transport(address: Address): Transport {
    const send = this.io.transport(address.socket === undefined ? {} : { socket: address.socket });
    return async (url, request) => {
      try {
        return await send(url, request);
      } catch (cause) {
        const { unreachable } = await import('./unreachable.ts');
        throw unreachable(address.text, cause);
      }
    };
  }

  /**
   * What the user named (`--address`, PLUMB_ADDR), else where the last login was (never over plain http,
   * whose port somebody else may hold by now), else the development server of this folder.
   */
  chooseAddress(flags: PlaceFlags, preferred: string | undefined): Address {
    const named = flags.address ?? (this.io.env['PLUMB_ADDR'] || undefined);
    if (named !== undefined) return parseAddress(named, this.io.cwd);
    const stored = preferred === undefined ? undefined : parseAddress(preferred, this.io.cwd);
    if (stored !== undefined && !stored.plain) return stored;
    const socket = findDevelopmentSocket(this.io);
    if (socket !== undefined) return parseAddress(`unix:${socket}`, this.io.cwd);
    throw new UsageError(
      'which server?',
      'name it by --address or PLUMB_ADDR, or sign in once with plumb login --address',
    );
  }

  /** A project file may say where its server is, and is then told apart from it; it is never followed. */
  async #compareProjectAddress(used: Address): Promise<void> {
    const wished = (await this.#projectFile())?.address;
    if (wished === undefined || wished === used.text) return;
    this.note('note', `${projectFileName} names the server ${wished}; this command uses ${used.text}`);
    this.note('hint', `if you trust it: plumb login --address ${wished}`);
  }
}
