/** What is checked of targets and of questions about them. */
import type { TargetCheckRequest } from './services.ts';
import { PlumbError } from '#domain/errors';
import type { Target } from '#reconcile/target';
import type { ExaminedTarget, ExamineRequest } from '#reconcile/target-kind';
import type { Clock } from '#util/clock';

const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** Each one is several requests to the other side. */
const checkLimits = { namespaces: 20, objects: 20, together: 40, milliseconds: 10_000 } as const;

export function parseTargetName(name: string): string {
  if (!namePattern.test(name)) {
    throw new PlumbError('invalid', 'a target is named by 1 to 63 of a-z 0-9 -, a letter or digit first');
  }
  return name;
}

/** Whether the target can tell what its other side thinks of us. */
export function isExamined(target: Target): target is ExaminedTarget {
  return 'examine' in target && typeof target.examine === 'function';
}

/** The question as it is asked; about the target's own namespaces unless it names some. */
export function checkRequest(request: TargetCheckRequest, known: readonly string[] = []): ExamineRequest {
  const namespaces = [...new Set(request.namespaces ?? known)];
  const { objects, restart } = request;
  if (namespaces.length > checkLimits.namespaces || (objects?.length ?? 0) > checkLimits.objects) {
    throw new PlumbError(
      'too-large',
      `a check is about at most ${checkLimits.namespaces} namespaces and ${checkLimits.objects} objects`,
    );
  }
  if (namespaces.length * (objects?.length ?? 1) > checkLimits.together) {
    throw new PlumbError('too-large', `a check is about at most ${checkLimits.together} objects in all its namespaces`);
  }
  return { namespaces, ...(objects === undefined ? {} : { objects }), ...(restart === undefined ? {} : { restart }) };
}

/** Makes a call that reaches outside; throws `unavailable` when it takes too long. */
export async function withinTime<T>(clock: Clock, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const timer = clock.timer(checkLimits.milliseconds, () => {
    const error = new PlumbError('unavailable', `the target did not answer within ${checkLimits.milliseconds} ms`);
    reject(error);
    limit.abort(error);
  });
  try {
    return await Promise.race([promise, call(limit.signal)]);
  } finally {
    timer.cancel();
  }
}
