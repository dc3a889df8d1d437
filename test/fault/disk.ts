/** File systems of their own, to fill up or to cut the power of. They need root, mount, losetup, mkfs.ext4 and python3. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** EXT4_IOC_SHUTDOWN, `_IOR('X', 125, __u32)`; 2: without writing the journal out, as when the power goes. */
const shutDown = 'import fcntl, os, struct, sys; fcntl.ioctl(os.open(sys.argv[1], 0), 0x8004587d, struct.pack("I", 2))';

export interface Disk {
  /** A folder on it, 0700, for one store. */
  readonly folder: string;
  remove(): void;
}

export interface Ext4Disk extends Disk {
  /** What was not synced is gone, and from now on every write fails. */
  cutPower(): void;
  /** The power is back. Nothing may have a file open. */
  remount(): void;
}

export function makeExt4(megabytes: number): Ext4Disk {
  const place = mkdtempSync(join(tmpdir(), 'plumb-ext4-'));
  const [image, mountPoint] = [join(place, 'image'), join(place, 'mount')];
  mkdirSync(mountPoint);
  writeFileSync(image, '');
  truncateSync(image, megabytes << 20);
  run('mkfs.ext4', '-q', '-F', image);
  const device = run('losetup', '--find', '--show', image).trim();
  const mount = () => run('mount', '-t', 'ext4', device, mountPoint);
  mount();
  const folder = join(mountPoint, 'store');
  mkdirSync(folder, { mode: 0o700 });
  run('sync', '-f', mountPoint);
  return {
    folder,
    cutPower: () => run('python3', '-c', shutDown, mountPoint),
    remount() {
      run('umount', mountPoint);
      mount();
    },
    remove() {
      run('umount', mountPoint);
      run('losetup', '--detach', device);
      rmSync(place, { recursive: true });
    },
  };
}

export interface MemoryDisk extends Disk {
  resize(megabytes: number): void;
}

export function makeMemoryDisk(megabytes: number): MemoryDisk {
  const mountPoint = mkdtempSync(join(tmpdir(), 'plumb-tmpfs-'));
  run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', mountPoint);
  const folder = join(mountPoint, 'store');
  mkdirSync(folder, { mode: 0o700 });
  return {
    folder,
    resize: (size) => run('mount', '-o', `remount,size=${size}m`, mountPoint),
    remove() {
      run('umount', mountPoint);
      rmSync(mountPoint, { recursive: true });
    },
  };
}

function run(program: string, ...programArguments: readonly string[]): string {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  return execFileSync(program, programArguments, { env: { ...process.env, PATH: path }, stdio: 'pipe' }).toString();
}
