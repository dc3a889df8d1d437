/**
 * The socket in the state folder, which answers questions about the agent that runs there. One line of JSON each way.
 */
import { createConnection, createServer } from 'node:net';
import { chmod } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { PlumbError } from '#domain/errors';
import { removeFile } from '#util/files';

/** Answers one question; JSON-safe both. */
export type Answering = (question: unknown) => Promise<unknown>;

export interface Control {
  close(): Promise<void>;
}

const maxLine = 64 * 1024;
const maxAnswer = 64 * 1024 * 1024;

/** Takes the place of a socket that is there: for whoever has the lock of the folder. */
export async function openControl(path: string, answer: Answering): Promise<Control> {
  await removeFile(path);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    void converse(socket, answer);
  });
  await listening(server, path);
  await chmod(path, 0o600);
  return {
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Throws `unavailable` when no agent answers there, and what it answers as an error. */
export async function ask(path: string, question: unknown): Promise<unknown> {
  const socket = createConnection(path);
  const text = await new Promise<string>((resolve, reject) => {
    socket.once('connect', () => socket.write(`${JSON.stringify(question)}\n`));
    socket.once('error', (cause) =>
      reject(new PlumbError('unavailable', 'no agent runs with this state folder', { cause })),
    );
    readLine(socket, maxAnswer).then(resolve, reject);
  });
  socket.destroy();
  const { error, answer } = JSON.parse(text) as {
    error?: { code: string; message: string; hint?: string };
    answer: unknown;
  };
  if (error === undefined) return answer;
  throw new PlumbError(error.code as 'invalid', error.message, error.hint === undefined ? {} : { hint: error.hint });
}

async function converse(socket: Socket, answer: Answering): Promise<void> {
  try {
    const question: unknown = JSON.parse(await readLine(socket, maxLine));
    socket.end(`${JSON.stringify({ answer: await answer(question) })}\n`);
  } catch (error) {
    const known = error instanceof PlumbError;
    const { code, message, hint } = known
      ? error
      : new PlumbError('internal', 'the agent could not answer; its log may say why');
    socket.end(`${JSON.stringify({ error: { code, message, hint } })}\n`);
  }
}

function readLine(socket: Socket, most: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end !== -1) resolve(text.slice(0, end));
      else if (text.length > most) socket.destroy();
    });
    socket.on('close', () => reject(new PlumbError('unavailable', 'the connection ended before an answer was there')));
  });
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new PlumbError('unavailable', `the socket ${path} cannot be opened (${cause.code ?? 'unknown fault'})`, {
          hint: 'the path of a socket has room for about 100 bytes',
          cause,
        }),
      );
    });
    server.listen(path, resolve);
  });
}
