import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openKeyFileSeal } from './key-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumb-key-'));
  path = join(folder, 'root.key');
});
afterEach(() => rm(folder, { recursive: true }));

const root = Buffer.alloc(32, 7);

describe('key file', () => {
  test('is made once, whole, for its owner alone', async () => {
    const seal = await openKeyFileSeal({ path, create: true });
    const wrapped = await seal.wrap(root);
    const again = await openKeyFileSeal({ path, create: true });
    expect(Buffer.from(await again.unwrap(wrapped))).toEqual(root);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path)).toHaveLength(32);
    expect(await readdir(folder)).toEqual(['root.key']);
  });

  test('made by several at once is the same for all', async () => {
    const seals = await Promise.all(Array.from({ length: 5 }, () => openKeyFileSeal({ path, create: true })));
    const wrapped = await seals[0]?.wrap(root);
    expect(wrapped).toBeDefined();
    for (const seal of seals) expect(Buffer.from(await seal.unwrap(wrapped ?? root))).toEqual(root);
  });

  test('is not made when it must be there', async () => {
    await expect(openKeyFileSeal({ path, create: false })).rejects.toMatchObject({ code: 'unavailable' });
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([0o640, 0o604, 0o620, 0o666, 0o610])('is refused with mode %o', async (mode) => {
    await openKeyFileSeal({ path, create: true });
    await chmod(path, mode);
    await expect(openKeyFileSeal({ path, create: true })).rejects.toMatchObject({
      code: 'invalid',
      hint: expect.stringContaining(`chmod 600 ${path}`) as string,
    });
  });

  test.each([0, 31, 33])('is refused with %i bytes', async (length) => {
    await writeFile(path, Buffer.alloc(length), { mode: 0o600 });
    await expect(openKeyFileSeal({ path, create: true })).rejects.toMatchObject({ code: 'invalid' });
  });

  test('is refused as a symbolic link, dangling or not, and as a folder', async () => {
    await openKeyFileSeal({ path, create: true });
    await symlink(path, join(folder, 'link'));
    await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
    for (const name of ['link', 'dangling', '.']) {
      const opening = openKeyFileSeal({ path: join(folder, name), create: true });
      await expect(opening).rejects.toMatchObject({ code: 'invalid' });
    }
  });

  test('does not unwrap what another key file wrapped, or what was altered', async () => {
    const seal = await openKeyFileSeal({ path, create: true });
    const other = await openKeyFileSeal({ path: join(folder, 'other.key'), create: true });
    const wrapped = await seal.wrap(root);
    await expect(other.unwrap(wrapped)).rejects.toMatchObject({ code: 'corrupt' });
    await expect(seal.unwrap(wrapped.map((byte, at) => (at === 20 ? byte ^ 1 : byte)))).rejects.toMatchObject({
      code: 'corrupt',
    });
  });
});
