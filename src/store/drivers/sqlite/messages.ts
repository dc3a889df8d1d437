import type { ErrorCode } from '#domain/errors';
import type { Appended, Blob, Page, Stream } from '../../driver.ts';

/** What crosses between the driver and its thread. Bytes travel in one buffer per message, handed over, not copied. */

/** Of {@link SqliteOptions}, plus the folder; `workerData` of the thread. */
export interface OpenRequest {
  readonly folder: string;
  readonly synchronous: 'full' | 'off';
  readonly checkpointPages: number;
}

/** What each request takes and what is answered. */
export interface Operations {
  append: {
    readonly request: {
      readonly stream: Stream;
      readonly expectedSeq: number;
      readonly bytes: Uint8Array;
      readonly blobs: readonly Blob[];
      readonly pages: readonly Page[];
      readonly dropPages: readonly string[];
    };
    readonly answer: Appended;
  };
  putBlob: { readonly request: Blob; readonly answer: undefined };
  erase: { readonly request: { readonly ids: readonly string[] }; readonly answer: undefined };
  truncate: { readonly request: { readonly stream: Stream; readonly upTo: number }; readonly answer: undefined };
  head: { readonly request: { readonly stream: Stream }; readonly answer: number };
  /** `upTo` is absent in the first of a series; the answer says the head then. */
  read: {
    readonly request: { readonly stream: Stream; readonly fromSeq: number; readonly upTo?: number };
    readonly answer: { readonly upTo: number; readonly lengths: readonly number[]; readonly bytes: Uint8Array };
  };
  /** Answers at least the first, and as many more as fit in a message. */
  getBlobs: {
    readonly request: { readonly ids: readonly string[] };
    readonly answer: readonly (Uint8Array | null)[];
  };
  /** `after` is the last id of the answer before, empty at first. */
  blobIds: {
    readonly request: { readonly after: string };
    readonly answer: readonly string[];
  };
  /** `after` is the last name of the answer before, empty at first. */
  pages: { readonly request: { readonly prefix: string; readonly after: string }; readonly answer: readonly Page[] };
  close: { readonly request: Record<never, never>; readonly answer: undefined };
}

export type Operation = keyof Operations;

/** `ticket` pairs an answer with its request. */
export type Request = {
  readonly [Op in Operation]: { readonly ticket: number; readonly op: Op } & Operations[Op]['request'];
}[Operation];

/** A `PlumbError` as plain text: an error object loses its fields on the way between threads. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly cause: string | undefined;
}

export type Reply =
  | { readonly ticket: number; readonly answer: Operations[Operation]['answer'] }
  | { readonly ticket: number; readonly failure: Failure };

export type FromThread =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** `syncs`: how many this made, with what came before the answer. */
  | { readonly kind: 'replies'; readonly replies: readonly Reply[]; readonly syncs: number };
