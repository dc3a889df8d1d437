import type { KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { PlumbError } from '#domain/errors';
import { sealEnvelope } from './envelope.ts';
import { decodeKeyring } from './keyring-codec.ts';
import { type KeyringStore, openKeyring } from './keyring.ts';
import type { Seal } from './seal.ts';

const text = (value: string): Uint8Array => Buffer.from(value);
const corrupt = expect.objectContaining({ code: 'corrupt' }) as Error;

/** Turns every bit around: enough to see what went through the seal. */
const seal: Seal = {
  name: 'mirror',
  wrap: async (root) => root.map((byte) => byte ^ 255),
  unwrap: async (wrapped) => wrapped.map((byte) => byte ^ 255),
};

class Blobs implements KeyringStore {
  readonly kept = new Map<string, Uint8Array>();
  failing = false;

  async putBlob({ id, bytes }: { readonly id: string; readonly bytes: Uint8Array }): Promise<void> {
    if (this.failing) throw new PlumbError('unavailable', 'the disk is full');
    if (this.kept.has(id)) throw new PlumbError('exists', 'a blob of this id holds other bytes');
    this.kept.set(id, bytes);
  }

  async getBlobs(ids: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return ids.map((id) => this.kept.get(id));
  }
}

const open = (store: KeyringStore, more: { maxUses?: number; reserve?: number; create?: boolean } = {}) =>
  openKeyring({ store, seal, create: true, ...more });

describe('values', () => {
  test('open again in the same process and in a later one', async () => {
    const store = new Blobs();
    const first = await open(store);
    const value = first.encrypt(text('s3cret'), 'secret');
    const later = await open(store, { create: false });
    expect(later.storeId).toBe(first.storeId);
    expect(first.storeId).toMatch(/^[a-z2-9]{8}$/);
    for (const keyring of [first, later])
      expect(Buffer.from(keyring.decrypt(value, 'secret')).toString()).toBe('s3cret');
  });

  test('of before format 2 open too, and new ones are of format 2', async () => {
    const store = new Blobs();
    const keyring = await open(store);
    const value = keyring.encrypt(text('new'), 'secret');
    const [id, blob] = [...store.kept].at(-1) ?? ['', new Uint8Array()];
    const { dataKeys, storeId } = await decodeKeyring(blob, Number(id.slice(-6)), seal);
    const { generation = 0, key } = dataKeys.at(-1) ?? {};
    const boundTo = Buffer.from(`plumb value|${storeId}|${value.id}|secret`);
    const bytes = sealEnvelope({ generation, key: key as KeyObject }, text('old'), boundTo);
    expect([value.bytes[0], bytes[0]]).toEqual([2, 1]);
    expect(Buffer.from(keyring.decrypt({ ...value, bytes }, 'secret')).toString()).toBe('old');
    expect(() => keyring.decrypt({ ...value, bytes }, 'config')).toThrow(corrupt);
    // Neither passes for the other: each has a key of its own.
    for (const other of [bytes.with(0, 2), Buffer.from(value.bytes).fill(1, 0, 1)]) {
      expect(() => keyring.decrypt({ ...value, bytes: other }, 'secret')).toThrow(corrupt);
    }
  });

  test('open under no other id, kind, store or bytes', async () => {
    const keyring = await open(new Blobs());
    const stranger = await open(new Blobs());
    const value = keyring.encrypt(text('s3cret'), 'secret');
    const other = keyring.encrypt(text('another'), 'secret');
    expect(() => keyring.decrypt(value, 'config')).toThrow(corrupt);
    expect(() => keyring.decrypt({ ...value, id: other.id }, 'secret')).toThrow(corrupt);
    expect(() => keyring.decrypt({ ...value, bytes: other.bytes }, 'secret')).toThrow(corrupt);
    expect(() => stranger.decrypt(value, 'secret')).toThrow(corrupt);
  });

  test('never tell that they are equal, and have ids in byte order', async () => {
    const keyring = await open(new Blobs());
    const values = Array.from({ length: 100 }, () => keyring.encrypt(text('same'), 'config'));
    const ids = values.map(({ id }) => id);
    expect(new Set(values.map(({ digest }) => digest)).size).toBe(100);
    expect(ids.toSorted()).toEqual(ids);
    expect(ids.every((id) => /^[A-Za-z0-9_-]{1,64}$/.test(id))).toBe(true);
  });
});

describe('data keys', () => {
  test('are replaced by rotate; old values stay readable', async () => {
    const store = new Blobs();
    const keyring = await open(store);
    const before = keyring.encrypt(text('old'), 'secret');
    await keyring.rotate();
    const after = keyring.encrypt(text('new'), 'secret');
    const later = await open(store);
    expect([keyring.generation, later.generation]).toEqual([2, 2]);
    expect(Buffer.from(later.decrypt(before, 'secret')).toString()).toBe('old');
    expect(Buffer.from(later.decrypt(after, 'secret')).toString()).toBe('new');
  });

  test('are never used more often than the limit, restarts included', async () => {
    const store = new Blobs();
    const uses = new Map<number, number>();
    for (let start = 0; start < 4; start++) {
      const keyring = await open(store, { maxUses: 20, reserve: 8 });
      for (let i = 0; i < 15; i++) {
        const { bytes } = keyring.encrypt(text('x'), 'secret');
        const generation = Buffer.from(bytes).readUInt32BE(1);
        uses.set(generation, (uses.get(generation) ?? 0) + 1);
        await Promise.resolve().then(() => new Promise(setImmediate));
      }
    }
    expect([...uses.values()].reduce((sum, count) => sum + count)).toBe(60);
    expect(Math.max(...uses.values())).toBeLessThanOrEqual(20);
    expect(uses.size).toBeGreaterThan(2);
  });

  test('refuse rather than pass what is written down', async () => {
    const store = new Blobs();
    const keyring = await open(store, { reserve: 4 });
    store.failing = true;
    const tries = Array.from({ length: 6 }, () => {
      try {
        keyring.encrypt(text('x'), 'secret');
        return 'encrypted';
      } catch (error) {
        return (error as PlumbError).code;
      }
    });
    expect(tries).toEqual(['encrypted', 'encrypted', 'encrypted', 'encrypted', 'unavailable', 'unavailable']);
    await new Promise(setImmediate);
    store.failing = false;
    await keyring.rotate();
    expect(keyring.encrypt(text('x'), 'secret').bytes.length).toBeGreaterThan(0);
  });

  test('of two servers on one store are both kept', async () => {
    const store = new Blobs();
    const one = await open(store);
    const two = await open(store);
    await one.rotate();
    await two.rotate();
    const value = two.encrypt(text('x'), 'secret');
    const later = await open(store);
    expect(later.generation).toBe(3);
    expect(Buffer.from(later.decrypt(value, 'secret')).toString()).toBe('x');
    expect(Buffer.from(later.decrypt(one.encrypt(text('y'), 'secret'), 'secret')).toString()).toBe('y');
  });
});

describe('chains and fingerprints', () => {
  test('differ by chain, by generation and by store', async () => {
    const store = new Blobs();
    const keyring = await open(store);
    const mac = (name: 'truth' | 'work') => {
      const chain = keyring.chain(name);
      return Buffer.from(chain.mac(Buffer.alloc(32), text('payload'), chain.generation)).toString('hex');
    };
    const before = [mac('truth'), mac('work')];
    await keyring.rotateMac();
    const after = [mac('truth'), mac('work')];
    expect(new Set([...before, ...after]).size).toBe(4);
    expect(keyring.chain('truth').generation).toBe(2);
    const later = (await open(store)).chain('truth');
    expect(Buffer.from(later.mac(Buffer.alloc(32), text('payload'), 1)).toString('hex')).toBe(before[0]);
    expect(() => later.mac(Buffer.alloc(32), text('payload'), 3)).toThrow(corrupt);
  });

  test('a fingerprint tells equal values only within its context', async () => {
    const keyring = await open(new Blobs());
    expect(keyring.fingerprint('laptop', 'v')).toBe(keyring.fingerprint('laptop', text('v')));
    expect(keyring.fingerprint('laptop', 'v')).not.toBe(keyring.fingerprint('ci', 'v'));
    expect(keyring.fingerprint('ab', 'c')).not.toBe(keyring.fingerprint('a', 'bc'));
    expect(keyring.fingerprint('laptop', 'v')).not.toBe((await open(new Blobs())).fingerprint('laptop', 'v'));
  });
});

describe('the stored keyring', () => {
  test('is not made anew when it is lost', async () => {
    await expect(open(new Blobs(), { create: false })).rejects.toMatchObject({ code: 'not-found' });
  });

  test('holds no key in clear', async () => {
    const store = new Blobs();
    const roots: Buffer[] = [];
    const wrap: Seal['wrap'] = (root) => {
      roots.push(Buffer.from(root));
      return seal.wrap(root);
    };
    await openKeyring({ store, create: true, seal: { ...seal, wrap } });
    const bytes = Buffer.concat([...store.kept.values()]).toString('latin1');
    expect(roots).toHaveLength(1);
    expect(
      roots.every((root) => !bytes.includes(root.toString('latin1')) && !bytes.includes(root.toString('base64url'))),
    ).toBe(true);
  });

  const edits: [string, (outer: Record<string, unknown>) => void, string][] = [
    ['a newer format', (outer) => (outer.v = 2), 'unsupported'],
    ['another store', (outer) => (outer.store = 'abcdefgh'), 'corrupt'],
    ['another generation', (outer) => (outer.generation = 9), 'corrupt'],
    ['another seal', (outer) => (outer.seal = 'passphrase'), 'unavailable'],
    ['keys cut', (outer) => (outer.keys = String(outer.keys).slice(0, -4)), 'corrupt'],
    ['keys gone', (outer) => delete outer.keys, 'corrupt'],
  ];
  test.each(edits)('is refused with %s', async (_, edit, code) => {
    const store = new Blobs();
    await open(store);
    const outer = JSON.parse(Buffer.from(store.kept.get('keyring-000001') ?? []).toString()) as Record<string, unknown>;
    edit(outer);
    store.kept.set('keyring-000001', Buffer.from(JSON.stringify(outer)));
    await expect(open(store)).rejects.toMatchObject({ code });
  });
});
