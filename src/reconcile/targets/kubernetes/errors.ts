/**
 * Answers of an API server that are no success, as errors of ours. What the server says in words may quote values, so
 * nothing of it is passed on but names: of fields, field managers, reasons.
 */
import { PlumbError } from '#domain/errors';
import type { ErrorCode, ErrorOptions } from '#domain/errors';
import type { ObjectRef, Resource } from './cluster.ts';

/** What was asked: how it is named in an error. */
export interface Asked extends Omit<ObjectRef, 'name'> {
  /** As RBAC calls it. */
  readonly verb: string;
  readonly name?: string;
  /** What is known about a credential that was not accepted. */
  readonly weakness?: string;
}

interface Cause {
  readonly reason: string;
  readonly field: string;
  readonly message: string;
}
interface Status {
  readonly reason: string;
  readonly message: string;
  readonly kind: string;
  readonly causes: readonly Cause[];
}

/** `get secrets app in namespace prod`. */
export function describe({ verb, resource, namespace, name }: Asked): string {
  const object = name === undefined ? '' : ` ${name}`;
  return `${verb} ${nameOf(resource)}${object}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
}

function nameOf({ plural, group }: Resource): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** Makes an error of an answer: its status, and its body, a Status of the API or anything else. */
export function answerFault(status: number, body: string, asked: Asked): PlumbError {
  const told = statusOf(body);
  const meaning = meanings[status];
  if (meaning !== undefined) return meaning(told, asked);
  const code = status >= 400 && status < 500 ? 'invalid' : 'unavailable';
  const what = status >= 300 && status < 400 ? 'a redirect, which is never followed' : `an error`;
  return fault(asked, code, `the server answers ${status}, ${what}`);
}

const meanings: Readonly<Record<number, (told: Status, asked: Asked) => PlumbError>> = {
  400: refused,
  401: (_told, asked) =>
    fault(
      asked,
      'forbidden',
      `the credential is not accepted${asked.weakness === undefined ? '' : `: ${asked.weakness}`}`,
    ),
  403: forbidden,
  404: missing,
  405: (_told, asked) => fault(asked, 'unsupported', 'the server does not offer it'),
  409: conflict,
  410: (_told, asked) => fault(asked, 'mismatch', 'the server does not remember that far back'),
  413: (_told, asked) => fault(asked, 'too-large', 'it is larger than the server takes'),
  415: (_told, asked) => fault(asked, 'unsupported', 'the server does not know this kind of change'),
  422: refused,
  429: (_told, asked) => fault(asked, 'unavailable', 'the server has too many requests'),
  504: (_told, asked) => fault(asked, 'unavailable', 'the server was not ready in time'),
};

interface Told extends ErrorOptions {
  readonly message: string;
}

function fault(asked: Asked, code: ErrorCode, what: string | Told): PlumbError {
  const { message, ...options } = typeof what === 'string' ? { message: what } : what;
  const { verb, resource, namespace, name } = asked;
  const details = {
    verb,
    resource: resource.plural,
    group: resource.group,
    namespace,
    name,
    ...(typeof what === 'string' ? {} : what.details),
  };
  const known = Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
  return new PlumbError(code, `${describe(asked)}: ${message}`, { ...options, details: known });
}

function forbidden({ message, causes }: Status, asked: Asked): PlumbError {
  const { resource, namespace, name } = asked;
  if (causes.some(({ reason }) => reason === 'NamespaceTerminating')) {
    return fault(asked, 'forbidden', {
      message: 'the namespace is being deleted',
      details: { reason: 'NamespaceTerminating' },
    });
  }
  if (/exceeded quota|failed quota/.test(message)) {
    return fault(asked, 'forbidden', { message: 'a quota of the namespace is used up', details: { reason: 'Quota' } });
  }
  // The authorizer's own sentence. Applying what is not there takes another right than what was asked with.
  const lacking = / cannot (get|list|watch|create|update|patch|delete|deletecollection) resource "/.exec(message)?.[1];
  if (lacking === undefined) {
    return fault(asked, 'forbidden', {
      message: 'a rule of the cluster does not admit it',
      details: { reason: 'Admission' },
    });
  }
  const where = namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`;
  const which = `verb ${lacking} on resource ${nameOf(resource)}`;
  return fault(asked, 'forbidden', {
    message: `the right is missing: ${which} ${where}`,
    hint: `a ${namespace === undefined ? 'ClusterRole' : 'Role'} with ${which}${name === undefined ? '' : `, if wanted for the name ${name} only`}`,
    details: { reason: 'Right', verb: lacking },
  });
}

