import { workloadKinds } from './rollout.ts';
import type { WorkloadKind } from './rollout.ts';
import { PlumbError } from '#domain/errors';

/** A consumer: `<namespace>/Deployment/<name>`. */
export function idOf(namespace: string, kind: WorkloadKind, name: string): string {
  return `${namespace}/${kind}/${name}`;
}

export function parseConsumer(consumer: string): { namespace: string; kind: WorkloadKind; name: string } {
  const [namespace, kind, name, ...rest] = consumer.split('/');
  const known = workloadKinds.find((one) => one === kind);
  if (namespace === undefined || known === undefined || name === undefined || rest.length > 0) {
    throw new PlumbError('internal', 'a consumer is not named as the target names them, expected namespace/Kind/name');
  }
  return { namespace, kind: known, name };
}

export function parseName(name: string): NameParts {
  const [namespace, kind, object, key, ...rest] = name.split('/');
  if (namespace === undefined || kind === undefined || object === undefined || key === undefined || rest.length > 0) {
    throw new PlumbError('internal', 'a name is not one of the target, expected namespace/Kind/object/name');
  }
  return { namespace, kind, object, key, name };
}

/** A name of a place: `<namespace>/Secret/<object>/<key>`. */
export interface NameParts {
  readonly namespace: string;
  readonly kind: string;
  readonly object: string;
  readonly key: string;
  readonly name: string;
}
