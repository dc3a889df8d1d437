/** What Kubernetes accepts as names. Pure. */

export const kubernetesLimits = {
  /** Of the values in one object. */
  bytes: 1_048_576,
  key: 253,
  objectName: 253,
  namespace: 63,
  labelValue: 63,
  /** Of all annotations of an object. */
  annotations: 262_144,
} as const;

const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(?:\\.${label})*`;
const word = '[A-Za-z0-9](?:[-._A-Za-z0-9]*[A-Za-z0-9])?';
const qualified = `(?:${subdomain}/)?${word}`;
const values = `\\(\\s*(?:${word})?(?:\\s*,\\s*(?:${word})?)*\\s*\\)`;
const requirement = `\\s*(?:!\\s*${qualified}|${qualified}(?:\\s*(?:==|=|!=)\\s*(?:${word})?|\\s+(?:in|notin)\\s*${values})?)\\s*`;

const patterns = {
  key: /^[-._a-zA-Z0-9]+$/,
  objectName: new RegExp(`^${subdomain}$`),
  namespace: new RegExp(`^${label}$`),
  qualified: new RegExp(`^${qualified}$`),
  word: new RegExp(`^${word}$`),
  selector: new RegExp(`^${requirement}(?:,${requirement})*$`),
} as const;

/** Why a name cannot be a key of a Secret or ConfigMap, or `undefined`. */
export function keyProblem(name: string): string | undefined {
  if (name.length > kubernetesLimits.key) {
    return `has ${name.length} characters, expected at most ${kubernetesLimits.key} for a key in Kubernetes`;
  }
  if (!patterns.key.test(name)) return 'is no key in Kubernetes, expected A-Z a-z 0-9 - _ .';
  return name === '.' || name.startsWith('..') ? 'is no key in Kubernetes: it is . or begins with ..' : undefined;
}

/** RFC 1123 subdomain. */
export function isObjectName(name: string): boolean {
  return name.length <= kubernetesLimits.objectName && patterns.objectName.test(name);
}

/** RFC 1123 label. */
export function isNamespace(name: string): boolean {
  return name.length <= kubernetesLimits.namespace && patterns.namespace.test(name);
}

/** Of a label or an annotation: `[prefix/]name`. */
export function isQualifiedName(name: string): boolean {
  const slash = name.indexOf('/');
  const own = name.slice(slash + 1);
  return slash <= 253 && own.length <= 63 && patterns.qualified.test(name);
}

export function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= kubernetesLimits.labelValue && patterns.word.test(value));
}

/** As `kubectl -l` takes it; not the empty one, which selects everything. */
export function isSelector(text: string): boolean {
  return text.length <= 1024 && patterns.selector.test(text);
}

/** Why no object of Kubernetes carries an entry of this name and size, whatever a mapping makes of its name. */
export function warningOf({ name, bytes }: { readonly name: string; readonly bytes: number }): string | undefined {
  const problem = keyProblem(name);
  if (problem !== undefined) return `${name} ${problem}`;
  if (bytes <= kubernetesLimits.bytes) return undefined;
  return `${name} has ${bytes} bytes, expected at most ${kubernetesLimits.bytes} in one object of Kubernetes`;
}
