import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { loopbackHosts, newAuthority } from './certificates.ts';

test('an authority signs for itself, and may sign others', () => {
  const authority = new X509Certificate(newAuthority('ours').ca);
  expect(authority.subject).toBe('CN=ours');
  expect(authority.ca).toBe(true);
  expect(authority.verify(authority.publicKey)).toBe(true);
});

test('what it issues is signed by it, for these hosts, and by no other', () => {
  const [one, two] = [newAuthority(), newAuthority()];
  const issued = new X509Certificate(one.issue({ name: 'x', hosts: loopbackHosts }).certificate);
  expect(issued.verify(new X509Certificate(one.ca).publicKey)).toBe(true);
  expect(issued.verify(new X509Certificate(two.ca).publicKey)).toBe(false);
  expect(issued.ca).toBe(false);
  expect(issued.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(issued.checkHost('localhost')).toBe('localhost');
  expect(issued.checkHost('example.test')).toBeUndefined();
});

test('names, groups and the end of a client', () => {
  const until = Date.UTC(2027, 0, 2, 3, 4, 5);
  const issued = new X509Certificate(newAuthority().issue({ name: 'jane', groups: ['a', 'b'], until }).certificate);
  expect(issued.subject).toBe('O=a\nO=b\nCN=jane');
  expect(issued.validToDate.getTime()).toBe(until);
  expect(issued.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
});
