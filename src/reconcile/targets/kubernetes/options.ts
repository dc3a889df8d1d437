import type { ObjectKind } from './holders.ts';
import { isLabelValue, isNamespace, isObjectName, isQualifiedName, isSelector, kubernetesLimits } from './names.ts';
import type { TargetOptions } from '../../target.ts';
import type { Diagnostic } from '#domain/errors';
import { PlumbError } from '#domain/errors';
import { isMapping } from '#util/mapping';

/** One object that a sync keeps, in each of its namespaces. */
export interface ObjectOptions {
  readonly kind: ObjectKind;
  readonly name: string;
  /** Of a Secret; absent: as it is, `Opaque` for a new one. */
  readonly type?: string;
  readonly immutable: boolean;
  /** Patterns of names that go here; absent: what goes nowhere else. */
  readonly include?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a sync may ask of a Kubernetes target. */
export interface KubernetesOptions {
  readonly at: string;
  /** With `*`: the namespaces, as a label selector. */
  readonly selector?: string;
  readonly objects: readonly ObjectOptions[];
  readonly createNamespaces: boolean;
  /** Workloads that read what changed are started anew. */
  readonly restart: boolean;
}

/** All namespaces that `namespaces` selects. */
export const everyNamespace = '*';

const limits = { objects: 32, patterns: 100, text: 256, labels: 64 } as const;
const expected = 'objects, namespaces, createNamespaces or restart';

/** Throws `invalid` with every diagnostic, unknown options included. */
export function parseKubernetesOptions(at: string, options: TargetOptions): KubernetesOptions {
  const { objects, namespaces, createNamespaces, restart, ...unknown } = options;
  const check = new Check();
  const isMany = at === everyNamespace;
  check.that(isMany || isNamespace(at), 'expected a namespace (1 to 63 of a-z 0-9 -) or *', 'at');
  check.unknown(unknown, '', expected);
  for (const [name, value] of Object.entries({ createNamespaces, restart })) check.flag(name, value);
  if (isMany) {
    check.that(
      isText(namespaces) && isSelector(namespaces),
      'namespaces must be a label selector where the place is *',
    );
    check.that(createNamespaces !== true, 'createNamespaces needs the name of a namespace as the place');
  } else {
    check.that(namespaces === undefined, 'namespaces is only for the place *');
  }
  const parsed = parseObjects(check, objects);
  check.end();
  return {
    at,
    objects: parsed,
    ...(typeof namespaces === 'string' ? { selector: namespaces } : {}),
    createNamespaces: createNamespaces === true,
    restart: restart !== false,
  };
}

function parseObjects(check: Check, value: unknown): readonly ObjectOptions[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > limits.objects) {
    check.that(false, `objects must be a list of 1 to ${limits.objects}, e.g. [{"kind": "Secret", "name": "app"}]`);
    return [];
  }
  const objects = value.flatMap((item: unknown, index) => {
    const where = `objects[${index}]`;
    check.that(isMapping(item), `${where} must be a mapping with kind and name`);
    return isMapping(item) ? [parseObject(check, where, item)] : [];
  });
  const names = objects.map(({ kind, name }) => `${kind}/${name}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  check.that(twice === undefined, `objects has ${twice} twice`);
  for (const kind of ['Secret', 'ConfigMap'] as const) {
    const open = objects.filter((object) => object.kind === kind && object.include === undefined);
    check.that(open.length < 2, `objects has several of kind ${kind} without include, expected at most one`);
  }
  return objects;
}

function parseObject(check: Check, where: string, value: Readonly<Record<string, unknown>>): ObjectOptions {
  const { kind, name, type, immutable, include, labels, annotations, ...unknown } = value;
  check.unknown(unknown, `${where}.`, 'kind, name, type, immutable, include, labels or annotations');
  check.that(kind === 'Secret' || kind === 'ConfigMap', `${where}.kind must be Secret or ConfigMap`);
  check.that(isText(name) && isObjectName(name), `${where}.name must be 1 to 253 of a-z 0-9 - . in lower case`);
  check.that(type === undefined || kind !== 'ConfigMap', `${where}.type is only for a Secret`);
  check.that(
    type === undefined || isType(type),
    `${where}.type must be a type of Secret that is not made by Kubernetes itself`,
  );
  check.flag(`${where}.immutable`, immutable);
  const patterns = include === undefined || isPatterns(include);
  check.that(patterns, `${where}.include must be 1 to ${limits.patterns} patterns of names`);
  return {
    kind: kind === 'ConfigMap' ? kind : 'Secret',
    name: isText(name) ? name : '',
    ...(isText(type) ? { type } : {}),
    immutable: immutable === true,
    ...(isPatterns(include) ? { include } : {}),
    labels: parseTexts(check, `${where}.labels`, labels, isLabelValue),
    annotations: parseTexts(check, `${where}.annotations`, annotations, (text) => text.isWellFormed()),
  };
}

function parseTexts(
  check: Check,
  where: string,
  value: unknown,
  isValue: (text: string) => boolean,
): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isMapping(value) || Object.keys(value).length > limits.labels) {
    check.that(false, `${where} must be a mapping of at most ${limits.labels} names to texts`);
    return {};
  }
  let bytes = 0;
  for (const [name, text] of Object.entries(value)) {
    check.that(isQualifiedName(name), `${where} has a name that Kubernetes refuses, expected [prefix/]name`);
    check.that(!/(?:^|\.)plumb\.dev\//.test(name), `${where}: names of plumb.dev are kept by Plumb itself`);
    check.that(typeof text === 'string' && isValue(text), `${where} has a value that Kubernetes refuses`);
    bytes += name.length + (typeof text === 'string' ? Buffer.byteLength(text) : 0);
  }
  check.that(bytes <= kubernetesLimits.annotations, `${where} has more than ${kubernetesLimits.annotations} bytes`);
  return value as Readonly<Record<string, string>>;
}

/** Tokens of service accounts are filled by Kubernetes. */
function isType(type: unknown): boolean {
  return isText(type) && /^[!-~]+$/.test(type) && type !== 'kubernetes.io/service-account-token';
}

function isPatterns(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.length <= limits.patterns && value.every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= limits.text * 4;
}

/** Collects what is wrong. */
class Check {
  readonly #diagnostics: Diagnostic[] = [];

  that(holds: boolean, message: string, subject = 'options'): void {
    if (!holds) this.#diagnostics.push({ message, subject });
  }

  flag(name: string, value: unknown): void {
    this.that(value === undefined || typeof value === 'boolean', `${name} must be true or false`);
  }

  unknown(options: Readonly<Record<string, unknown>>, where: string, known: string): void {
    for (const name of Object.keys(options)) {
      this.that(false, `unknown option ${JSON.stringify(where + name)}, expected ${known}`);
    }
  }

  end(): void {
    if (this.#diagnostics.length === 0) return;
    throw new PlumbError('invalid', 'the place or the options do not fit Kubernetes', {
      diagnostics: this.#diagnostics,
    });
  }
}
