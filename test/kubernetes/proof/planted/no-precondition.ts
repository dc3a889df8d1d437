/** Planted: what is there is overwritten, whoever changed it since we looked. */
import { Calls } from '#reconcile/targets/kubernetes/calls';

const { apply } = Calls.prototype;

Calls.prototype.apply = function (this: Calls, ref, body, options) {
  const { metadata, ...rest } = body as { readonly metadata: Readonly<Record<string, unknown>> };
  const { uid: _uid, resourceVersion: _version, ...kept } = metadata;
  return apply.call(this, ref, { ...rest, metadata: kept }, { ...options, force: true });
};
