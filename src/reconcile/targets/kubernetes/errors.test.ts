import { describe, expect, test } from 'vitest';
import { answerFault } from './errors.ts';
import { connectionFault } from './faults.ts';
import { deployments, namespaces, secrets } from './resources.ts';

const asked = { verb: 'patch', resource: secrets, namespace: 'prod', name: 'app' };
const hidden = 'hunter2';
const status = (reason: string, more: object = {}): string =>
  JSON.stringify({ kind: 'Status', reason, message: `about ${hidden}`, ...more });
const causes = (...list: readonly (readonly [reason: string, field: string, message?: string])[]) => ({
  details: { kind: 'secrets', causes: list.map(([reason, field, message = hidden]) => ({ reason, field, message })) },
});
const denied = (verb: string): object => ({
  message: `secrets "app" is forbidden: User "u" cannot ${verb} resource "secrets" in API group "" in the namespace "prod"`,
});

describe('an answer that is no success', () => {
  test.each([
    [401, '', 'forbidden', 'the credential is not accepted'],
    [
      403,
      status('Forbidden', denied('patch')),
      'forbidden',
      'the right is missing: verb patch on resource secrets in namespace prod',
    ],
    [
      403,
      status('Forbidden', denied('create')),
      'forbidden',
      'the right is missing: verb create on resource secrets in namespace prod',
    ],
    [
      403,
      status('Forbidden', causes(['NamespaceTerminating', 'metadata.namespace'])),
      'forbidden',
      'the namespace is being deleted',
    ],
    [
      403,
      status('Forbidden', { message: 'secrets "app" is forbidden: exceeded quota: q' }),
      'forbidden',
      'a quota of the namespace is used up',
    ],
    [403, status('Forbidden'), 'forbidden', 'a rule of the cluster does not admit it'],
    [
      404,
      status('NotFound', { details: { kind: 'namespaces', name: 'prod' } }),
      'not-found',
      'the namespace does not exist',
    ],
    [404, status('NotFound', { details: { kind: 'secrets', name: 'app' } }), 'mismatch', 'it is not there any more'],
    [404, '404 page not found', 'unsupported', 'the server has no such resource'],
    [409, status('AlreadyExists'), 'mismatch', 'it is there already'],
    [409, status('Conflict'), 'mismatch', 'somebody else wrote it meanwhile'],
    [409, status(hidden), 'mismatch', 'somebody else wrote it meanwhile'],
    [422, status('Invalid', causes(['FieldValueInvalid', hidden])), 'invalid', 'the object is not valid'],
    [422, status('Invalid', causes([hidden, `data: ${hidden}`])), 'invalid', 'the object is refused'],
    [422, status('Invalid', causes(['FieldValueInvalid', 'data[A.b]'])), 'invalid', 'data[A.b] is not valid'],
    [
      409,
      status(
        'Conflict',
        causes(
          ['FieldManagerConflict', '.data.A', 'conflict with "kubectl-edit" using v1'],
          ['FieldManagerConflict', '.type'],
        ),
      ),
      'mismatch',
      'other field managers hold .data.A of kubectl-edit, .type of another field manager',
    ],
    [410, status('Expired'), 'mismatch', 'the server does not remember that far back'],
    [413, status('RequestEntityTooLarge'), 'too-large', 'it is larger than the server takes'],
    [422, status('Invalid', causes(['FieldValueTooLong', 'data'])), 'too-large', 'data is too long'],
    [
      422,
      status('Invalid', causes(['FieldValueForbidden', 'data'], ['FieldValueTooLong', 'metadata.name'])),
      'invalid',
      'data may not be set or changed, metadata.name is too long',
    ],
    [422, status('Invalid', causes(['Novel', 'spec.x'])), 'invalid', 'spec.x is refused'],
    [400, status('BadRequest'), 'invalid', 'the server cannot read the request'],
    [418, hidden, 'invalid', 'the server answers 418, an error'],
    [429, hidden, 'unavailable', 'the server has too many requests'],
    [500, status('InternalError'), 'unavailable', 'the server answers 500, an error'],
    [502, `<html>${hidden}</html>`, 'unavailable', 'the server answers 502, an error'],
    [504, '"text"', 'unavailable', 'the server was not ready in time'],
    [308, '', 'unavailable', 'the server answers 308, a redirect, which is never followed'],
  ])('%d %s', (code, body, expected, message) => {
    const fault = answerFault(code, body, asked);
    expect(fault.code).toBe(expected);
    expect(fault.message).toBe(`patch secrets app in namespace prod: ${message}`);
    expect(fault.details).toMatchObject({ resource: 'secrets', namespace: 'prod', name: 'app' });
    expect(JSON.stringify([fault.message, fault.hint, fault.details, fault.diagnostics])).not.toContain(hidden);
  });

  test('says what Role would help, and names groups of the API', () => {
    const { message, hint, details } = answerFault(403, status('Forbidden', denied('create')), asked);
    expect(hint).toBe('a Role with verb create on resource secrets, if wanted for the name app only');
    expect(details).toMatchObject({ verb: 'create', reason: 'Right' });
    expect(message).not.toContain('"u"');
    const wide = answerFault(403, status('Forbidden', denied('list')), { verb: 'list', resource: namespaces });
    expect(wide.message).toBe('list namespaces: the right is missing: verb list on resource namespaces in the cluster');
    expect(wide.hint).toBe('a ClusterRole with verb list on resource namespaces');
    expect(answerFault(500, '', { verb: 'get', resource: deployments, namespace: 'n', name: 'd' }).message).toMatch(
      /^get deployments\.apps d in namespace n: /,
    );
  });
});

describe('a connection that fails', () => {
  const error = (code: string) => Object.assign(new Error(`with ${hidden}`), { code });
  test.each([
    ['CERT_HAS_EXPIRED', 'its certificate has expired'],
    ['CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
    [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'its certificate is not signed by the authority that is trusted (certificate-authority)',
    ],
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'its certificate is not signed by the authority that is trusted (certificate-authority)',
    ],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for other names than this one'],
    ['ECONNREFUSED', 'nothing listens there'],
    ['ENOTFOUND', 'its name cannot be resolved'],
    ['EWHATEVER', 'the connection fails with EWHATEVER'],
  ])('%s', (code, message) => {
    const fault = connectionFault(error(code), 'https://c:6443');
    expect(fault).toMatchObject({
      code: 'unavailable',
      message: `API server https://c:6443: ${message}`,
      details: { fault: code },
    });
  });

  test('of several attempts is the first', () => {
    const both = new AggregateError([error('ECONNREFUSED'), error('ENETUNREACH')]);
    expect(connectionFault(both, 's').message).toBe('API server s: nothing listens there');
    expect(connectionFault('x', 's').message).toBe('API server s: the connection does not hold');
  });
});
