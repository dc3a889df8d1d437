import { expect, test } from 'vitest';
import type { ValueType } from './entry.ts';
import { PlumbError } from './errors.ts';
import { checkValue, decodeValue, encodeValue } from './value.ts';

const mebibyte = 1024 * 1024;
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const pem = '-----BEGIN X-----\nAAAA\n-----END X-----\n';

const accepted: readonly (readonly [ValueType, string])[] = [
  ['string', ''],
  ['string', 'p${w}\u0000\n🔑'],
  ['string', 'a'.repeat(mebibyte - 1)],
  ['string', 'a'.repeat(mebibyte)],
  ['string', 'é'.repeat(mebibyte / 2)],
  ['integer', '0'],
  ['integer', '-12'],
  ['integer', '123456789012345678901234567890'],
  ['number', '-0.5e+10'],
  ['number', '1'],
  ['boolean', 'true'],
  ['boolean', 'false'],
  ['url', 'postgres://u:p@db.internal:5432/x?y=1'],
  ['url', 'mailto:a@b.c'],
  ['json', '{"a":[1,{"a":"}"}],"b":null,"__proto":"__proto__"}'],
  ['json', '"text"'],
  ['json', nested(64)],
  ['json', '[{"a":1},{"a":2}]'],
  ['pem', pem],
  ['pem', `subject: x\n${pem.replaceAll('\n', '\r\n')}${pem}`],
  ['pem', '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA==\n-----END RSA PRIVATE KEY-----'],
  ['bytes', ''],
  ['bytes', 'AAE='],
  ['bytes', Buffer.alloc(mebibyte).toString('base64')],
];

test.each(accepted)('%s %.40j is accepted', (type, text) => {
  expect(() => checkValue(type, text)).not.toThrow();
  expect(decodeValue(type, encodeValue(type, text))).toBe(text);
});

const refused: readonly (readonly [ValueType, string, string])[] = [
  ['string', 'a\ud800', 'invalid: the value is not of type string: it contains half of a surrogate pair'],
  ['string', 'a'.repeat(mebibyte + 1), 'too-large: a value has at most 1048576 bytes, this one has 1048577'],
  ['string', `${'é'.repeat(mebibyte / 2)}a`, 'too-large: a value has at most 1048576 bytes, this one has 1048577'],
  ['integer', '01', 'invalid: the value is not of type integer: expected digits, without leading zeros'],
  ['integer', '-0', 'invalid: the value is not of type integer: expected digits, without leading zeros'],
  ['integer', '1.0', 'invalid: the value is not of type integer: expected digits, without leading zeros'],
  ['integer', '', 'invalid: the value is not of type integer: expected digits, without leading zeros'],
  ['number', '1e999', 'invalid: the value is not of type number: expected a number as JSON writes it'],
  ['number', 'NaN', 'invalid: the value is not of type number: expected a number as JSON writes it'],
  ['number', '.5', 'invalid: the value is not of type number: expected a number as JSON writes it'],
  ['boolean', 'TRUE', 'invalid: the value is not of type boolean: expected true or false'],
  ['url', 'example.org', 'invalid: the value is not of type url: expected an absolute URL without spaces'],
  ['url', ' https://a', 'invalid: the value is not of type url: expected an absolute URL without spaces'],
  ['json', '{a:1}', 'invalid: the value is not of type json: expected JSON'],
  ['json', '', 'invalid: the value is not of type json: expected JSON'],
  ['json', nested(65), 'invalid: the value is not of type json: it is nested more than 64 levels deep'],
  ['json', nested(100_000), 'invalid: the value is not of type json: it is nested more than 64 levels deep'],
  [
    'json',
    '{"a":1,\n"b":{"a":2},\n"\\u0061":3}',
    'invalid: the value is not of type json: line 3 has a name that its object already has',
  ],
  ['json', '[{"\\u005f_proto__":1}]', 'invalid: the value is not of type json: the name __proto__ is refused'],
  ['pem', 'AAAA', 'invalid: the value is not of type pem: expected at least one block from -----BEGIN to -----END'],
  [
    'pem',
    '-----BEGIN X-----\nAAAA',
    'invalid: the value is not of type pem: the block 1 has no END line of the same label',
  ],
  [
    'pem',
    pem.replace('END X', 'END Y'),
    'invalid: the value is not of type pem: a line inside the block 1 is not base64',
  ],
  ['bytes', 'AAE', 'invalid: the value is not of type bytes: expected base64 with padding'],
  ['bytes', 'AAF=', 'invalid: the value is not of type bytes: expected base64 with padding'],
  ['bytes', 'AA\nE=', 'invalid: the value is not of type bytes: expected base64 with padding'],
  ['bytes', '-_-_', 'invalid: the value is not of type bytes: expected base64 with padding'],
  [
    'bytes',
    Buffer.alloc(mebibyte + 1).toString('base64'),
    'too-large: a value has at most 1048576 bytes, this one has 1048577',
  ],
];

test.each(refused)('%s %.40j is refused', (type, text, message) => {
  const thrown = caught(() => checkValue(type, text));
  expect(`${thrown.code}: ${thrown.message}`).toBe(message);
});

test('bytes that are not UTF-8 are corrupt as a text', () => {
  expect(caught(() => decodeValue('string', new Uint8Array([0xff]))).code).toBe('corrupt');
  expect(decodeValue('bytes', new Uint8Array([0xff]))).toBe('/w==');
});

function caught(act: () => unknown): PlumbError {
  try {
    act();
  } catch (error) {
    if (error instanceof PlumbError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
