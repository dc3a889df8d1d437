/**
 * The second file: where the heads of the chains are written down outside the store, so that loss is
 * found. Two slots, one a disk block each, written in turn; each carries a counter and a MAC of its own:
 * version (1) ‖ MAC-key generation (4) ‖ counter (8) ‖ for truth, work and audit: present (1), seq (8), MAC (32) ‖ MAC (32)
 */
import { type ChainMac, macLength } from '#crypto/chain';
import { equalBytes } from '#crypto/digest';
import { PlumbError } from '#domain/errors';
import type { Clock, Timer } from '#util/clock';
import type { SlotFile } from '#util/files';

/** The end of a chain: how many records, and the MAC of the last. */
export interface ChainHead {
  readonly seq: number;
  readonly mac: Uint8Array;
}

export const anchorNames = ['truth', 'work', 'audit'] as const;
export type AnchorName = (typeof anchorNames)[number];

export interface Anchor {
  /**
   * `new`: nothing was ever anchored here. `held`: {@link head} answers what was anchored last.
   * `lost`: the file is there and no slot of it verifies; an administrator has to accept it.
   */
  readonly state: 'new' | 'held' | 'lost';
  /** `undefined`: nothing anchored under this name. */
  head(name: AnchorName): ChainHead | undefined;
  /** Written when it returns (it survives the death of the process), durable within a second. Throws `unavailable`. */
  set(name: AnchorName, head: ChainHead): void;
  /** Resolves when everything set is durable. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const version = 1;
const headLength = 1 + 8 + macLength;
const bodyLength = 1 + 4 + 8 + anchorNames.length * headLength;
const slotLength = bodyLength + macLength;
/** A torn write of one block leaves the other slot whole. */
const slotDistance = 4096;
const syncEvery = 1000;
const nothing = new Uint8Array(0);

interface Slot {
  readonly counter: number;
  readonly heads: ReadonlyMap<AnchorName, ChainHead>;
}

export interface AnchorOptions {
  readonly file: SlotFile;
  /** `keyring.chain('anchor')`. */
  readonly mac: ChainMac;
  readonly clock: Clock;
}

/** Throws `unsupported` when both slots are in a newer format. */
export function openAnchor(options: AnchorOptions): Anchor {
  const stored = [0, 1].map((index) => options.file.read(index * slotDistance, slotLength));
  const valid = stored.flatMap((bytes) => decodeSlot(bytes, options.mac) ?? []);
  const newest = valid.toSorted((one, other) => other.counter - one.counter)[0];
  if (newest !== undefined) return new SlotAnchor(options, 'held', newest);
  if (stored.some((bytes) => (bytes[0] ?? 0) > version)) {
    throw new PlumbError('unsupported', 'the anchor is in a newer format', {
      hint: 'use the version of plumb that wrote it, or a later one',
    });
  }
  const untouched = stored.every((bytes) => bytes.every((byte) => byte === 0));
  return new SlotAnchor(options, untouched ? 'new' : 'lost', { counter: 0, heads: new Map() });
}

class SlotAnchor implements Anchor {
  readonly state: 'new' | 'held' | 'lost';
  readonly #options: AnchorOptions;
  readonly #heads: Map<AnchorName, ChainHead>;
  #counter: number;
  #timer: Timer | undefined;
  #syncing: Promise<void> = Promise.resolve();
  #failure: PlumbError | undefined;

  constructor(options: AnchorOptions, state: Anchor['state'], { counter, heads }: Slot) {
    this.state = state;
    this.#options = options;
    this.#heads = new Map(heads);
    this.#counter = counter;
  }

  head(name: AnchorName): ChainHead | undefined {
    return this.#heads.get(name);
  }

  set(name: AnchorName, head: ChainHead): void {
    if (this.#failure !== undefined) throw this.#failure;
    const { file, mac, clock } = this.#options;
    this.#heads.set(name, head);
    this.#counter += 1;
    try {
      file.write((this.#counter % 2) * slotDistance, encodeSlot({ counter: this.#counter, heads: this.#heads }, mac));
    } catch (cause) {
      throw this.#fail(cause);
    }
    this.#timer ??= clock.timer(syncEvery, () => void this.flush().catch(() => undefined));
  }

  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#syncing = this.#syncing.then(() => this.#sync());
    await this.#syncing;
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      this.#failure ??= new PlumbError('unavailable', 'the anchor is closed');
      this.#options.file.close();
    }
  }

  /** A failed sync is not tried again: what the kernel then holds is not known. */
  async #sync(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await this.#options.file.sync();
    } catch (cause) {
      throw this.#fail(cause);
    }
  }

  #fail(cause: unknown): PlumbError {
    this.#failure = new PlumbError('unavailable', 'the anchor cannot be written', { cause });
    return this.#failure;
  }
}

function encodeSlot({ counter, heads }: Slot, mac: ChainMac): Uint8Array {
  const slot = Buffer.alloc(slotLength);
  let at = slot.writeUInt8(version, 0);
  at = slot.writeUInt32BE(mac.generation, at);
  at = slot.writeBigUInt64BE(BigInt(counter), at);
  for (const name of anchorNames) {
    const head = heads.get(name);
    if (head !== undefined) {
      slot.writeBigUInt64BE(BigInt(head.seq), slot.writeUInt8(1, at));
      slot.set(head.mac, at + 9);
    }
    at += headLength;
  }
  slot.set(mac.mac(nothing, slot.subarray(0, bodyLength), mac.generation), bodyLength);
  return slot;
}

/** `undefined`: not a slot that we wrote. */
function decodeSlot(bytes: Uint8Array, mac: ChainMac): Slot | undefined {
  if (bytes.length !== slotLength || bytes[0] !== version) return undefined;
  const slot = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const generation = slot.readUInt32BE(1);
  if (generation < 1 || generation > mac.generation) return undefined;
  const expected = mac.mac(nothing, slot.subarray(0, bodyLength), generation);
  if (!equalBytes(expected, slot.subarray(bodyLength))) return undefined;
  const heads = new Map<AnchorName, ChainHead>();
  anchorNames.forEach((name, index) => {
    const at = 13 + index * headLength;
    if (slot[at] !== 1) return;
    heads.set(name, { seq: Number(slot.readBigUInt64BE(at + 1)), mac: slot.subarray(at + 9, at + headLength) });
  });
  return { counter: Number(slot.readBigUInt64BE(5)), heads };
}
