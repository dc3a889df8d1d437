/** Yardsticks, load and servers run as processes of their own, so that none takes the other's time unseen. */
import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A script of this folder, asked and answered by messages. */
export interface Child {
  readonly pid: number;
  /** Sends a message and waits for the answer. One at a time. */
  ask<Answer>(message: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

function gone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Starts `script` and waits for its first message, which it sends when it is ready. */
export async function startChild(script: string, args: readonly string[] = []): Promise<Child> {
  // Compiled code is found again, as it is by the start script of a clone.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(import.meta.dirname, '../.cache/compile') };
  const child = fork(join(import.meta.dirname, script), args, { serialization: 'advanced', env });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${script} did not start`);
  const answer = <T>() =>
    new Promise<T>((resolve, reject) => {
      const ended = () => reject(new Error(`${script} ended too early`));
      child.once('exit', ended);
      child.once('message', (message) => {
        child.off('exit', ended);
        resolve(message as T);
      });
    });
  await answer();
  return {
    pid,
    ask<T>(message: unknown) {
      const answered = answer<T>();
      child.send(message as object);
      return answered;
    },
    stop: () =>
      new Promise((resolve) => {
        if (gone(child)) return resolve();
        child.once('exit', () => resolve());
        return child.kill();
      }),
  };
}

/** Answers each message with what `handle` makes of it, and says that the child is ready. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- what the parent sends is the caller's to say
export function serveParent<Message>(handle: (message: Message) => Promise<unknown>): void {
  process.on('message', (message: Message) => {
    void handle(message).then((answer) => process.send?.(answer));
  });
  process.send?.('ready');
}

/** Seconds of processor time that a process has used so far, all threads. */
export function cpuOf(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = tasks.map((task) => {
    const [running = '0'] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ');
    return Number(running);
  });
  return nanoseconds.reduce((sum, value) => sum + value, 0) / 1e9;
}
