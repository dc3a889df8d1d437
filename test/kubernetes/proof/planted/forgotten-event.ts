/** Planted: one event of a watch is forgotten, the first that tells of a deletion by somebody else. */
import { Spot } from '#reconcile/targets/kubernetes/spot';

const { seen, remove } = Spot.prototype;
const removed = new Set<Spot>();
let isForgotten = false;

Spot.prototype.remove = function (this: Spot, send) {
  removed.add(this);
  return remove.call(this, send);
};

Spot.prototype.seen = function (this: Spot, object, gone) {
  if (gone && !isForgotten && !removed.has(this)) isForgotten = true;
  else seen.call(this, object, gone);
};