function missing({ kind }: Status, asked: Asked): PlumbError {
  if (kind === 'namespaces' && asked.resource.plural !== 'namespaces') {
    return fault(asked, 'not-found', { message: 'the namespace does not exist', details: { reason: 'NoNamespace' } });
  }
  if (kind === '') return fault(asked, 'unsupported', 'the server has no such resource');
  return fault(asked, 'mismatch', { message: 'it is not there any more', details: { reason: 'NotFound' } });
}

function conflict({ reason, causes }: Status, asked: Asked): PlumbError {
  if (reason === 'AlreadyExists')
    return fault(asked, 'mismatch', { message: 'it is there already', details: { reason } });
  const owned = causes.filter((cause) => cause.reason === 'FieldManagerConflict');
  if (owned.length === 0)
    return fault(asked, 'mismatch', { message: 'somebody else wrote it meanwhile', details: { reason: 'Conflict' } });
  const conflicts = owned.map(({ field, message }) => ({ field, manager: managerIn(message) }));
  const texts = conflicts.map(({ field, manager }) => `${field} of ${manager ?? 'another field manager'}`);
  return fault(asked, 'mismatch', {
    message: `other field managers hold ${texts.join(', ')}`,
    details: { reason: 'FieldManagerConflict', conflicts },
  });
}

/** `conflict with "kubectl-edit" using v1`. */
function managerIn(message: string): string | undefined {
  return /^conflicts? with "([^"]*)"/.exec(message)?.[1];
}

const complaints: Readonly<Record<string, string>> = {
  FieldValueDuplicate: 'is there twice',
  FieldValueForbidden: 'may not be set or changed',
  FieldValueInvalid: 'is not valid',
  FieldValueNotFound: 'names something that is not there',
  FieldValueNotSupported: 'is not one of what is supported',
  FieldValueRequired: 'is missing',
  FieldValueTooLong: 'is too long',
  FieldValueTooMany: 'has too many items',
  FieldValueTypeInvalid: 'is of the wrong type',
};

function refused({ causes }: Status, asked: Asked): PlumbError {
  const diagnostics = causes.map(({ field, reason }) => ({
    subject: field === '' ? 'the object' : field,
    message: complaints[reason] ?? 'is refused',
  }));
  const texts = diagnostics.map(({ subject, message }) => `${subject} ${message}`);
  const isTooLong = causes.length > 0 && causes.every(({ reason }) => reason === 'FieldValueTooLong');
  const code = isTooLong ? 'too-large' : 'invalid';
  const message = texts.length === 0 ? 'the server cannot read the request' : texts.join(', ');
  return fault(asked, code, { message, diagnostics, details: { fields: causes.map(({ field }) => field) } });
}

/** Reads what may be a Status; anything else is one that says nothing. */
function statusOf(body: string): Status {
  const told = record(parse(body));
  const details = record(told['details']);
  const causes: readonly unknown[] = Array.isArray(details['causes']) ? details['causes'] : [];
  return {
    reason: text(told['reason']),
    message: text(told['message']),
    kind: text(details['kind']),
    causes: causes.map((cause) => {
      const { reason, field, message } = record(cause);
      return { reason: text(reason), field: fieldIn(text(field)), message: text(message) };
    }),
  };
}

const objectField =
  /^\.?(apiVersion|kind|metadata|data|binaryData|stringData|type|immutable|spec|status)([.[][^\s"']{0,300})?$/;
/** Of the question, and not of an object. */
const queryFields: ReadonlySet<string> = new Set(['sendInitialEvents', 'resourceVersion', 'resourceVersionMatch']);

/** A webhook of the cluster may write anything there: what is no name of a field is left out. */
function fieldIn(told: string): string {
  return objectField.test(told) || queryFields.has(told) ? told : '';
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
