/** An IP address as eight groups of 16 bits; IPv4 is `::ffff:a.b.c.d`, as sockets report it too. */
export type AddressGroups = readonly number[];

export interface AddressRange {
  readonly groups: AddressGroups;
  /** Leading bits that have to be equal, of 128. */
  readonly bits: number;
}

/** `undefined` unless `text` is an IPv4 or IPv6 address (a zone such as `%eth0` is passed over). */
export function parseAddress(text: string): AddressGroups | undefined {
  const zone = text.indexOf('%');
  const bare = zone === -1 ? text : text.slice(0, zone);
  if (!bare.includes(':')) {
    const low = parseIPv4(bare);
    return low === undefined ? undefined : [0, 0, 0, 0, 0, 0xffff, ...low];
  }
  return parseIPv6(bare);
}

/** `address` or `address/bits`; `undefined` if it is neither, or if bits beyond the prefix are set. */
export function parseRange(text: string): AddressRange | undefined {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const groups = address.includes('%') ? undefined : parseAddress(address);
  if (groups === undefined) return undefined;
  const width = address.includes(':') ? 128 : 32;
  const prefix = slash === -1 ? String(width) : text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(prefix) || Number(prefix) > width) return undefined;
  const bits = Number(prefix) + 128 - width;
  const clean = groups.every((group, index) => (group & ~maskOf(bits, index)) === 0);
  return clean ? { groups, bits } : undefined;
}

/** Whether the address is in the range. */
export function isInRange(address: AddressGroups, range: AddressRange): boolean {
  for (let index = 0; index < 8; index += 1) {
    const mask = maskOf(range.bits, index);
    if (mask === 0) return true;
    if (((address[index] ?? 0) & mask) !== range.groups[index]) return false;
  }
  return true;
}

/** The part of a prefix of `bits` that falls into one group. */
function maskOf(bits: number, group: number): number {
  const inside = Math.min(16, Math.max(0, bits - group * 16));
  return (0xffff << (16 - inside)) & 0xffff;
}

function parseIPv4(text: string): readonly [number, number] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = parts.map((part) => (/^(?:0|[1-9][0-9]{0,2})$/.test(part) ? Number(part) : 256));
  return Math.max(a, b, c, d) > 255 ? undefined : [a * 256 + b, c * 256 + d];
}

function parseIPv6(text: string): AddressGroups | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const left = parseGroups(halves[0] ?? '', halves.length === 1);
  const right = halves[1] === undefined ? [] : parseGroups(halves[1], true);
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...left, ...Array.from({ length: missing }, () => 0), ...right];
}

/** Groups between colons; the last may be an IPv4 address where the whole address ends. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const ipv4 = isEnd && index === parts.length - 1 && part.includes('.') ? parseIPv4(part) : undefined;
    if (ipv4 !== undefined) groups.push(...ipv4);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
