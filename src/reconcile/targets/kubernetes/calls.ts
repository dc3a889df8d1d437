import type { ApiObject, ApplyOptions, ObjectRef, RequestContext, Right, Selection } from './cluster.ts';
import type { Asked } from './errors.ts';
import type { Request, Requests } from './requests.ts';
import { accessReviews, narrowing, pathOf } from './resources.ts';
import type { Listed } from './stream-host.ts';
import { PlumbError } from '#domain/errors';

/** Pages of a list, in items, from the first try on; the next where a page is too large. */
const pageItems: readonly number[] = [100, 10, 1];
const maxPageBytes = 16 * 1024 * 1024;

type WriteOptions = Omit<ApplyOptions, 'force'>;
type DeleteOptions = RequestContext & { readonly uid?: string; readonly resourceVersion?: string };

/** What can be asked of an API server, as requests. */
export class Calls {
  readonly #requests: Requests;
  readonly #maxBytes: number;

  constructor(requests: Requests, maxBytes: number) {
    this.#requests = requests;
    this.#maxBytes = maxBytes;
  }

  async get(ref: ObjectRef, context: RequestContext): Promise<ApiObject | null> {
    try {
      return objectIn(await this.#send({ verb: 'get', ...ref }, context, { method: 'GET', path: pathOf(ref) }));
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  /** What is there of a selection, and as of when. One object takes only the right to get it. */
  async listed(selection: Selection, context: RequestContext): Promise<Listed> {
    const { name, labels } = selection;
    if (name === undefined || labels !== undefined) return await this.list(selection, context);
    const object = await this.get({ ...selection, name }, context);
    return { objects: object === null ? [] : [object], resourceVersion: object?.metadata.resourceVersion };
  }

  async list(selection: Selection, context: RequestContext): Promise<Listed> {
    for (const items of pageItems) {
      try {
        return await this.#pages(selection, context, items);
      } catch (error) {
        const isTooLarge = error instanceof PlumbError && error.code === 'too-large';
        if (!isTooLarge || items === pageItems.at(-1)) throw error;
      }
    }
    throw new PlumbError('internal', 'no page size was tried');
  }

  async apply(ref: ObjectRef, body: unknown, options: ApplyOptions): Promise<ApiObject> {
    const query = new URLSearchParams({ fieldManager: options.fieldManager, force: String(options.force) });
    const sending = {
      method: 'PATCH',
      path: pathOf(ref, query),
      contentType: 'application/apply-patch+yaml',
    } as const;
    return objectIn(await this.#send({ verb: 'patch', ...ref }, options, { ...sending, body: JSON.stringify(body) }));
  }

  async patch(ref: ObjectRef, body: unknown, options: WriteOptions): Promise<ApiObject> {
    const query = new URLSearchParams({ fieldManager: options.fieldManager });
    const sending = {
      method: 'PATCH',
      path: pathOf(ref, query),
      contentType: 'application/merge-patch+json',
    } as const;
    return objectIn(await this.#send({ verb: 'patch', ...ref }, options, { ...sending, body: JSON.stringify(body) }));
  }

  async create(ref: ObjectRef, body: unknown, options: WriteOptions): Promise<ApiObject> {
    const query = new URLSearchParams({ fieldManager: options.fieldManager });
    const sending = {
      method: 'POST',
      path: pathOf({ ...ref, name: undefined }, query),
      contentType: 'application/json',
    } as const;
    return objectIn(await this.#send({ verb: 'create', ...ref }, options, { ...sending, body: JSON.stringify(body) }));
  }

  /** What is not there any more need not be deleted. */
  async delete(ref: ObjectRef, options: DeleteOptions): Promise<void> {
    const { uid, resourceVersion } = options;
    const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
    const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', preconditions });
    const sending = { method: 'DELETE', path: pathOf(ref), contentType: 'application/json', body } as const;
    try {
      await this.#send({ verb: 'delete', ...ref }, options, sending);
    } catch (error) {
      if (!isAbsence(error)) throw error;
    }
  }

  async version(context: RequestContext): Promise<string> {
    const resource = { group: '', version: '', kind: '', plural: 'version', namespaced: false } as const;
    const text = await this.#send({ verb: 'get', resource }, context, { method: 'GET', path: '/version' });
    const { gitVersion } = parse(text) as { readonly gitVersion?: unknown };
    if (typeof gitVersion !== 'string') throw unreadable();
    return gitVersion.slice(0, 64);
  }

  async may(right: Right, context: RequestContext): Promise<boolean> {
    const { resource, ...rest } = right;
    const resourceAttributes = { ...rest, group: resource.group, resource: resource.plural };
    const body = JSON.stringify({
      apiVersion: 'authorization.k8s.io/v1',
      kind: accessReviews.kind,
      spec: { resourceAttributes },
    });
    const ref = { resource: accessReviews };
    const sending = { method: 'POST', path: pathOf(ref), contentType: 'application/json', body } as const;
    const { status } = parse(await this.#send({ verb: 'create', ...ref }, context, sending)) as {
      readonly status?: { readonly allowed?: boolean };
    };
    return status?.allowed === true;
  }

  async #pages(selection: Selection, context: RequestContext, items: number): Promise<Listed> {
    const { resource, namespace } = selection;
    const objects: ApiObject[] = [];
    const query = narrowing(selection);
    query.set('limit', String(items));
    for (;;) {
      const sending = { method: 'GET', path: pathOf({ resource, namespace }, query), maxBytes: maxPageBytes } as const;
      const { items: found = [], metadata = {} } = parse(
        await this.#send({ verb: 'list', ...selection }, context, sending),
      ) as Page;
      objects.push(...found);
      if (metadata.continue === undefined || metadata.continue === '') {
        return { objects, resourceVersion: metadata.resourceVersion };
      }
      query.set('continue', metadata.continue);
    }
  }

  async #send(asked: Asked, { lane, signal }: RequestContext, sending: Sent): Promise<string> {
    return await this.#requests.send({ maxBytes: this.#maxBytes, ...sending, asked, lane, signal });
  }
}

type Sent = Pick<Request, 'method' | 'path' | 'body' | 'contentType'> & { readonly maxBytes?: number };

interface Page {
  readonly items?: readonly ApiObject[];
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

/** The object is not there, or what it would be in. */
function isAbsence(error: unknown): boolean {
  return error instanceof PlumbError && ['NotFound', 'NoNamespace'].includes(String(error.details['reason']));
}

function objectIn(text: string): ApiObject {
  const object = parse(text) as Partial<ApiObject>;
  if (object.metadata === undefined) throw unreadable();
  return object as ApiObject;
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below, without a word of it.
  }
  throw unreadable();
}

function unreadable(): PlumbError {
  return new PlumbError('unavailable', 'the answer of the API server cannot be read: it is not JSON as expected');
}
