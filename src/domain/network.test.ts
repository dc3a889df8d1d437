import { expect, test } from 'vitest';
import { isInRange, parseAddress, parseRange } from './network.ts';

test.each([
  ['1.2.3.4', '0:0:0:0:0:ffff:102:304'],
  ['::', '0:0:0:0:0:0:0:0'],
  ['::1', '0:0:0:0:0:0:0:1'],
  ['1::', '1:0:0:0:0:0:0:0'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::ffff:1.2.3.4', '0:0:0:0:0:ffff:102:304'],
  ['64:ff9b::1.2.3.4', '64:ff9b:0:0:0:0:102:304'],
  ['FE80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
])('%s is %s', (text, expected) => {
  expect(
    parseAddress(text)
      ?.map((group) => group.toString(16))
      .join(':'),
  ).toBe(expected);
});

test.each([
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4/8',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '12345::',
  '1.2.3.4::',
  'g::',
  'unix',
])('%j is not an address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test.each([
  '10.0.0.1/8',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/08',
  '10.0.0.0/',
  'fd00::1/8',
  '::/129',
  'fe80::%a/64',
])('%s is not a range', (text) => {
  expect(parseRange(text)).toBeUndefined();
});

test.each([
  ['10.0.0.0/8', '10.255.255.255', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['10.1.2.128/25', '10.1.2.127', false],
  ['10.1.2.128/25', '10.1.2.129', true],
  ['10.1.2.3', '10.1.2.3', true],
  ['10.1.2.3', '10.1.2.2', false],
  ['0.0.0.0/0', '255.1.1.1', true],
  ['0.0.0.0/0', '::1', false],
  ['::/0', '1.2.3.4', true],
  ['fd00::/8', 'fdff::', true],
  ['fd00::/8', 'fe00::', false],
  ['2001:db8::/33', '2001:db8:7fff::', true],
  ['2001:db8::/33', '2001:db8:8000::', false],
])('%s holds %s: %s', (range, address, expected) => {
  const parsed = [parseRange(range), parseAddress(address)] as const;
  expect(parsed[0] !== undefined && parsed[1] !== undefined && isInRange(parsed[1], parsed[0])).toBe(expected);
});
