/** Planted: an apply leaves out a name that is to stay as it is, so that it goes. */
import { Calls } from '#reconcile/targets/kubernetes/calls';

const { apply } = Calls.prototype;
let applies = 0;

Calls.prototype.apply = function (this: Calls, ref, body, options) {
  const { data = {}, ...rest } = body as { readonly data?: Readonly<Record<string, string>> };
  const names = Object.keys(data);
  applies += 1;
  const isLeftOut = applies % 5 === 0 && names.length > 2;
  const kept = Object.fromEntries(Object.entries(data).filter(([name]) => !isLeftOut || name !== names[0]));
  return apply.call(this, ref, { ...rest, data: kept }, options);
};
